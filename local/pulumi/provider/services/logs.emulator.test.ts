import { DeleteLogGroupCommand, PutRetentionPolicyCommand } from "@aws-sdk/client-cloudwatch-logs";
import { describe, expect, test } from "vitest";
import { expectNoDrift, refreshed, useEnvironment } from "../testing/environment";

const LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup";
const env = useEnvironment();

describe("a log group", () => {
  test("is created, changed in place, imported and deleted", async () => {
    const args = { name: "/aws/lambda/x", retentionInDays: 7, tags: { a: "1" } };
    const group = await env.engine.create(LOG_GROUP, "log", args);
    expect(group.state.arn).toBe("arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/x");
    await expectNoDrift(env.engine, group);
    expect((await env.engine.import(LOG_GROUP, group.id))?.inputs).toEqual(group.inputs);
    const news = { name: "/aws/lambda/x", tags: { b: "2" } };
    expect(await env.engine.diff(group, news)).toEqual({
      changed: ["retentionInDays", "tags"],
      replaces: [],
    });
    const updated = await env.engine.update(group, news);
    expect(updated.state).toMatchObject({ retentionInDays: 0, tagsAll: { b: "2" } });
    await expectNoDrift(env.engine, updated);
    await env.engine.delete(updated);
    expect(await env.engine.refresh(updated)).toBeUndefined();
    await env.engine.delete(updated);
  });

  test("is not mistaken for another whose name begins alike", async () => {
    await env.engine.create(LOG_GROUP, "long", { name: "/a/longer" });
    expect(await env.engine.import(LOG_GROUP, "/a/long")).toBeUndefined();
  });

  test("shows what others changed or deleted", async () => {
    const group = await env.engine.create(LOG_GROUP, "drift", {});
    await env.aws.logs.send(new PutRetentionPolicyCommand({ logGroupName: group.id, retentionInDays: 30 }));
    const live = await refreshed(env.engine, group);
    expect((await env.engine.diff(live, {})).changed).toEqual(["retentionInDays"]);
    await env.aws.logs.send(new DeleteLogGroupCommand({ logGroupName: group.id }));
    expect(await env.engine.refresh(group)).toBeUndefined();
  });

  test("with skipDestroy stays", async () => {
    const group = await env.engine.create(LOG_GROUP, "kept", { skipDestroy: true });
    await env.engine.delete(group);
    expect(await env.engine.refresh(group)).toBeDefined();
  });
});
