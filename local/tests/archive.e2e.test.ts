import * as fs from "node:fs";
import * as path from "node:path";

import { CreateMultipartUploadCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import awkwardKeys from "../../crates/test-kit/src/awkward-keys.json";
import { contender, type Environment, type Execution, type Planned, type Result } from "./archive-result";
import { expectPrediction, expectPredictionsAreShown } from "./archive-prediction";
import { expectWholeTime } from "./archive-time";
import { Checkout, said, settings, until } from "./checkout";
import { countObjects, s3Config } from "./clients";
import { leakedResources } from "./leaked-resources";
import { showsResults } from "./results";
import { Running } from "./running";

const OBJECTS = 12;
/** A contender of each kind; see faulty/index.py. Memory in MB, timeout in seconds. */
const FAULTY: Readonly<Record<string, string>> = {
  "a-slow": "timeout: 60\n", // the first to run, for the tests that stop it half way
  other: "",
  crash: "",
  exit: "",
  hang: "timeout: 2\n",
  greedy: "memory: 256\n",
  nested: "",
  mismatch: "",
  duplicate: "",
  unknown: "",
  missing: "",
  truncated: "",
  noarchive: "",
};

/** What `--progress counter` prints while the first contender's two runs are under way, after preflight. */
const SLOW_RUNS = /^1\/\d+ invocations ended, 2 under way$/m;

describe("the archive contest, with the commands a user types", () => {
  let checkout: Checkout;
  const environment = async (): Promise<Environment> => {
    const outputs = await checkout.ok("pulumi stack output environment --json --stack dev");
    return (JSON.parse(outputs) as { archive: Environment }).archive;
  };
  const count = async (prefix: string): Promise<number> =>
    await countObjects(checkout, (await environment()).bucket, prefix);
  const run = async (options = ""): Promise<Result> =>
    JSON.parse(
      await checkout.ok(`lambench run archive ${options} --stack dev --json --progress none`),
    ) as Result;

  /** The contest's result files. */
  const results = (): string[] => {
    const files = fs.readdirSync(path.join(checkout.root, "results", "archive"));
    return files.map((file) => `results/archive/${file}`);
  };
  /** Runs the contest, and ends it with a signal while its first contender runs; with another one once it has said `again`. */
  const ended = async (
    signal: NodeJS.Signals,
    again?: RegExp,
  ): Promise<{ code: number | null; stderr: string }> => {
    const running = new Running(checkout.start("lambench run archive --stack dev --progress counter"));
    await running.says(SLOW_RUNS);
    running.kill(signal);
    if (again !== undefined) {
      await running.says(again);
      running.kill(signal);
    }
    return await running.ended;
  };

  beforeAll(async () => {
    checkout = new Checkout();
    const index = fs.readFileSync(path.join(__dirname, "faulty", "index.py"));
    for (const [fault, yaml] of Object.entries(FAULTY)) {
      checkout.write(`contenders/python/${fault}/index.py`, index);
      if (yaml !== "") checkout.write(`contenders/python/${fault}/contender.yaml`, yaml);
    }
    checkout.write("contenders/python/misspelt/index.py", index);
    checkout.write("contenders/python/misspelt/contender.yaml", "memroy: 1024\n");
    await checkout.ok("lambench local start");
    checkout.write("Pulumi.dev.yaml", "config:\n  lambench:scenarios: [archive]\n");
    await checkout.ok("pulumi stack init dev --non-interactive");
    const all = settings({
      objectCount: OBJECTS,
      objectSizeMib: 1,
      runsPerContender: 2,
      runsAtOnce: 2,
      contendersAtOnce: 1,
      maxRunSeconds: 10,
    });
    await checkout.ok(`pulumi up --yes --skip-preview --non-interactive --stack dev ${all}`);
  });
  afterAll(async () => {
    await checkout.remove();
  });

  it("deploys once: a refresh and a preview right after find nothing to do", async () => {
    await checkout.ok("pulumi preview --refresh --expect-no-changes --non-interactive --stack dev");
  });

  it("fills the bucket with what the settings say", async () => {
    expect(await count("files/")).toBe(OBJECTS);
  });

  it("recovers from a kill -9, ranks contenders, says of each other one why it is out, and lets none spoil another's result", async () => {
    await ended("SIGKILL");
    const { archive, environment, warnings } = await run();
    expect(environment.kind).toBe("local");
    expect(warnings[0]).toMatch(
      /^python\/misspelt took no part: contenders\/python\/misspelt\/contender\.yaml has an unknown key 'memroy' .*: correct it, then: pulumi up --stack dev$/,
    );
    expect(archive.success.map(contender).sort()).toEqual([
      "python-naive",
      "python-other",
      "rust-copy-plan",
      "rust-fan-out",
      "rust-sdk-stream",
      "rust-stream",
    ]);
    const prices = archive.success.map((one) => one.run_price_usd);
    expect(prices).toEqual([...prices].sort((a, b) => a - b));
    for (const one of archive.success) {
      expect(one.runs_count).toBe(2);
      expect(one.duration_ms).toBeGreaterThan(0);
      expect(one.max_memory_mb).toBeGreaterThan(0);
      expect(one.max_memory_mb).toBeLessThanOrEqual(one.memory_mb);
      expect(one.total_price_usd).toBeGreaterThan(one.run_price_usd);
      // The run lists the objects, and writes an archive; what it reads is what there is.
      expect(one.s3?.writes).toBeGreaterThanOrEqual(2);
      expect(one.s3?.received_bytes).toBeGreaterThan(OBJECTS * 1e6 * 0.5);
      expectWholeTime(one);
    }
    const reasons = Object.fromEntries(archive.failure.map((one) => [contender(one), one.reason]));
    expect(reasons).toEqual({
      "python-crash": expect.stringMatching(/^crash: .*this contender always crashes/) as string,
      "python-exit": expect.stringMatching(/^crash: Runtime\.ExitError \/ .*exit status 3/) as string,
      "python-hang": expect.stringMatching(
        /^timeout: Sandbox\.Timedout \/ .*timed out after 2\.00 seconds/,
      ) as string,
      "python-greedy": expect.stringMatching(/^crash: Runtime\.OutOfMemory \/ .*signal: killed/) as string,
      "python-a-slow": expect.stringMatching(
        /^too slow: run \d took \d+(\.\d+)? s, the limit is 10 s$/,
      ) as string,
      "python-nested": expect.stringMatching(
        /^invalid: archive contains nested path 'files\/[0-9a-f]{64}', flat layout required$/,
      ) as string,
      "python-mismatch": expect.stringMatching(
        /^invalid: content hash mismatch for '[0-9a-f]{64}': computed [0-9a-f]{64}$/,
      ) as string,
      "python-duplicate": expect.stringMatching(
        /^invalid: unknown or duplicate object in archive: '[0-9a-f]{64}'$/,
      ) as string,
      "python-unknown": `invalid: unknown or duplicate object in archive: '${"0".repeat(64)}'`,
      "python-missing": expect.stringMatching(
        /^invalid: archive missing 1 expected object\(s\) \(sample: \[.*[0-9a-f]{64}.*\]\)$/,
      ) as string,
      "python-truncated": expect.stringMatching(/^invalid: archive unreadable: /) as string,
      "python-noarchive": expect.stringMatching(/^invalid: no archive at 'archives\//) as string,
    });
    expect(await count("archives/")).toBe(0);
  });

  it("keeps what was predicted of each contender that the planner knows, the same as before anything ran", async () => {
    const planned = JSON.parse(await checkout.ok("lambench plan archive --stack dev --json")) as Planned;
    expect(planned.objects).toBe(OBJECTS);
    const designs = Object.fromEntries(planned.designs.map((one) => [one.contender, one]));
    expect(Object.keys(designs).sort()).toEqual(["rust-copy-plan", "rust-fan-out", "rust-stream"]);
    expect(planned.designs.flatMap(({ best }) => best).length).toBeGreaterThanOrEqual(3);
    const [file = ""] = results();
    const { archive } = JSON.parse(fs.readFileSync(path.join(checkout.root, file), "utf8")) as Result;
    for (const one of archive.success) expectPrediction(one, designs[contender(one)]);
    expectPredictionsAreShown(await checkout.ok(`lambench show ${file}`));
  });

  it("tells what a contender logged in a run, by a name short enough to type", async () => {
    const [file = ""] = results();
    const { run } = JSON.parse(fs.readFileSync(path.join(checkout.root, file), "utf8")) as {
      run: { id: string };
    };
    const logs = await checkout.ok(`lambench logs python-crash --run ${run.id} --stack dev`);
    expect(logs).toContain("this contender always crashes");
    expect(logs).toContain("Z REPORT RequestId: ");
    const unknown = await checkout.run("lambench logs python-carsh --stack dev");
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain("python-crash");
  });

  it("refuses a contender's folder without files, by its name", async () => {
    const empty = path.join(checkout.root, "contenders/python/empty");
    fs.mkdirSync(empty);
    const refused = await checkout.run("pulumi preview --non-interactive --stack dev");
    fs.rmSync(empty, { recursive: true });
    expect(refused.code).not.toBe(0);
    expect(refused.stdout + refused.stderr).toContain(
      "the contender python/empty has no files: put its program",
    );
  });

  it("shows what came out again, for people and for programs", async () => {
    const [file = ""] = results();
    const shown = await checkout.ok(`lambench show ${file}`);
    expect(shown).toContain("LOCAL");
    expect(shown).toMatch(
      /^\| 1 \| (rust-copy-plan|rust-fan-out|rust-sdk-stream|rust-stream|python-naive|python-other) /m,
    );
    expect(shown).toContain("out: python-crash: crash:");
    const json = JSON.parse(await checkout.ok(`lambench show --json ${file}`)) as Result;
    expect(json.archive.failure).toHaveLength(12);
  });

  it("runs the contenders that its options choose, as often as they say, and warms them up before", async () => {
    const { archive, environment } = await run(
      "--contender 'rust-*' --contender python-crash --runs 3 --warmup 2",
    );
    expect(archive.options).toEqual({
      contenders: ["rust-*", "python-crash"],
      runs_per_contender: 3,
      warmup_runs: 2,
      cold_only: false,
    });
    expect(environment.settings.runsPerContender).toBe(3);
    expect(archive.success.map(contender).sort()).toEqual([
      "rust-copy-plan",
      "rust-fan-out",
      "rust-sdk-stream",
      "rust-stream",
    ]);
    for (const { runs_count, cold_runs } of archive.success) {
      expect(runs_count).toBe(3);
      // Two at once need two environments, and the warm-up runs have left one at least.
      expect(cold_runs).toBeLessThanOrEqual(1);
    }
    expect(archive.failure).toEqual([
      {
        arn: expect.stringMatching(/python-crash$/) as string,
        reason: expect.stringMatching(/^crash: in a warm-up run: .*this contender always crashes/) as string,
      },
    ]);
    expect(await count("archives/")).toBe(0);
  });

  it("gives each run a new environment if only cold starts count, and leaves the functions as they were", async () => {
    const { archive, failed_checks } = await run(
      "--contender rust-stream --contender python-naive --cold-only --runs 3",
    );
    expect(failed_checks).toEqual([]);
    expect(archive.options.cold_only).toBe(true);
    expect(archive.success).toHaveLength(2);
    for (const one of archive.success) {
      expect([one.runs_count, one.cold_runs]).toEqual([3, 3]);
      expectWholeTime(one);
      expect(one.time?.init_ms).toBeGreaterThan(0);
    }
    await checkout.ok("pulumi preview --refresh --expect-no-changes --non-interactive --stack dev");
    expect(await count("archives/")).toBe(0);
  });

  it.each([
    [
      "--contender 'go-*'",
      "--contender 'go-*' matches no contender of the stack, which has: python-a-slow, ",
    ],
    ["--runs 51", "--runs 51: it must be from 1 to 50"],
  ])("refuses the choice %s before anything runs", async (options, message) => {
    const refused = await checkout.run(`lambench run archive ${options} --stack dev --progress none`);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(message);
  });

  it("stops on Ctrl-C, writes what was measured, and leaves no archive behind, though a contender was writing one", async () => {
    const before = results();
    const { code, stderr } = await ended("SIGINT");
    expect(code).toBe(130);
    expect(stderr).toContain("press Ctrl-C again to abort");
    expect(stderr).toContain("waiting for 2 invocations under way");
    expect(stderr).toContain("interrupted: the result is incomplete; missing: ");
    const file = results().find((one) => !before.includes(one)) ?? "";
    const shown = await checkout.ok(`lambench show ${file}`);
    expect(shown).toMatch(/^INCOMPLETE \(interrupted\); missing: .*python-crash: 2 of 2 runs/);
    const { archive, incomplete } = JSON.parse(await checkout.ok(`lambench show --json ${file}`)) as Result;
    expect(incomplete?.missing).toContain("rust-stream: 2 of 2 runs");
    // Both of its runs had started, so they are measured, and found too slow as ever.
    expect(archive.failure).toMatchObject([{ reason: expect.stringMatching(/^too slow: /) as string }]);
    expect(archive.success).toEqual([]);
    expect(await count("archives/")).toBe(0);
  });

  it("aborts at a second Ctrl-C and writes no result", async () => {
    const before = results();
    const { code, stderr } = await ended("SIGINT", /waiting for 2 invocations under way/);
    expect(code).toBe(130);
    expect(stderr).toContain("interrupted: no result was written; the execution was stopped");
    expect(results()).toEqual(before);
  });

  it("ends with exit code 1 if no contender passes, and says so", async () => {
    const [folder, aside] = [path.join(checkout.root, "contenders"), path.join(checkout.root, "aside")];
    fs.renameSync(folder, aside);
    fs.cpSync(path.join(aside, "python", "crash"), path.join(folder, "python", "crash"), { recursive: true });
    await checkout.ok("pulumi up --yes --skip-preview --non-interactive --stack dev");
    const failed = await checkout.run("lambench run archive --stack dev --json --progress none");
    fs.rmSync(folder, { recursive: true });
    fs.renameSync(aside, folder);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain("no contender passed");
    const { archive, failed_checks } = JSON.parse(failed.stdout) as Result;
    expect(failed_checks).toEqual(["no contender passed"]);
    expect([archive.success, archive.failure.length]).toEqual([[], 1]);
  });

  it("shows its results again, side by side and as a document", async () => {
    await showsResults(checkout, "archive");
  });

  it("removes contenders whose folders are gone, and refills the bucket to exactly what is set", async () => {
    for (const fault of Object.keys(FAULTY).filter((one) => one !== "other")) {
      fs.rmSync(path.join(checkout.root, "contenders", "python", fault), { recursive: true });
    }
    await checkout.ok("pulumi config set objectCount 50 --stack dev");
    await checkout.ok("pulumi up --yes --skip-preview --non-interactive --stack dev");
    expect(await count("files/")).toBe(50);
    await checkout.ok("pulumi config set objectCount 7 --stack dev");
    await checkout.ok("pulumi up --yes --skip-preview --non-interactive --stack dev");
    expect(await count("files/")).toBe(7);
  });

  it("prints a trigger and a results command that work as they are", async () => {
    await checkout.ok('eval "$(pulumi stack output archiveTrigger --stack dev)"');
    const outputs: string[] = [];
    await until("the results command prints what was measured", 60, async () => {
      outputs.push((await checkout.ok('eval "$(pulumi stack output archiveResults --stack dev)"')).trim());
      return outputs.at(-1)?.includes("contenders") ?? false;
    });
    const output = outputs.pop() ?? "";
    expect(outputs.length).toBeGreaterThan(0);
    expect([...new Set(outputs)]).toEqual(["running"]);
    const { contenders } = JSON.parse(output) as Execution;
    expect(contenders).toHaveLength(6);
    for (const { runs } of contenders) {
      expect(runs).toHaveLength(2);
      for (const { elapsed_ms, verdict } of runs) {
        expect(elapsed_ms).toBeGreaterThan(0);
        expect(verdict).toMatchObject({ valid: true, entries: 7 });
      }
    }
  });

  it.each([
    ["memroy 512", "unknown setting 'memroy': did you mean 'memory'?"],
    ["memory 64", "memory is '64', but must be a whole number from 128 to 10240"],
  ])("refuses the setting %s before anything is deployed", async (setting, message) => {
    await checkout.ok(`pulumi config set ${setting} --stack dev`);
    const up = await checkout.run("pulumi up --yes --skip-preview --non-interactive --stack dev");
    await checkout.ok(`pulumi config rm ${setting.split(" ")[0] ?? ""} --stack dev`);
    expect(up.code).not.toBe(0);
    expect(said(up)).toContain(message);
  });

  it("sees a bucket that was emptied behind its back, and says how to refill it", async () => {
    const { bucket, fillCommand } = await environment();
    await checkout.ok(`aws s3 rm --recursive --quiet s3://${bucket}/files/`);
    const emptied = await checkout.run("lambench run archive --stack dev --progress none");
    expect(emptied.code).toBe(1);
    expect(emptied.stderr).toContain("holds 0 of 7 objects under 'files/'");
    expect(emptied.stderr).toContain(fillCommand);
    await checkout.ok(fillCommand);
    expect(await count("files/")).toBe(7);
  });

  it("names rejected credentials", async () => {
    const rejected = await checkout.run(
      "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE lambench run archive --stack dev --progress none",
    );
    expect(rejected.code).toBe(1);
    expect(rejected.stderr).toContain("the credentials were rejected");
  });

  it("destroys everything it made, whatever the bucket's objects are called", async () => {
    const client = new S3Client(await s3Config(checkout));
    const { bucket: Bucket } = await environment();
    for (const Key of [...awkwardKeys.taken, "n".repeat(1024)]) {
      await client.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
      await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    }
    await checkout.ok("pulumi stack export --stack dev --file deployed.json");
    await checkout.ok("pulumi destroy --yes --skip-preview --non-interactive --stack dev");
    expect(
      await leakedResources(checkout, ["buckets", "functions", "roles", "logGroups", "stateMachines"]),
    ).toEqual({});
  });

  it("says how to start an environment that isn't running", async () => {
    await checkout.ok("pulumi stack import --stack dev --file deployed.json"); // as if it were still there
    const endpoint = (await checkout.ok("echo $AWS_ENDPOINT_URL")).trim();
    const prelude = (await checkout.ok("lambench local env")).trim();
    await checkout.ok("lambench local stop");
    const refused = await checkout.run(`${prelude}\nlambench run archive --stack dev --progress none`);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(`nothing answers at ${endpoint}`);
    expect(refused.stderr).toContain("lambench local start");
  });
});
