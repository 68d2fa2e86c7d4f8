import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { ProgramInfo, RunRequest } from "@pulumi/pulumi/proto/language_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { parse } from "yaml";
import { installedPackage, installedPackages } from "./packages";
import { programEnvironment } from "./program";

describe("the program's environment", () => {
  function environment(options: Record<string, string | boolean>): NodeJS.ProcessEnv {
    const request = new RunRequest().setConfigsecretkeysList(["lambench:token"]);
    request.getConfigMap().set("lambench:memory", "512");
    return programEnvironment(request, new ProgramInfo().setOptions(Struct.fromJavaScript(options)));
  }

  test("has the configuration, and which of it is secret", () => {
    expect(environment({})).toMatchObject({
      PULUMI_CONFIG: '{"lambench:memory":"512"}',
      PULUMI_CONFIG_SECRET_KEYS: '["lambench:token"]',
    });
  });

  test("follows the runtime options of Pulumi.yaml", () => {
    expect(environment({}).PULUMI_NODEJS_TYPESCRIPT).toBe("true");
    expect(environment({}).PULUMI_NODEJS_TRANSPILE_ONLY).toBeUndefined();
    expect(environment({ typescript: false, tsconfig: "ts.json" })).toMatchObject({
      PULUMI_NODEJS_TYPESCRIPT: "false",
      PULUMI_NODEJS_TSCONFIG_PATH: "ts.json",
    });
  });

  test("lets gRPC reach the engine without the proxy of the shell", () => {
    vi.stubEnv("no_proxy", "a.example");
    expect(environment({}).no_grpc_proxy).toBe("a.example,127.0.0.1,localhost");
    vi.stubEnv("no_grpc_proxy", "b.example");
    expect(environment({}).no_grpc_proxy).toBe("b.example,127.0.0.1,localhost");
    vi.unstubAllEnvs();
  });

  test("ignores options that the official host does not know", () => {
    expect(environment({ transpileOnly: true })).not.toHaveProperty("PULUMI_NODEJS_TRANSPILE_ONLY");
  });
});

describe("this project's program", () => {
  const root = path.resolve(__dirname, "../../..");
  /** What the SDK's runner does before it loads the program (`cmd/run/run.js`), and a part of the program. */
  const runner = `
    const { loadTypeScriptCompilerOptions, typeScriptRequireStrings } = require("@pulumi/pulumi/tsutils");
    const { tsnodeRequire, typescriptRequire } = typeScriptRequireStrings();
    const project = process.env.PULUMI_NODEJS_TSCONFIG_PATH ?? "tsconfig.json";
    const options = loadTypeScriptCompilerOptions(project);
    require(tsnodeRequire).register({
      compiler: typescriptRequire,
      transpileOnly: options.noCheck,
      project,
      skipProject: !require("node:fs").existsSync(project),
      compilerOptions: { target: "ES2020", module: "nodenext", moduleResolution: "nodenext", ...options },
    });
    require("./archive/index.ts");`;

  test("is loaded by what the official host reads of Pulumi.yaml, which knows no other options than these", async () => {
    const { runtime, main } = parse(await readFile(path.join(root, "Pulumi.yaml"), "utf8")) as {
      runtime: { options: Record<string, string> };
      main: string;
    };
    expect(["typescript", "tsconfig", "nodeargs", "packagemanager"]).toEqual(
      expect.arrayContaining(Object.keys(runtime.options)),
    );
    const info = new ProgramInfo().setOptions(Struct.fromJavaScript(runtime.options));
    const env = { ...process.env, ...programEnvironment(new RunRequest(), info) };
    const loading = promisify(execFile)(process.execPath, ["-e", runner], {
      cwd: path.join(root, main),
      env,
    });
    await expect(loading).resolves.toMatchObject({ stderr: "" });
  });
});

describe("the packages of a program", () => {
  let project = "";

  beforeEach(async () => {
    project = await mkdtemp(path.join(os.tmpdir(), "lambench-program-"));
    await mkdir(path.join(project, "infra"));
    await manifest(".", { dependencies: { "@pulumi/aws": "7.48.0", yaml: "2", absent: "1" } });
    await manifest("node_modules/@pulumi/aws", {
      version: "7.48.0",
      pulumi: { resource: true, name: "aws" },
    });
    await manifest("node_modules/yaml", { version: "2.9.1" });
  });

  afterEach(async () => {
    await rm(project, { recursive: true, force: true });
  });

  async function manifest(folder: string, content: object): Promise<void> {
    await mkdir(path.join(project, folder), { recursive: true });
    await writeFile(path.join(project, folder, "package.json"), JSON.stringify(content));
  }

  test("are found from a folder below, with the plugin that an SDK needs", () => {
    expect(installedPackages(path.join(project, "infra"))).toEqual([
      { name: "@pulumi/aws", version: "7.48.0", plugin: { name: "aws", version: "7.48.0" } },
      { name: "yaml", version: "2.9.1", plugin: undefined },
    ]);
  });

  test("are none where nothing is installed", () => {
    expect(installedPackage(project, "absent")).toBeUndefined();
  });
});
