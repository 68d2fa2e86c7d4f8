import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { ProgramInfo, RunRequest } from "@pulumi/pulumi/proto/language_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
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
    expect(environment({ typescript: false, transpileOnly: true, tsconfig: "ts.json" })).toMatchObject({
      PULUMI_NODEJS_TYPESCRIPT: "false",
      PULUMI_NODEJS_TRANSPILE_ONLY: "true",
      PULUMI_NODEJS_TSCONFIG_PATH: "ts.json",
    });
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
