import { DeleteEventSourceMappingCommand, UpdateEventSourceMappingCommand } from "@aws-sdk/client-lambda";
import { GetQueueAttributesCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { beforeAll, describe, expect, test } from "vitest";
import { expectDeleted, expectNoDrift, refreshed, useEnvironment } from "../testing/environment";
import { Archive, Asset, string } from "../values";

const MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping";
const env = useEnvironment();
let functionName = "";
let functionArn = "";

beforeAll(async () => {
  const statement = {
    Effect: "Allow",
    Principal: { Service: "lambda.amazonaws.com" },
    Action: "sts:AssumeRole",
  };
  const assumeRolePolicy = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  const role = await env.engine.create("aws:iam/role:Role", "role", { assumeRolePolicy });
  const policy = { Effect: "Allow", Action: "sqs:*", Resource: "*" };
  await env.engine.create("aws:iam/rolePolicy:RolePolicy", "policy", {
    role: role.id,
    policy: JSON.stringify({ Version: "2012-10-17", Statement: [policy] }),
  });
  const source = "def handler(event, context):\n    return {'batchItemFailures': []}\n";
  const lambda = await env.engine.create("aws:lambda/function:Function", "worker", {
    code: new Archive({ assets: { "index.py": new Asset({ text: source }) } }, "1"),
    handler: "index.handler",
    role: string(role.state, "arn"),
    runtime: "python3.11",
  });
  functionName = lambda.id;
  functionArn = string(lambda.state, "arn");
});

/** A new queue, and its ARN. */
async function queue(name: string): Promise<{ url: string; eventSourceArn: string }> {
  const made = await env.engine.create("aws:sqs/queue:Queue", name, {});
  return { url: made.id, eventSourceArn: string(made.state, "arn") };
}

describe("an event source mapping", () => {
  test("is refused for a consumer with enhanced fan-out, which nothing would read locally", async () => {
    const eventSourceArn = "arn:aws:kinesis:us-east-1:000000000000:stream/s/consumer/c:1764460800";
    await expect(env.engine.create(MAPPING, "fan-out", { eventSourceArn, functionName })).rejects.toThrow(
      "does not support a consumer with enhanced fan-out",
    );
  });

  test("hands a queue's messages to the function", async () => {
    const { url, eventSourceArn } = await queue("work");
    const args = { eventSourceArn, functionName, functionResponseTypes: ["ReportBatchItemFailures"] };
    const mapping = await env.engine.create(MAPPING, "m", args);
    expect(mapping.state).toMatchObject({ uuid: mapping.id, functionArn, state: "Enabled", batchSize: 10 });
    await env.aws.sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: "one" }));
    const left = async (): Promise<unknown> => {
      const AttributeNames = [
        "ApproximateNumberOfMessages" as const,
        "ApproximateNumberOfMessagesNotVisible" as const,
      ];
      const request = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames });
      return Object.values((await env.aws.sqs.send(request)).Attributes ?? {});
    };
    await expect.poll(left, { timeout: 20_000 }).toEqual(["0", "0"]);
    await env.engine.delete(mapping);
  });

  test("is created with every setting, changed in place, imported and deleted", async () => {
    const { eventSourceArn } = await queue("full");
    const args = {
      batchSize: 5,
      enabled: false,
      eventSourceArn,
      filterCriteria: { filters: [{ pattern: '{"body": ["a"]}' }] },
      functionName: functionArn,
      functionResponseTypes: ["ReportBatchItemFailures"],
      maximumBatchingWindowInSeconds: 1,
      scalingConfig: { maximumConcurrency: 2 },
      tags: { a: "1" },
    };
    const mapping = await env.engine.create(MAPPING, "full", args);
    await expectNoDrift(env.engine, mapping);
    const imported = await env.engine.import(MAPPING, mapping.id);
    expect(imported?.inputs).toEqual({ ...mapping.inputs, batchSize: undefined });
    const news = { eventSourceArn, functionName, batchSize: 7, enabled: false, tags: { b: "2" } };
    expect((await env.engine.diff(mapping, news)).replaces).toEqual([]);
    const updated = await env.engine.update(mapping, news);
    expect(updated.state).toMatchObject({ functionName, batchSize: 7, tagsAll: { b: "2" } });
    await expectNoDrift(env.engine, updated);
    const other = { ...news, eventSourceArn: `${eventSourceArn}-2` };
    expect((await env.engine.diff(updated, other)).replaces).toEqual(["eventSourceArn"]);
    await expectDeleted(env.engine, updated);
  });

  test("shows what others changed or deleted", async () => {
    const { eventSourceArn } = await queue("drift");
    const args = { eventSourceArn, functionName };
    const mapping = await env.engine.create(MAPPING, "drift", args);
    const { lambda } = env.aws;
    await lambda.send(new UpdateEventSourceMappingCommand({ UUID: mapping.id, Enabled: false }));
    const live = await refreshed(env.engine, mapping);
    expect((await env.engine.diff(live, args)).changed).toEqual(["enabled"]);
    await lambda.send(new DeleteEventSourceMappingCommand({ UUID: mapping.id }));
    expect(await env.engine.refresh(mapping)).toBeUndefined();
  });
});
