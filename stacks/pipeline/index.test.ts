import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { pipeline } from ".";
import { awsCalls, MockedStack } from "../testing";

const BINS = ["upstream", "midstream", "downstream", "migrate", "tally", "load"].map(
  (name) => `pipeline-${name}`,
);
const NAME = "lambench-full-pipeline";
const TABLE = `arn:aws:dynamodb:eu-west-1:123456789012:table/${NAME}`;
const STREAM = `arn:aws:kinesis:eu-west-1:123456789012:stream/${NAME}`;
const TABLE_STREAM = `arn:aws:dynamodb:eu-west-1:123456789012:table/${NAME}/stream/2026-11-30T00:00:00.000`;
const deadLetters = (bin: string): string => `arn:aws:sqs:eu-west-1:123456789012:${NAME}-${bin}-dead`;

describe("the pipeline stack", () => {
  const stack = new MockedStack(BINS);
  let outputs: Record<string, unknown>;

  beforeAll(async () => {
    await stack.mock();
    outputs = await stack.deploy(pipeline);
  });
  afterAll(() => {
    stack.remove();
  });

  /** The same stack with other settings. */
  const deployed = async (settings: Readonly<Record<string, string>>): Promise<MockedStack> => {
    const other = new MockedStack(BINS);
    await other.mock();
    outputs = await other.deploy(pipeline, settings);
    other.remove();
    return other;
  };

  it("lets each function do its own hop and nothing else", () => {
    expect(stack.allowed(`${NAME}-upstream`)).toEqual({ "kinesis:PutRecord": [STREAM], ...logs("upstream") });
    expect(stack.allowed(`${NAME}-midstream`)).toEqual({
      "dynamodb:BatchWriteItem": [TABLE],
      "kinesis:DescribeStream": [STREAM],
      "kinesis:DescribeStreamSummary": [STREAM],
      "kinesis:GetRecords": [STREAM],
      "kinesis:GetShardIterator": [STREAM],
      "kinesis:ListShards": [STREAM],
      "sqs:SendMessage": [deadLetters("midstream")],
      ...logs("midstream"),
    });
    const downstream = stack.allowed(`${NAME}-downstream`);
    expect(downstream["dynamodb:GetRecords"]).toEqual([TABLE_STREAM]);
    expect(downstream["dynamodb:ListStreams"]).toEqual(["*"]);
    expect(downstream["sqs:SendMessage"]).toEqual([deadLetters("downstream")]);
    expect(downstream["secretsmanager:GetSecretValue"]).toHaveLength(1);
    expect(Object.keys(downstream).filter((action) => action.startsWith("rds-data:"))).toEqual([]);
  });

  it("lets the load generator call the API's one route, and its state machine start it, and nothing else", () => {
    const route = `arn:aws:execute-api:eu-west-1:123456789012:${NAME}/$default/POST/messages`;
    expect(stack.allowed(`${NAME}-load`)).toEqual({
      "execute-api:Invoke": [route],
      ...logs("load"),
    });
    expect(stack.allowed(NAME)).toEqual({
      "lambda:InvokeFunction": [`arn:aws:lambda:eu-west-1:123456789012:function:${NAME}-load`],
    });
    const worker = stack.resource("aws:lambda/function:Function", `${NAME}-load`);
    expect(worker.inputs).toMatchObject({ memorySize: 1769, timeout: 900 });
    expect(worker.inputs).not.toHaveProperty("vpcConfig");
  });

  it("names every action, and every resource but the network interfaces that Lambda makes", () => {
    stack.expectExactPolicies();
  });

  it("reads both streams from their first record on, and dead-letters what fails for good", () => {
    const mappings = stack.resources("aws:lambda/eventSourceMapping:EventSourceMapping");
    expect(mappings.map(({ inputs }) => inputs.eventSourceArn)).toEqual([STREAM, TABLE_STREAM]);
    for (const [index, bin] of ["midstream", "downstream"].entries()) {
      expect(mappings[index]?.inputs).toMatchObject({
        startingPosition: "TRIM_HORIZON",
        batchSize: 100,
        maximumBatchingWindowInSeconds: 0,
        parallelizationFactor: 1,
        maximumRetryAttempts: 10,
        bisectBatchOnFunctionError: true,
        functionResponseTypes: ["ReportBatchItemFailures"],
        destinationConfig: { onFailure: { destinationArn: deadLetters(bin) } },
      });
    }
  });

  it("encrypts the stream and the queues, and takes requests to the queues by TLS only", () => {
    const [kinesis] = stack.resources("aws:kinesis/stream:Stream");
    expect(kinesis?.inputs).toMatchObject({ encryptionType: "KMS", kmsKeyId: "alias/aws/kinesis" });
    const queues = stack.resources("aws:sqs/queue:Queue");
    expect(queues.map(({ inputs }) => inputs.sqsManagedSseEnabled)).toEqual([true, true]);
    expect(stack.resources("aws:sqs/queuePolicy:QueuePolicy")).toHaveLength(2);
  });

  it("opens the API to those whom IAM allows it, at the rate that is set, for one route", () => {
    const [route] = stack.resources("aws:apigatewayv2/route:Route");
    expect(route?.inputs).toMatchObject({ routeKey: "POST /messages", authorizationType: "AWS_IAM" });
    const [stage] = stack.resources("aws:apigatewayv2/stage:Stage");
    expect(stage?.inputs.defaultRouteSettings).toEqual({
      throttlingRateLimit: 1000,
      throttlingBurstLimit: 500,
    });
    const [permission] = stack.resources("aws:lambda/permission:Permission");
    expect(permission?.inputs).toMatchObject({
      principal: "apigateway.amazonaws.com",
      sourceArn: expect.stringMatching(/^arn:aws:execute-api:\S+\/\*\/POST\/messages$/) as string,
    });
  });

  it("keeps the table's new images in its stream, keyed by id, paid by request", () => {
    const [table] = stack.resources("aws:dynamodb/table:Table");
    expect(table?.inputs).toMatchObject({
      hashKey: "id",
      billingMode: "PAY_PER_REQUEST",
      streamEnabled: true,
      streamViewType: "NEW_IMAGE",
    });
  });

  it("draws the way of the messages and what holds them up on a dashboard", () => {
    const [board] = stack.resources("aws:cloudwatch/dashboard:Dashboard");
    for (const metric of [
      "ServerlessDataProcessingPipeline/Latencies",
      "IteratorAge",
      "WriteProvisionedThroughputExceeded",
      "ApproximateNumberOfMessagesVisible",
      "ServerlessDatabaseCapacity",
    ]) {
      expect(board?.inputs.dashboardBody).toContain(metric);
    }
  });

  it("tells both readers where the dashboard looks for their metrics", () => {
    for (const bin of ["midstream", "downstream"]) {
      const { inputs } = stack.resource("aws:lambda/function:Function", `${NAME}-${bin}`);
      const variables = { METRICS_NAMESPACE: "ServerlessDataProcessingPipeline/Latencies" };
      expect(inputs.environment).toMatchObject({ variables });
    }
  });

  it("prints commands that a shell takes as they are, and no secret", () => {
    expect(outputs.pipelineTrigger).toMatch(
      /^curl .*--aws-sigv4 aws:amz:eu-west-1:execute-api --user "\$AWS_ACCESS_KEY_ID:\$AWS_SECRET_ACCESS_KEY" .* https:\S+\/messages$/,
    );
    expect(outputs.pipelineLoad).toBe("lambench run pipeline --rate 50 --duration 10s --stack full");
    const [tally] = awsCalls(outputs.pipelineResults, ["{}"]);
    expect(tally).toEqual(expect.arrayContaining(["invoke", "lambench-full-pipeline-tally", "eu-west-1"]));
    // Without what only programs read.
    expect(outputs.pipelineResults).toContain(`printf '%s' '{"summary":true}' | aws lambda invoke `);
    expect(JSON.stringify(outputs.environment)).not.toMatch(/password|secret/i);
  });

  it("opens the API to everyone where that is asked for, and prints an unsigned request then", async () => {
    const open = await deployed({ apiAuth: "none" });
    expect(open.resources("aws:apigatewayv2/route:Route")[0]?.inputs.authorizationType).toBe("NONE");
    expect(open.allowed(`${NAME}-load`)).not.toHaveProperty("execute-api:Invoke");
    expect(outputs.pipelineTrigger).not.toContain("sigv4");
  });

  it("buys shards, or leaves them to Kinesis", async () => {
    const shards = await deployed({ shards: "4" });
    expect(shards.resources("aws:kinesis/stream:Stream")[0]?.inputs.shardCount).toBe(4);
    const onDemand = await deployed({ shards: "0" });
    expect(onDemand.resources("aws:kinesis/stream:Stream")[0]?.inputs).toMatchObject({
      streamModeDetails: { streamMode: "ON_DEMAND" },
    });
    expect(onDemand.resources("aws:kinesis/stream:Stream")[0]?.inputs).not.toHaveProperty("shardCount");
  });

  it("has records pushed to midstream where that is asked for, by a consumer of its own", async () => {
    expect(stack.resources("aws:kinesis/streamConsumer:StreamConsumer")).toEqual([]);
    const other = await deployed({ fanOut: "on" });
    const [consumer] = other.resources("aws:kinesis/streamConsumer:StreamConsumer");
    expect(consumer?.inputs).toMatchObject({ name: NAME, streamArn: STREAM });
    const arn = `${STREAM}/consumer/${NAME}:1764460800`;
    expect(other.allowed(`${NAME}-midstream`)["kinesis:SubscribeToShard"]).toEqual([arn]);
    const mappings = other.resources("aws:lambda/eventSourceMapping:EventSourceMapping");
    expect(mappings.map(({ inputs }) => inputs.eventSourceArn)).toEqual([arn, TABLE_STREAM]);
  });

  it("refuses a minimum above the maximum", async () => {
    await expect(stack.deploy(pipeline, { minCapacity: "16", maxCapacity: "8" })).rejects.toThrow(
      "pulumi config set --path pipeline.maxCapacity 16 --stack full",
    );
  });

  it("writes rows by the Data API from outside the network where that is asked for", async () => {
    const other = await deployed({ driver: "data-api" });
    const downstream = other.resource("aws:lambda/function:Function", `${NAME}-downstream`);
    expect(downstream.inputs).not.toHaveProperty("vpcConfig");
    expect(other.allowed(`${NAME}-downstream`)["rds-data:ExecuteStatement"]).toHaveLength(1);
    const endpoints = other.resources("aws:ec2/vpcEndpoint:VpcEndpoint").map(({ name }) => name);
    expect(endpoints).toEqual([`${NAME}-secretsmanager`]);
  });

  const logs = (role: string): Record<string, unknown> => {
    const group = [expect.stringMatching(new RegExp(`${NAME}-${role}:\\*$`)) as string];
    return { "logs:CreateLogStream": group, "logs:PutLogEvents": group };
  };
});
