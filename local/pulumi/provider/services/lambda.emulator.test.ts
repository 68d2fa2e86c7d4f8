import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import {
  DeleteFunctionCommand,
  GetFunctionCommand,
  InvokeCommand,
  ListTagsCommand,
  TagResourceCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { zip } from "../archive";
import { Engine } from "../testing/engine";
import { expectNoDrift, refreshed, useEnvironment } from "../testing/environment";
import { Archive, Asset, type Properties, string } from "../values";

const FUNCTION = "aws:lambda/function:Function";
const INVOCATION = "aws:lambda/invocation:Invocation";
const env = useEnvironment();
let role = "";
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "lambench-code-"));
  const statement = {
    Effect: "Allow",
    Principal: { Service: "lambda.amazonaws.com" },
    Action: "sts:AssumeRole",
  };
  const assumeRolePolicy = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  role = string((await env.engine.create("aws:iam/role:Role", "role", { assumeRolePolicy })).state, "arn");
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("a function", () => {
  test("is created with every setting, works, and is deleted", async () => {
    const args = declared({
      name: "full",
      description: "All of it",
      environment: { variables: { GREETING: "hello" } },
      ephemeralStorage: { size: 1024 },
      loggingConfig: { logFormat: "JSON" },
      memorySize: 256,
      reservedConcurrentExecutions: 2,
      tags: { a: "1" },
      timeout: 30,
      tracingConfig: { mode: "Active" },
    });
    const made = await env.engine.create(FUNCTION, "f", args);
    await expectNoDrift(env.engine, made);
    const live = await env.aws.lambda.send(new GetFunctionCommand({ FunctionName: "full" }));
    expect(live.Configuration).toMatchObject({
      MemorySize: 256,
      Timeout: 30,
      EphemeralStorage: { Size: 1024 },
    });
    expect(live.Concurrency?.ReservedConcurrentExecutions).toBe(2);
    expect(await invoke("full")).toBe('"hello"');
    await env.engine.delete(made);
    expect(await env.engine.refresh(made)).toBeUndefined();
    await env.engine.delete(made);
  });

  test("changes everything but its name in place", async () => {
    const made = await env.engine.create(
      FUNCTION,
      "g",
      declared({ environment: { variables: { GREETING: "one" } } }),
    );
    const news = declared({
      code: python("return os.environ['GREETING'] + '!'"),
      environment: { variables: { GREETING: "two" } },
      loggingConfig: { logFormat: "JSON", logGroup: "/elsewhere" },
      memorySize: 512,
      reservedConcurrentExecutions: 1,
      tags: { a: "1" },
      timeout: 20,
    });
    expect((await env.engine.diff(made, news)).replaces).toEqual([]);
    const updated = await env.engine.update(made, news);
    await expectNoDrift(env.engine, updated);
    expect(updated.state.codeSha256).not.toBe(made.state.codeSha256);
    expect(await invoke(made.id)).toBe('"two!"');
    const back = await env.engine.update(updated, declared({}));
    await expectNoDrift(env.engine, back);
    expect((await env.engine.diff(back, declared({ name: "other" }))).replaces).toEqual(["name"]);
  });

  test("has a hash of its code that changes with the code and with nothing else: migrations run again by it", async () => {
    const code = (hash: string) =>
      new Archive({ assets: { "index.py": new Asset({ text: source("return 1") }) } }, hash);
    const made = await env.engine.create(FUNCTION, "hashed", declared({ code: code("one") }));
    expect(made.state.sourceCodeHash).toBe("one");
    const larger = await env.engine.update(made, declared({ code: code("one"), memorySize: 512 }));
    expect(larger.state.sourceCodeHash).toBe("one");
    await expectNoDrift(env.engine, larger);
    const changed = await env.engine.update(larger, declared({ code: code("two"), memorySize: 512 }));
    expect(changed.state.sourceCodeHash).toBe("two");
  });

  test("moves into a VPC, and out of it", async () => {
    const vpc = await env.engine.create("aws:ec2/vpc:Vpc", "v", { cidrBlock: "10.0.0.0/24" });
    const place = { vpcId: vpc.id, cidrBlock: "10.0.0.0/25" };
    const subnet = await env.engine.create("aws:ec2/subnet:Subnet", "s", place);
    const group = await env.engine.create("aws:ec2/securityGroup:SecurityGroup", "g", { vpcId: vpc.id });
    const vpcConfig = { subnetIds: [subnet.id], securityGroupIds: [group.id] };
    const made = await env.engine.create(FUNCTION, "v", declared({ vpcConfig }));
    expect(made.inputs.vpcConfig).toEqual(vpcConfig);
    expect(made.state.vpcConfig).toEqual({ ...vpcConfig, vpcId: vpc.id });
    await expectNoDrift(env.engine, made);
    expect(await invoke(made.id)).toBe('""');
    expect((await env.engine.diff(made, declared({}))).replaces).toEqual([]);
    const out = await env.engine.update(made, declared({}));
    expect(out.state).not.toHaveProperty("vpcConfig");
    await expectNoDrift(env.engine, out);
  });

  test("is updated when the content of its code changes, and only then", async () => {
    await writeFile(path.join(folder, "index.py"), source("return 1"));
    const code = (hash: string) => new Archive({ path: folder }, hash);
    const made = await env.engine.create(FUNCTION, "h", declared({ code: code("one") }));
    expect(await invoke(made.id)).toBe("1");
    expect((await env.engine.diff(made, declared({ code: code("one") }))).changed).toEqual([]);
    await writeFile(path.join(folder, "index.py"), source("return 2"));
    const { changed } = await env.engine.diff(made, declared({ code: code("two") }));
    expect(changed).toEqual(["code", "sourceCodeHash"]);
    await env.engine.update(made, declared({ code: code("two") }));
    expect(await invoke(made.id)).toBe("2");
  });

  test("shows settings and code that others changed, and that it is gone", async () => {
    const made = await env.engine.create(FUNCTION, "i", declared({}));
    await env.aws.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: made.id, Timeout: 99 }));
    const ZipFile = await zip(python("return 'theirs'"));
    await env.aws.lambda.send(new UpdateFunctionCodeCommand({ FunctionName: made.id, ZipFile }));
    const live = await refreshed(env.engine, made);
    expect(live.inputs.timeout).toBe(99);
    expect((await env.engine.diff(live, declared({}))).changed.sort()).toEqual(["code", "timeout"]);
    const repaired = await env.engine.update(live, declared({}));
    expect(repaired.state.codeSha256).toBe(made.state.codeSha256);
    await env.aws.lambda.send(new DeleteFunctionCommand({ FunctionName: made.id }));
    expect(await env.engine.refresh(made)).toBeUndefined();
  });

  test("has the tags that were declared, and no others for long", async () => {
    const tags = { "lambench:binary": "one", stays: "1" };
    const made = await env.engine.create(FUNCTION, "t", declared({ tags }));
    const Resource = string(made.state, "arn");
    const live = async () => (await env.aws.lambda.send(new ListTagsCommand({ Resource }))).Tags;
    expect(await live()).toEqual(tags);
    await expectNoDrift(env.engine, made);

    const renamed = { "lambench:binary": "two" };
    const updated = await env.engine.update(made, declared({ tags: renamed }));
    expect(await live()).toEqual(renamed);
    await expectNoDrift(env.engine, updated);

    await env.aws.lambda.send(new TagResourceCommand({ Resource, Tags: { theirs: "1" } }));
    const tagged = await refreshed(env.engine, updated);
    expect((await env.engine.diff(tagged, declared({ tags: renamed }))).changed).toEqual(["tags"]);
    const repaired = await env.engine.update(tagged, declared({}));
    expect(await live()).toEqual({});
    await expectNoDrift(env.engine, repaired);
  });

  test("is imported by its name", async () => {
    const made = await env.engine.create(FUNCTION, "j", declared({ memorySize: 256 }));
    const imported = await env.engine.import(FUNCTION, made.id);
    expect(imported?.inputs).toMatchObject({ name: made.id, memorySize: 256, runtime: "python3.11" });
  });

  test("with code from the web says that this does not work here", async () => {
    const code = new Archive({ assets: { "index.py": new Asset({ uri: "https://example.com/x.py" }) } });
    await expect(env.engine.create(FUNCTION, "k", declared({ code }))).rejects.toThrow(
      "takes local files only",
    );
  });
});

describe("an invocation", () => {
  test("runs the function once, and again when its input or triggers change", async () => {
    const { id } = await env.engine.create(
      FUNCTION,
      "l",
      declared({ code: python("return event['n'] * 2") }),
    );
    const args = { functionName: id, input: '{"n": 21}', triggers: { version: "1" } };
    const invocation = await env.engine.create(INVOCATION, "once", args);
    expect(invocation.state.result).toBe("42");
    await expectNoDrift(env.engine, invocation);
    expect((await env.engine.diff(invocation, { ...args, input: '{"n":21}' })).changed).toEqual([]);
    expect((await env.engine.diff(invocation, { ...args, input: '{"n": 1}' })).replaces).toEqual(["input"]);
    expect((await env.engine.diff(invocation, { ...args, triggers: { version: "2" } })).replaces).toEqual([
      "triggers",
    ]);
    await env.engine.delete(invocation);
  });

  test("fails with the function's own message", async () => {
    const { id } = await env.engine.create(
      FUNCTION,
      "m",
      declared({ code: python("raise ValueError('no such bucket')") }),
    );
    const failing = env.engine.create(INVOCATION, "bad", { functionName: id, input: "{}" });
    await expect(failing).rejects.toThrow(
      new RegExp(`function '${id}' failed: .*no such bucket.*/aws/lambda/${id}`),
    );
  });

  test("is not waited for when the user cancels", async () => {
    const engine = await Engine.start({ AWS_ENDPOINT_URL: env.url });
    try {
      await engine.configure({});
      const code = python("import time; time.sleep(20)");
      const { id } = await engine.create(FUNCTION, "n", declared({ code, timeout: 30 }));
      const started = Date.now();
      const slow = engine.create(INVOCATION, "slow", { functionName: id, input: "{}" });
      await Promise.all([expect(slow).rejects.toThrow("cancelled"), engine.cancel()]);
      expect(Date.now() - started).toBeLessThan(10_000);
    } finally {
      await engine.stop();
    }
  });

  test("cannot be imported, and says why", async () => {
    await expect(env.engine.import(INVOCATION, "f_$LATEST_0")).rejects.toThrow("Lambda keeps no results");
  });
});

function declared(args: Properties): Properties {
  const code = python("return os.environ.get('GREETING', '')");
  return { runtime: "python3.11", handler: "index.handler", role, code, ...args };
}

function source(body: string): string {
  return `import os\ndef handler(event, context):\n    ${body}\n`;
}

function python(body: string): Archive {
  return new Archive({ assets: { "index.py": new Asset({ text: source(body) }) } }, body);
}

async function invoke(name: string): Promise<string | undefined> {
  const { Payload } = await env.aws.lambda.send(new InvokeCommand({ FunctionName: name }));
  return Payload?.transformToString();
}
