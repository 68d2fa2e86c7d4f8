import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { splitter } from ".";
import { awsCalls, MockedStack } from "../testing";

const NAME = "lambench-full-splitter";
const arn = (service: string, name: string): string => `arn:aws:${service}:eu-west-1:123456789012:${name}`;

describe("the splitter stack", () => {
  const stack = new MockedStack(["splitter-worker", "splitter-load"]);
  let outputs: Record<string, unknown>;

  beforeAll(async () => {
    await stack.mock();
    outputs = await stack.deploy(splitter);
  });
  afterAll(() => {
    stack.remove();
  });

  it("lets the function use its own queues, its key and its log, and nothing else", () => {
    const logs = [expect.stringMatching(new RegExp(`${NAME}-worker:\\*$`)) as string];
    expect(stack.allowed(`${NAME}-worker`)).toEqual({
      "dynamodb:PartiQLInsert": [arn("dynamodb", `table/${NAME}-runs`)],
      "dynamodb:Query": [arn("dynamodb", `table/${NAME}-runs`)],
      "dynamodb:UpdateItem": [arn("dynamodb", `table/${NAME}-runs`)],
      "kms:Decrypt": [arn("kms", "key/queues")],
      "kms:GenerateDataKey": [arn("kms", "key/queues")],
      "logs:CreateLogStream": logs,
      "logs:PutLogEvents": logs,
      "sqs:DeleteMessage": [arn("sqs", NAME)],
      "sqs:GetQueueAttributes": [arn("sqs", NAME)],
      "sqs:ReceiveMessage": [arn("sqs", NAME)],
      "sqs:SendMessage": [arn("sqs", `${NAME}-dead`), arn("sqs", NAME)],
    });
    stack.expectExactPolicies();
  });

  it("lets the functions that send items use the queue and its key, and their state machine start them", () => {
    expect(stack.allowed(`${NAME}-load`)).toEqual({
      "kms:Decrypt": [arn("kms", "key/queues")],
      "kms:GenerateDataKey": [arn("kms", "key/queues")],
      "logs:CreateLogStream": [expect.stringMatching(new RegExp(`${NAME}-load:\\*$`)) as string],
      "logs:PutLogEvents": [expect.stringMatching(new RegExp(`${NAME}-load:\\*$`)) as string],
      "sqs:SendMessage": [arn("sqs", NAME)],
    });
    expect(stack.allowed(NAME)).toEqual({
      "lambda:InvokeFunction": [arn("lambda", `function:${NAME}-load`)],
    });
    const worker = stack.resource("aws:lambda/function:Function", `${NAME}-load`);
    expect(worker.inputs).toMatchObject({ memorySize: 1769, timeout: 900 });
    expect(outputs.environment).toMatchObject({
      load: { stateMachine: arn("states", `stateMachine:${NAME}`), function: `${NAME}-load`, groupSize: 40 },
    });
  });

  it("encrypts both queues with a key that is rotated", () => {
    const [key] = stack.resources("aws:kms/key:Key");
    expect(key?.inputs.enableKeyRotation).toBe(true);
    for (const { inputs } of stack.resources("aws:sqs/queue:Queue")) {
      expect(inputs.kmsMasterKeyId).toBe(arn("kms", "key/queues"));
      expect(inputs).not.toHaveProperty("sqsManagedSseEnabled");
    }
  });

  it("puts an item aside after four receives, and an event after two retries, and alarms", () => {
    const queue = stack.resource("aws:sqs/queue:Queue", NAME).inputs;
    expect(JSON.parse(queue.redrivePolicy as string)).toMatchObject({ maxReceiveCount: 4 });
    const [failures] = stack.resources("aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig");
    expect(failures?.inputs).toMatchObject({
      maximumRetryAttempts: 2,
      destinationConfig: { onFailure: { destination: arn("sqs", `${NAME}-dead`) } },
    });
    const [alarm] = stack.resources("aws:cloudwatch/metricAlarm:MetricAlarm");
    expect(alarm?.inputs).toMatchObject({ dimensions: { QueueName: `${NAME}-dead` }, threshold: 0 });
  });

  it("prints the entries of the latest run, whatever partitions they are in", () => {
    const calls = awsCalls(outputs.splitterResults, ['"lambench-20261130T102643512Z-1-10#3"\n', ""]);
    const [latest = [], entries = []] = calls;
    expect(latest).toEqual(expect.arrayContaining(["scan", `${NAME}-runs`, "json", "eu-west-1"]));
    const values = entries[entries.indexOf("--expression-attribute-values") + 1] ?? "";
    expect(JSON.parse(values)).toEqual({ ":run": { S: "lambench-20261130T102643512Z-1-10#" } });
    expect(entries).toEqual(expect.arrayContaining(["begins_with(#run, :run)", "eu-west-1"]));
  });

  it("hears of EC2's tags and of lambench's for this stack, and hands the queue's items out one by one", () => {
    const [rule] = stack.resources("aws:cloudwatch/eventRule:EventRule");
    expect(JSON.parse(rule?.inputs.eventPattern as string)).toEqual({
      detail: { eventName: ["CreateTags", "DeleteTags"] },
      $or: [
        { source: ["aws.ec2"] },
        { source: ["lambench.splitter"], resources: [arn("lambda", `function:${NAME}-worker`)] },
      ],
    });
    const [mapping] = stack.resources("aws:lambda/eventSourceMapping:EventSourceMapping");
    expect(mapping?.inputs).toMatchObject({ batchSize: 1, scalingConfig: { maximumConcurrency: 10 } });
  });

  it("tells the function and programs what time an item needs besides its own, and which events are lambench's", () => {
    const { inputs } = stack.resource("aws:lambda/function:Function", `${NAME}-worker`);
    const variables = { ITEM_RESERVE_SECONDS: "0.25", EVENT_SOURCE: "lambench.splitter" };
    expect(inputs.environment).toMatchObject({ variables });
    for (const queue of stack.resources("aws:sqs/queue:Queue")) {
      const { maxMessageSize } = queue.inputs as { maxMessageSize: number };
      expect(maxMessageSize).toBe(1024 * 1024);
      expect(inputs.environment).toMatchObject({ variables: { MAX_MESSAGE_BYTES: String(maxMessageSize) } });
    }
    expect(outputs.environment).toMatchObject({
      source: "lambench.splitter",
      itemReserveSeconds: 0.25,
      eventRetries: 2,
      functions: { worker: `${NAME}-worker` },
    });
  });

  it("keeps a log of each run for a while", () => {
    const [table] = stack.resources("aws:dynamodb/table:Table");
    expect(table?.inputs).toMatchObject({
      hashKey: "run",
      rangeKey: "item",
      ttl: { attributeName: "expires", enabled: true },
    });
  });

  it("prints a trigger with five tags that a shell takes as it is", () => {
    const { splitterTrigger } = outputs as { splitterTrigger: string };
    const [, entries] =
      /^aws events put-events --entries '(.*)' --region eu-west-1$/.exec(splitterTrigger) ?? [];
    const [entry] = JSON.parse(entries ?? "") as { Source: string; Resources: string[]; Detail: string }[];
    expect(entry?.Source).toBe("lambench.splitter");
    expect(entry?.Resources).toEqual([arn("lambda", `function:${NAME}-worker`)]);
    expect(JSON.parse(entry?.Detail ?? "")).toMatchObject({
      requestParameters: { tagSet: { items: { length: 5 } } },
    });
  });

  it.each([
    [{ itemSeconds: "40" }, "an item of 40 s", "timeoutSeconds 46"],
    // The function would not start it: it needs 0.25 s besides.
    [{ itemSeconds: "29.8" }, "an item of 29.8 s", "timeoutSeconds 36"],
    [{ batchSize: "6" }, "6 items of 5 s", "timeoutSeconds 37"],
    [{ batchSize: "10", itemSeconds: "100" }, "10 items of 100 s", "batchSize 1"],
  ])("refuses items that cannot be done within the timeout: %j", async (settings, what, advice) => {
    await expect(stack.deploy(splitter, settings)).rejects.toThrow(
      new RegExp(
        `${what}, plus .* don't fit into a timeout of 30 s: pulumi config set --path splitter.${advice} --stack full$`,
      ),
    );
  });
});
