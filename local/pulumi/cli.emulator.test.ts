import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Emulator, ROOT, startEmulator } from "./provider/testing/emulator";

// The whole toolchain as a user has it: the CLI starts our language host and our provider by their names on
// the PATH.
let emulator: Emulator;
let project = "";

interface Outcome {
  readonly code: number;
  readonly output: string;
}

beforeAll(async () => {
  emulator = await startEmulator();
  project = await mkdtemp(path.join(os.tmpdir(), "lambench-fixture-"));
  await cp(path.join(__dirname, "fixture"), project, { recursive: true });
  await writeFile(path.join(project, "package.json"), '{"dependencies": {"@pulumi/aws": "*"}}');
  await symlink(path.join(ROOT, "node_modules"), path.join(project, "node_modules"));
  await mkdir(path.join(project, "state"));
  expect(await pulumi("stack", "init", "test")).toMatchObject({ code: 0 });
});

afterAll(async () => {
  await emulator.stop();
  await rm(project, { recursive: true, force: true });
});

test("a program is deployed, stays as it is, and is destroyed", async () => {
  const up = await pulumi("up", "--yes", "--skip-preview");
  expect(up.output).toContain("+ 5 created");
  const { output: bucket } = await pulumi("stack", "output", "bucketName");
  expect((await pulumi("stack", "output", "result")).output).toContain(`hello world, ${bucket.trim()}, 7`);
  expect((await pulumi("stack", "export")).output).not.toContain("hunter2");

  expect(await pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes")).toMatchObject({
    code: 0,
  });
  expect(await pulumi("preview", "--expect-no-changes")).toMatchObject({ code: 0 });
  const destroy = await pulumi("destroy", "--yes", "--skip-preview");
  expect(destroy.output).toContain("- 5 deleted");
});

test("an update that meets another one is refused with who is at it, and the other one's deployment is whole", async () => {
  const first = pulumi("up", "--yes", "--skip-preview");
  const holder = await vi.waitFor(lockHolder, { timeout: 30_000 });
  // However fast this machine is, the first one cannot end before the second one comes.
  process.kill(holder, "SIGSTOP");
  const second = await pulumi("up", "--yes", "--skip-preview").finally(() => {
    process.kill(holder, "SIGCONT");
  });
  expect((await first).output).toContain("+ 5 created");
  expect(second.code).not.toBe(0);
  expect(second.output).toMatch(
    /the stack is currently locked by 1 lock.* delete the lock file with `pulumi cancel`/,
  );
  expect(second.output).toContain(`(pid ${holder})`);

  await expect(lockHolder()).rejects.toThrow("nobody holds");
  const destroy = await pulumi("destroy", "--yes", "--skip-preview");
  expect(destroy.output).toContain("- 5 deleted");
});

test("a program's own exception is shown, and nothing about the language host", async () => {
  await pulumi("config", "set", "fail", "throw");
  const { code, output } = await pulumi("preview");
  expect(code).not.toBe(0);
  expect(output).toContain("the program's own mistake");
  expect(output).not.toContain("exited with code");
});

test("a property that works on AWS only is refused in the preview", async () => {
  await pulumi("config", "set", "fail", "acl");
  const { code, output } = await pulumi("preview");
  expect(code).not.toBe(0);
  expect(output).toContain("does not support property 'acl' of aws:s3/bucket:Bucket ('data')");
});

/** The process that has locked the stack, by the file that the CLI keeps beside the state meanwhile. */
async function lockHolder(): Promise<number> {
  const folder = path.join(project, "state", ".pulumi", "locks");
  const [lock] = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith(".json"));
  if (lock === undefined) throw new Error("nobody holds a lock");
  return (JSON.parse(await readFile(path.join(folder, lock), "utf8")) as { pid: number }).pid;
}

/** The CLI of the local environment, or the one that LAMBENCH_PULUMI or the PATH names. */
function cli(): string {
  const own = path.join(ROOT, ".lambench/pulumi/pulumi");
  return process.env.LAMBENCH_PULUMI ?? (existsSync(own) ? own : "pulumi");
}

function pulumi(...args: string[]): Promise<Outcome> {
  const env = {
    PATH: `${path.join(__dirname, "bin")}:${process.env.PATH ?? ""}`,
    HOME: project,
    PULUMI_BACKEND_URL: `file://${project}/state`,
    PULUMI_CONFIG_PASSPHRASE: "",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    AWS_ENDPOINT_URL: emulator.url,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_REGION: "us-east-1",
  };
  const options = { cwd: project, env };
  return new Promise((resolve, reject) => {
    const child = execFile(cli(), ["--non-interactive", ...args], options, (error, stdout, stderr) => {
      if (error?.code === "ENOENT")
        reject(new Error("there is no Pulumi CLI: run `make demo`, or set LAMBENCH_PULUMI"));
      else resolve({ code: child.exitCode ?? 1, output: stdout + stderr });
    });
  });
}
