import { DeleteTableCommand, UpdateTimeToLiveCommand } from "@aws-sdk/client-dynamodb";
import { describe, expect, test } from "vitest";
import { expectDeleted, expectNoDrift, refreshed, useEnvironment } from "../testing/environment";
import type { Properties } from "../values";

const TABLE = "aws:dynamodb/table:Table";
const env = useEnvironment();

/** A table by `id`, on demand. */
function declared(args: Properties): Properties {
  return { attributes: [{ name: "id", type: "S" }], hashKey: "id", billingMode: "PAY_PER_REQUEST", ...args };
}

describe("a table", () => {
  test("is created with every setting, changed in place, imported and deleted", async () => {
    const args = declared({
      name: "messages",
      attributes: [
        { name: "id", type: "S" },
        { name: "at", type: "N" },
      ],
      deletionProtectionEnabled: false,
      pointInTimeRecovery: { enabled: true },
      rangeKey: "at",
      serverSideEncryption: { enabled: true },
      streamEnabled: true,
      streamViewType: "NEW_IMAGE",
      tags: { a: "1" },
      ttl: { attributeName: "expires", enabled: true },
    });
    const table = await env.engine.create(TABLE, "t", args);
    expect(table.state).toMatchObject({
      arn: "arn:aws:dynamodb:us-east-1:000000000000:table/messages",
      streamArn: expect.stringContaining("/stream/") as string,
    });
    await expectNoDrift(env.engine, table);
    expect((await env.engine.import(TABLE, table.id))?.inputs).toEqual(table.inputs);
    const news = {
      ...args,
      billingMode: "PROVISIONED",
      readCapacity: 2,
      writeCapacity: 3,
      pointInTimeRecovery: undefined,
      serverSideEncryption: { enabled: false },
      streamViewType: "NEW_AND_OLD_IMAGES",
      tags: { b: "2" },
      ttl: undefined,
    };
    expect((await env.engine.diff(table, news)).replaces).toEqual([]);
    const updated = await env.engine.update(table, news);
    expect(updated.state.tagsAll).toEqual({ b: "2" });
    expect(updated.state.streamArn, "another view of a stream is another stream").not.toBe(
      table.state.streamArn,
    );
    await expectNoDrift(env.engine, updated);
    const rekeyed = { ...news, attributes: [{ name: "id", type: "S" }], rangeKey: undefined };
    expect((await env.engine.diff(updated, rekeyed)).replaces).toEqual(["attributes", "rangeKey"]);
    await expectDeleted(env.engine, updated);
  });

  test("stops its stream when that is no longer declared", async () => {
    const args = declared({});
    const table = await env.engine.create(TABLE, "streamed", {
      ...args,
      streamEnabled: true,
      streamViewType: "KEYS_ONLY",
    });
    await expectNoDrift(env.engine, await env.engine.update(table, args));
  });

  test("shows what others changed or deleted", async () => {
    const args = declared({});
    const table = await env.engine.create(TABLE, "drift", args);
    const TimeToLiveSpecification = { AttributeName: "theirs", Enabled: true };
    const request = { TableName: table.id, TimeToLiveSpecification };
    await env.aws.dynamodb.send(new UpdateTimeToLiveCommand(request));
    const live = await refreshed(env.engine, table);
    expect((await env.engine.diff(live, args)).changed).toEqual(["ttl"]);
    await expectNoDrift(env.engine, await env.engine.update(live, args));
    await env.aws.dynamodb.send(new DeleteTableCommand({ TableName: table.id }));
    expect(await env.engine.refresh(table)).toBeUndefined();
  });
});
