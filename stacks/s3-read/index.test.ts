import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { s3Read } from ".";
import { MockedStack } from "../testing";

const BINS = ["s3-read-generator", "s3-read-reader", "fill-bucket"];
const NAME = "lambench-full-s3-read";
const arn = (service: string, name: string): string => `arn:aws:${service}:eu-west-1:123456789012:${name}`;
const BUCKET = `arn:aws:s3:::${NAME}`;
const TRACE = { "xray:PutTelemetryRecords": ["*"], "xray:PutTraceSegments": ["*"] };

describe("the s3-read stack", () => {
  const stack = new MockedStack(BINS);
  let outputs: Record<string, unknown>;

  beforeAll(async () => {
    await stack.mock();
    outputs = await stack.deploy(s3Read);
  });
  afterAll(() => {
    stack.remove();
  });

  /** The same stack with other settings. */
  const deployed = async (settings: Readonly<Record<string, string>>): Promise<MockedStack> => {
    const other = new MockedStack(BINS);
    await other.mock();
    outputs = await other.deploy(s3Read, settings);
    other.remove();
    return other;
  };
  const queueRights = (variant: string): Record<string, string[]> => ({
    "sqs:DeleteMessage": [arn("sqs", `${NAME}-${variant}`)],
    "sqs:GetQueueAttributes": [arn("sqs", `${NAME}-${variant}`)],
    "sqs:ReceiveMessage": [arn("sqs", `${NAME}-${variant}`)],
    "sqs:SendMessage": [arn("sqs", `${NAME}-${variant}-dead`)],
  });

  it("gives the right to read to whoever S3 asks for it: the signer of a URL, or the reader", () => {
    const generator = (variant: string): Record<string, string[]> => ({
      "s3:ListBucket": [BUCKET],
      "sqs:SendMessage": [arn("sqs", `${NAME}-${variant}`)],
      ...TRACE,
      ...logs(`generator-${variant}`),
    });
    expect(stack.allowed(`${NAME}-generator-signed`)).toEqual({
      "s3:GetObject": [`${BUCKET}/*`],
      ...generator("signed"),
    });
    expect(stack.allowed(`${NAME}-generator-sdk`)).toEqual(generator("sdk"));
    const table = { "dynamodb:BatchWriteItem": [arn("dynamodb", `table/${NAME}`)] };
    expect(stack.allowed(`${NAME}-reader-signed`)).toEqual({
      ...table,
      ...queueRights("signed"),
      ...TRACE,
      ...logs("reader-signed"),
    });
    expect(stack.allowed(`${NAME}-reader-sdk`)).toEqual({
      "s3:GetObject": [`${BUCKET}/*`],
      "s3:ListBucket": [BUCKET],
      ...table,
      ...queueRights("sdk"),
      ...TRACE,
      ...logs("reader-sdk"),
    });
  });

  it("lets each variant's state machine start its own generator, and tells programs where they are", () => {
    for (const variant of ["signed", "sdk"]) {
      expect(stack.allowed(`${NAME}-${variant}`)).toEqual({
        "lambda:InvokeFunction": [arn("lambda", `function:${NAME}-generator-${variant}`)],
      });
    }
    expect(outputs.environment).toMatchObject({
      variants: {
        sdk: {
          load: {
            stateMachine: arn("states", `stateMachine:${NAME}-sdk`),
            function: `${NAME}-generator-sdk`,
            memory: 1769,
            groupSize: 40,
          },
        },
      },
    });
  });

  it("gives both variants the same functions, apart from the mode", () => {
    const variables = (name: string): Record<string, unknown> =>
      (stack.resource("aws:lambda/function:Function", name).inputs.environment as { variables: object })
        .variables as Record<string, unknown>;
    for (const role of ["generator", "reader"]) {
      const [signed, sdk] = ["signed", "sdk"].map((variant) => variables(`${NAME}-${role}-${variant}`));
      expect([signed?.lambdamode, sdk?.lambdamode]).toEqual(["s3signed", "s3path"]);
      expect(signed?.s3bucket).toBe(sdk?.s3bucket);
    }
    expect(variables(`${NAME}-reader-sdk`)).toMatchObject({
      HASH: "md5",
      CONCURRENCY: "10",
      MAX_RECEIVES: "5",
    });
  });

  it("gives readers the memory of the settings, and tells programs the generator's", async () => {
    const memory = (from: MockedStack, name: string): unknown =>
      from.resource("aws:lambda/function:Function", `${NAME}-${name}`).inputs.memorySize;
    expect(memory(stack, "generator-sdk")).toBe(1769);
    expect((outputs.environment as { generatorMemory: number }).generatorMemory).toBe(1769);
    expect(memory(await deployed({ memory: "3008" }), "reader-sdk")).toBe(3008);
  });

  it("signs URLs that are valid for as long as the queue keeps messages", () => {
    const { inputs } = stack.resource("aws:lambda/function:Function", `${NAME}-generator-signed`);
    const queue = stack.resource("aws:sqs/queue:Queue", `${NAME}-signed`).inputs;
    expect(inputs.environment).toMatchObject({
      variables: { URL_VALID_SECONDS: String(queue.messageRetentionSeconds) },
    });
  });

  it("hands messages out in batches to so many readers at once, and puts aside what fails five times", () => {
    for (const { inputs } of stack.resources("aws:lambda/eventSourceMapping:EventSourceMapping")) {
      expect(inputs).toMatchObject({
        batchSize: 10,
        functionResponseTypes: ["ReportBatchItemFailures"],
        scalingConfig: { maximumConcurrency: 10 },
      });
    }
    const { redrivePolicy } = stack.resource("aws:sqs/queue:Queue", `${NAME}-sdk`).inputs;
    expect(JSON.parse(redrivePolicy as string)).toMatchObject({ maxReceiveCount: 5 });
  });

  it("traces its functions with X-Ray", () => {
    const functions = stack
      .resources("aws:lambda/function:Function")
      .filter(({ name }) => /generator|reader/.test(name));
    expect(functions.map(({ inputs }) => inputs.tracingConfig)).toEqual(Array(4).fill({ mode: "Active" }));
  });

  it("fills a private bucket with what the settings say", () => {
    const [invocation] = stack.resources("aws:lambda/invocation:Invocation");
    expect(JSON.parse(invocation?.inputs.input as string)).toEqual({
      count: 1000,
      mean_bytes: 5 * 2 ** 20,
      seed: 1,
    });
    expect(stack.resources("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")).toHaveLength(1);
    // S3 takes no lifecycle without a rule.
    expect(stack.resources("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration")).toEqual([]);
  });

  it("only reads a bucket of one's own", async () => {
    const other = await deployed({ bucket: "my.photos", objectCount: "500" });
    expect(other.resources("aws:s3/bucket:Bucket")).toEqual([]);
    expect(other.resources("aws:lambda/invocation:Invocation")).toEqual([]);
    const rights = other.policies().flatMap(([, statements]) => statements);
    const inS3 = rights.filter(({ Action }) => Action.some((action) => action.startsWith("s3:")));
    expect(new Set(inS3.flatMap(({ Action }) => Action))).toEqual(new Set(["s3:GetObject", "s3:ListBucket"]));
    expect(new Set(inS3.flatMap(({ Resource }) => Resource))).toEqual(
      new Set(["arn:aws:s3:::my.photos", "arn:aws:s3:::my.photos/*"]),
    );
    expect(outputs.s3ReadTrigger).toContain('"maxObjects":500');
  });

  it("prints commands that a shell takes as they are", async () => {
    outputs = await stack.deploy(s3Read);
    const [signed = "", sdk = "", ...others] = (outputs.s3ReadTrigger as string).split("; echo; ");
    expect(signed).toMatch(
      /^printf '%s' '\{"modifiedWithinHours":0,"maxObjects":0\}' \| aws lambda invoke .*generator-signed /,
    );
    expect(sdk).toMatch(/^printf .*generator-sdk .*\| cat$/);
    expect(others).toEqual([]);
    expect(outputs.s3ReadResults).toMatch(
      /^aws dynamodb scan .*md5: Md5\.S.* --output table --region eu-west-1$/,
    );
  });

  it("refuses a bucket that one invocation could not fill, and a name that no bucket has", async () => {
    await expect(stack.deploy(s3Read, { objectCount: "20000" })).rejects.toThrow(
      /more than 40000 MiB, .*: pulumi config set --path s3-read.objectCount 8000 --stack full$/,
    );
    await expect(stack.deploy(s3Read, { bucket: "s3://x" })).rejects.toThrow(
      "pulumi config rm bucket --stack full",
    );
  });

  it("names every action, and every resource but X-Ray's, which has none", async () => {
    (await deployed({ bucket: "my.photos" })).expectExactPolicies();
  });
});

function logs(name: string): Record<string, unknown> {
  const group: unknown = [expect.stringMatching(new RegExp(`${NAME}-${name}:\\*$`))];
  return { "logs:CreateLogStream": group, "logs:PutLogEvents": group };
}
