import { spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import { afterEach, describe, expect, test } from "vitest";
import { ROOT, freePort } from "./testing/emulator";
import { Engine } from "./testing/engine";
import { useEnvironment } from "./testing/environment";
import { Unknown } from "./values";

const env = useEnvironment();
const started: Engine[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((engine) => engine.stop()));
});

/** A new provider with this environment, not configured yet. */
async function start(environment: NodeJS.ProcessEnv): Promise<Engine> {
  const engine = await Engine.start(environment);
  started.push(engine);
  return engine;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("the provider", () => {
  test("takes the endpoints and the region of an explicit provider, as the engine sends them", async () => {
    const engine = await start({});
    const endpoints = JSON.stringify([
      { s3: env.url, sts: env.url },
      { sqs: env.url, eventbridge: env.url },
    ]);
    expect(await engine.configure({ endpoints, region: "us-east-1", s3UsePathStyle: "true" })).toEqual([]);
    const bucket = await engine.create("aws:s3/bucket:Bucket", "b", {});
    expect(bucket.state.region).toBe("us-east-1");
    await engine.create("aws:sqs/queue:Queue", "q", {});
    await engine.create("aws:cloudwatch/eventRule:EventRule", "r", { scheduleExpression: "rate(1 day)" });
    await expect(engine.create("aws:cloudwatch/logGroup:LogGroup", "l", {})).rejects.toThrow(
      "no endpoint for 'logs'",
    );
  });

  test("without an endpoint says what it is for", async () => {
    const [failure] = await (await start({})).configure({});
    expect(failure).toContain("works with local environments only");
  });

  test("names the endpoint where nothing listens, and how to start one", async () => {
    const port = await freePort();
    const [failure] = await (
      await start({ AWS_ENDPOINT_URL: `http://127.0.0.1:${String(port)}` })
    ).configure({});
    expect(failure).toContain(`nothing listens at the AWS endpoint 127.0.0.1:${String(port)}`);
    expect(failure).toContain("lambench local start");
  });

  test("says that credentials were rejected", async () => {
    const engine = await start({ AWS_ENDPOINT_URL: env.url, AWS_ACCESS_KEY_ID: "wrong" });
    expect((await engine.configure({}))[0]).toContain("rejected the credentials");
  });

  test("says that there are no credentials", async () => {
    const nothing = { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "", HOME: "/nonexistent" };
    const engine = await start({ AWS_ENDPOINT_URL: env.url, ...nothing });
    expect((await engine.configure({}))[0]).toContain("no AWS credentials");
  });

  test("refuses types, properties and functions it does not know, by name", async () => {
    await expect(env.engine.check("aws:sns/topic:Topic", "jobs", {})).rejects.toThrow(
      "does not support aws:sns/topic:Topic ('jobs')",
    );
    await expect(env.engine.check("aws:s3/bucket:Bucket", "data", { acl: "private" })).rejects.toThrow(
      "does not support property 'acl' of aws:s3/bucket:Bucket ('data'); supported: bucket, bucketPrefix",
    );
    await expect(env.engine.invoke("aws:ec2/getVpc:getVpc")).rejects.toThrow(
      "no function 'aws:ec2/getVpc:getVpc'",
    );
  });

  test("ends with the CLI, even if that is killed", async () => {
    const plugin = path.join(ROOT, "local/pulumi/bin/pulumi-resource-aws");
    const cli = spawn("sh", ["-c", `"${plugin}" & echo $!; wait`], { stdio: ["ignore", "pipe", "inherit"] });
    const lines = createInterface(cli.stdout)[Symbol.asyncIterator]();
    const pid = Number((await lines.next()).value);
    await lines.next(); // the port: it serves
    cli.kill("SIGKILL");
    await expect.poll(() => isRunning(pid), { timeout: 10_000 }).toBe(false);
  });

  test("promises nothing in a preview that it cannot know", async () => {
    const state = await env.engine.preview("aws:s3/bucket:Bucket", "data", { tags: { a: "1" } });
    expect(state.arn).toBeInstanceOf(Unknown);
    expect(state.tags).toEqual({ a: "1" });
  });

  test("says who, where and in which partition it is", async () => {
    const accountId = "000000000000";
    expect(await env.engine.invoke("aws:index/getCallerIdentity:getCallerIdentity")).toMatchObject({
      accountId,
    });
    expect(await env.engine.invoke("aws:index/getRegion:getRegion")).toMatchObject({ region: "us-east-1" });
    expect(await env.engine.invoke("aws:index/getPartition:getPartition")).toMatchObject({
      partition: "aws",
    });
  });
});
