import { DisableRuleCommand, PutEventsCommand, RemoveTargetsCommand } from "@aws-sdk/client-eventbridge";
import { ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { describe, expect, test } from "vitest";
import { expectDeleted, expectNoDrift, refreshed, useEnvironment } from "../testing/environment";
import { string } from "../values";

const RULE = "aws:cloudwatch/eventRule:EventRule";
const TARGET = "aws:cloudwatch/eventTarget:EventTarget";
const env = useEnvironment();

function pattern(source: string): string {
  return JSON.stringify({ source: [source] });
}

describe("a rule", () => {
  test("is created, changed in place, imported and deleted", async () => {
    const args = { name: "tags", description: "Tags", eventPattern: pattern("a"), tags: { a: "1" } };
    const rule = await env.engine.create(RULE, "r", args);
    expect(rule.state.arn).toBe("arn:aws:events:us-east-1:000000000000:rule/tags");
    await expectNoDrift(env.engine, rule);
    expect((await env.engine.import(RULE, rule.id))?.inputs).toEqual(rule.inputs);
    const news = { name: "tags", scheduleExpression: "rate(5 minutes)", tags: { b: "2" } };
    expect((await env.engine.diff(rule, news)).replaces).toEqual([]);
    const updated = await env.engine.update(rule, news);
    await expectNoDrift(env.engine, updated);
    await env.aws.events.send(new DisableRuleCommand({ Name: "tags" }));
    const live = await refreshed(env.engine, updated);
    expect((await env.engine.diff(live, news)).changed).toEqual(["state"]);
    await expectDeleted(env.engine, updated);
  });
});

describe("a rule's target", () => {
  test("gets the events that match, as it wants them", async () => {
    const queue = await env.engine.create("aws:sqs/queue:Queue", "q", {});
    const rule = await env.engine.create(RULE, "match", { eventPattern: pattern("lambench.test") });
    const args = { rule: rule.id, arn: string(queue.state, "arn"), inputPath: "$.detail" };
    const target = await env.engine.create(TARGET, "t", args);
    await expectNoDrift(env.engine, target);
    const event = { Source: "lambench.test", DetailType: "one", Detail: '{"n":1}' };
    await env.aws.events.send(new PutEventsCommand({ Entries: [event] }));
    const received = async (): Promise<unknown> => {
      const request = new ReceiveMessageCommand({ QueueUrl: queue.id, VisibilityTimeout: 0 });
      return (await env.aws.sqs.send(request)).Messages?.map(({ Body }) => JSON.parse(Body ?? "") as unknown);
    };
    await expect.poll(received, { timeout: 20_000 }).toEqual([{ n: 1 }]);
  });

  test("is created with every setting, changed in place, imported and deleted", async () => {
    const queue = await env.engine.create("aws:sqs/queue:Queue", "q", {});
    const rule = await env.engine.create(RULE, "full", { eventPattern: pattern("b") });
    const arn = string(queue.state, "arn");
    const args = {
      rule: rule.id,
      arn,
      deadLetterConfig: { arn },
      inputTransformer: { inputPaths: { tag: "$.detail.tag" }, inputTemplate: '{"tag": <tag>}' },
      retryPolicy: { maximumEventAgeInSeconds: 60, maximumRetryAttempts: 1 },
      targetId: "worker",
    };
    const target = await env.engine.create(TARGET, "t", args);
    expect(target.id).toBe(`${rule.id}-worker`);
    await expectNoDrift(env.engine, target);
    expect((await env.engine.import(TARGET, `${rule.id}/worker`))?.inputs).toEqual(target.inputs);
    const news = { rule: rule.id, arn, input: '{"a":1}', targetId: "worker" };
    expect((await env.engine.diff(target, news)).replaces).toEqual([]);
    const updated = await env.engine.update(target, news);
    await expectNoDrift(env.engine, updated);
    await env.aws.events.send(new RemoveTargetsCommand({ Rule: rule.id, Ids: ["worker"] }));
    expect(await env.engine.refresh(updated)).toBeUndefined();
    await env.engine.delete(updated);
    await env.engine.delete(rule);
    await env.engine.delete(updated);
  });
});
