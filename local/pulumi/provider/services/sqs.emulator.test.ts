import { DeleteQueueCommand, SetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { describe, expect, test } from "vitest";
import { expectDeleted, expectNoDrift, refreshed, useEnvironment } from "../testing/environment";
import { string } from "../values";

const QUEUE = "aws:sqs/queue:Queue";
const POLICY = "aws:sqs/queuePolicy:QueuePolicy";
const env = useEnvironment();

function policyFor(arn: string, action: string): string {
  const statement = { Effect: "Allow", Principal: "*", Action: action, Resource: arn };
  return JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
}

describe("a queue", () => {
  test("is created with every setting, imported, changed in place and deleted", async () => {
    const dead = await env.engine.create(QUEUE, "dead", {});
    const deadLetterTargetArn = string(dead.state, "arn");
    const args = {
      name: "jobs",
      visibilityTimeoutSeconds: 60,
      messageRetentionSeconds: 600,
      receiveWaitTimeSeconds: 20,
      delaySeconds: 1,
      maxMessageSize: 2048,
      kmsMasterKeyId: "alias/aws/sqs",
      kmsDataKeyReusePeriodSeconds: 60,
      redrivePolicy: JSON.stringify({ maxReceiveCount: 3, deadLetterTargetArn }),
      redriveAllowPolicy: JSON.stringify({ redrivePermission: "denyAll" }),
      tags: { a: "1" },
    };
    const queue = await env.engine.create(QUEUE, "q", args);
    expect(queue.state).toMatchObject({ arn: "arn:aws:sqs:us-east-1:000000000000:jobs", url: queue.id });
    await expectNoDrift(env.engine, queue);
    const imported = await env.engine.import(QUEUE, queue.id);
    expect(imported?.inputs).toMatchObject({
      name: "jobs",
      delaySeconds: 1,
      kmsMasterKeyId: "alias/aws/sqs",
    });
    const news = { name: "jobs", visibilityTimeoutSeconds: 90, sqsManagedSseEnabled: true, tags: { b: "2" } };
    expect((await env.engine.diff(queue, news)).replaces).toEqual([]);
    const updated = await env.engine.update(queue, news);
    expect(updated.state).toMatchObject({ delaySeconds: 0, maxMessageSize: 262_144, tagsAll: { b: "2" } });
    await expectNoDrift(env.engine, updated);
    await expectDeleted(env.engine, updated);
  });

  test("keeps what it got beside the program, where the program says nothing of it", async () => {
    const queue = await env.engine.create(QUEUE, "kept", {});
    const arn = string(queue.state, "arn");
    const policy = policyFor(arn, "sqs:SendMessage");
    const attached = await env.engine.create(POLICY, "p", { queueUrl: queue.id, policy });
    const live = await refreshed(env.engine, queue);
    expect(live.inputs, "`pulumi preview` would remove the queue's policy").toEqual(queue.inputs);
    expect((await env.engine.diff(live, {})).changed).toEqual([]);
    await env.engine.update(live, { delaySeconds: 3 });
    expect(await env.engine.refresh(attached), "an update of the queue has removed its policy").toBeDefined();
  });

  test("shows what others changed or deleted", async () => {
    const queue = await env.engine.create(QUEUE, "drift", {});
    const Attributes = { VisibilityTimeout: "77" };
    await env.aws.sqs.send(new SetQueueAttributesCommand({ QueueUrl: queue.id, Attributes }));
    const live = await refreshed(env.engine, queue);
    expect((await env.engine.diff(live, {})).changed).toEqual(["visibilityTimeoutSeconds"]);
    await env.aws.sqs.send(new DeleteQueueCommand({ QueueUrl: queue.id }));
    expect(await env.engine.refresh(queue)).toBeUndefined();
  });
});

describe("a queue's policy", () => {
  test("is put, changed in place and taken away", async () => {
    const queue = await env.engine.create(QUEUE, "guarded", {});
    const arn = string(queue.state, "arn");
    const args = { queueUrl: queue.id, policy: policyFor(arn, "sqs:SendMessage") };
    const policy = await env.engine.create(POLICY, "policy", args);
    await expectNoDrift(env.engine, policy);
    const news = { queueUrl: queue.id, policy: policyFor(arn, "sqs:*") };
    expect(await env.engine.diff(policy, news)).toEqual({ changed: ["policy"], replaces: [] });
    const updated = await env.engine.update(policy, news);
    await expectNoDrift(env.engine, updated);
    await env.engine.delete(updated);
    expect(await env.engine.refresh(updated)).toBeUndefined();
    await env.engine.delete(queue);
    await env.engine.delete(updated);
  });
});
