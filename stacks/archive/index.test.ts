import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { archive } from ".";
import { awsCalls, MockedStack } from "../testing";
import { binaries } from "../variants";

const BINS = ["archive-preflight", "archive-verify", "archive-cleanup", "fill-bucket"];

/** How long a state of a definition is retried when Lambda throttles it, seconds. */
function retrying(definition: object, state: string): number {
  for (const [name, value] of Object.entries(definition) as [string, unknown][]) {
    if (typeof value !== "object" || value === null) continue;
    const found = name === state ? seconds(value) : retrying(value, state);
    if (found > 0) return found;
  }
  return 0;
}

function seconds(state: object): number {
  const [retry] = (state as { Retry: Record<string, number>[] }).Retry;
  const { IntervalSeconds = 1, BackoffRate = 2, MaxDelaySeconds = Infinity, MaxAttempts = 3 } = retry ?? {};
  const delays = Array.from({ length: MaxAttempts }, (_, index) =>
    Math.min(MaxDelaySeconds, IntervalSeconds * BackoffRate ** index),
  );
  return delays.reduce((sum, delay) => sum + delay, 0);
}

describe("the archive stack", () => {
  const stack = new MockedStack([...BINS, "copy-plan", "fan-out", "sdk-stream", "stream"]);
  let outputs: Record<string, unknown>;

  beforeAll(async () => {
    await stack.mock();
    outputs = await stack.deploy(archive);
  });
  afterAll(() => {
    stack.remove();
  });

  it("deploys the full-size contest without any configuration file", () => {
    expect(outputs.environment).toMatchObject({
      settings: { memory: 512, objectCount: 3000, objectSizeMib: 5, runsPerContender: 10 },
    });
    const [fill] = stack.resources("aws:lambda/invocation:Invocation");
    expect(JSON.parse(fill?.inputs.input as string)).toEqual({
      count: 3000,
      mean_bytes: 5 * 2 ** 20,
      seed: 1,
    });
  });

  it("names contenders <project>-<stack>-<lang>-<id>, and finds them by folder", () => {
    const names = stack.resources("aws:lambda/function:Function").map(({ name }) => name);
    expect(names).toContain("lambench-full-rust-stream");
    expect(names).toContain("lambench-full-python-naive");
  });

  it("tags each function with its binary, if any, and its stack, so that `lambench local watch` can replace it", () => {
    const functions = stack.resources("aws:lambda/function:Function");
    const tags = Object.fromEntries(functions.map(({ name, inputs }) => [name, inputs.tags]));
    expect(tags["lambench-full-archive-verify"]).toEqual({
      "lambench:binary": "archive-verify",
      "lambench:stack": "full",
    });
    expect(tags["lambench-full-rust-stream"]).toEqual({
      "lambench:binary": "stream",
      "lambench:stack": "full",
    });
    expect(tags["lambench-full-python-naive"]).toBeUndefined();
  });

  it("gives no role an action or a resource with a bare wildcard", () => {
    for (const [name, statements] of stack.policies()) {
      for (const { Action, Resource } of statements) {
        expect(
          Action.filter((action) => action.includes("*")),
          name,
        ).toEqual([]);
        expect(
          Resource.filter((resource) => resource === "*" || resource.includes(":*:*")),
          name,
        ).toEqual([]);
      }
    }
  });

  it("lets contenders read sources, write archives, clean up their own, and nothing else in S3", () => {
    const statements = stack.policies().find(([name]) => name.endsWith("-contender"))?.[1] ?? [];
    const s3 = statements.filter(({ Action }) => Action.some((action) => action.startsWith("s3:")));
    const bucket = /^arn:aws:s3:.*?-archive/.exec(s3[1]?.Resource[0] ?? "")?.[0] ?? "no bucket";
    expect(s3).toEqual([
      {
        Effect: "Allow",
        Action: ["s3:GetObject"],
        Resource: [`${bucket}/files/*`, `${bucket}/archives/*`, `${bucket}/seg-temps/*`],
      },
      {
        Effect: "Allow",
        Action: ["s3:ListBucket"],
        Resource: [bucket],
        Condition: { StringLike: { "s3:prefix": ["files", "files/*", "seg-temps", "seg-temps/*"] } },
      },
      {
        Effect: "Allow",
        Action: ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
        Resource: [`${bucket}/archives/*`, `${bucket}/seg-temps/*`],
      },
      { Effect: "Allow", Action: ["s3:DeleteObject"], Resource: [`${bucket}/seg-temps/*`] },
      { Effect: "Allow", Action: ["s3:ListBucketMultipartUploads"], Resource: [bucket] },
    ]);
  });

  it("lets one contender invoke a function, itself, and tells it how many work at once", () => {
    const invokers = stack
      .policies()
      .map(([name, statements]) => {
        const invoke = statements.filter(({ Action }) => Action.includes("lambda:InvokeFunction"));
        return [name, invoke.flatMap(({ Resource }) => Resource)] as const;
      })
      .filter(([name, resources]) => resources.length > 0 && name !== "lambench-full-archive");
    expect(invokers).toHaveLength(1);
    for (const arn of invokers[0]?.[1] ?? []) {
      expect(arn).toMatch(/:function:lambench-full-rust-fan-out$/);
    }
    const functions = stack.resources("aws:lambda/function:Function");
    const fanOut = functions.find(({ name }) => name === "lambench-full-rust-fan-out");
    expect(fanOut?.inputs.environment).toEqual({ variables: { WORKERS: "50" } });
  });

  it("lets the state machine invoke the contest's functions and nothing else", () => {
    const statements = stack.policies().find(([name]) => name === "lambench-full-archive")?.[1];
    expect(statements?.map(({ Action }) => Action)).toEqual([["lambda:InvokeFunction"]]);
    expect(statements?.[0]?.Resource.some((arn) => arn.endsWith("archive-fill-bucket"))).toBe(false);
    expect(statements?.[0]?.Resource.some((arn) => arn.endsWith("rust-stream"))).toBe(true);
  });

  it("keeps the bucket private, encrypted and for TLS only", () => {
    expect(
      stack.resources("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")[0]?.inputs,
    ).toMatchObject({
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    expect(stack.declared.some(({ type }) => type.includes("bucketServerSideEncryptionConfiguration"))).toBe(
      true,
    );
    expect(stack.resources("aws:s3/bucketPolicy:BucketPolicy")[0]?.inputs.policy).toContain(
      "aws:SecureTransport",
    );
  });

  it("expires what contenders leave behind, and never the sources", () => {
    const [rules] = stack.resources("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration");
    const prefixes = (rules?.inputs.rules as { filter: { prefix: string } }[]).map(
      ({ filter }) => filter.prefix,
    );
    expect(prefixes).toEqual(["archives/", "seg-temps/"]);
  });

  it("has a log group with a retention for every function", () => {
    const groups = stack.resources("aws:cloudwatch/logGroup:LogGroup");
    const functions = stack
      .resources("aws:lambda/function:Function")
      .map(({ inputs }) => `/aws/lambda/${String(inputs.name)}`);
    expect(groups.map(({ inputs }) => inputs.name).sort()).toEqual(functions.sort());
    expect(groups.every(({ inputs }) => inputs.retentionInDays === 7)).toBe(true);
  });

  it("writes a definition in which every placeholder has its value", () => {
    const [machine] = stack.resources("aws:sfn/stateMachine:StateMachine");
    const definition = machine?.inputs.definition as string;
    expect(definition).not.toMatch(/\$\{/);
  });

  it("has each run alone, unless it is told to run several at once, and forty at most", async () => {
    const concurrency = (of: MockedStack): unknown[] => {
      const [machine] = of.resources("aws:sfn/stateMachine:StateMachine");
      const found = (machine?.inputs.definition as string).matchAll(/"MaxConcurrency":(\d+)/g);
      return [...found].map(([, number]) => Number(number));
    };
    expect(concurrency(stack)).toEqual([1, 1, 5]);
    const other = new MockedStack(binaries());
    await other.mock();
    await other.deploy(archive, { contendersAtOnce: "5", runsAtOnce: "10" });
    other.remove();
    expect(concurrency(other)).toEqual([5, 10, 5]);
    await expect(stack.deploy(archive, { runsAtOnce: "41" })).rejects.toThrow("a whole number from 1 to 40");
  });

  it("retries what is throttled for as long as others may take before it, in an account that allows ten", async () => {
    const patience = (of: MockedStack): number[] => {
      const [machine] = of.resources("aws:sfn/stateMachine:StateMachine");
      const definition = JSON.parse(machine?.inputs.definition as string) as object;
      return ["Run", "VerifyRun"].map((state) => retrying(definition, state));
    };
    for (const seconds of patience(stack)) expect(seconds).toBeGreaterThan(900);
    const other = new MockedStack(binaries());
    await other.mock();
    await other.deploy(archive, { runsAtOnce: "40" });
    other.remove();
    for (const seconds of patience(other)) expect(seconds).toBeGreaterThan(3600);
  });

  it("names the contenders' logs by language, so that their number does not fill the role's policy", () => {
    const logs = stack.allowed("lambench-full-archive-contender")["logs:PutLogEvents"];
    expect(logs?.map((arn) => arn.replace(/^.*log-group:/, ""))).toEqual([
      "/aws/lambda/lambench-full-python-*:*",
      "/aws/lambda/lambench-full-rust-*:*",
    ]);
  });

  it("refuses a bucket that one invocation could not fill", async () => {
    await expect(stack.deploy(archive, { objectCount: "20000" })).rejects.toThrow(
      "objectCount 20000 × objectSizeMib 5 is more than 40000 MiB",
    );
  });

  it("tells programs where the contest's objects are", () => {
    expect(outputs.environment).toMatchObject({
      sourcePrefix: "files",
      archivePrefix: "archives/",
      scratchPrefix: "seg-temps/",
      leftOut: [],
      selfInvoking: [expect.stringContaining("fan-out")],
      functions: { fillBucket: "lambench-full-archive-fill-bucket" },
      verification: { memory: 512, atOnce: 5 },
    });
  });

  it("prints triggers that a shell takes as they are", () => {
    expect(outputs.archiveTrigger).toMatch(
      /^aws stepfunctions start-execution --state-machine-arn arn:\S+ --region eu-west-1$/,
    );
    const [, described = []] = awsCalls(outputs.archiveResults, ["arn:aws:states:latest\n", "running\n"]);
    expect(described.slice(0, 4)).toEqual([
      "stepfunctions",
      "describe-execution",
      "--execution-arn",
      "arn:aws:states:latest",
    ]);
    expect(described[described.indexOf("--query") + 1]).toBe(
      "output || (status == 'RUNNING' && 'running') || join(': ', [status, error, cause][?@])",
    );
  });
});
