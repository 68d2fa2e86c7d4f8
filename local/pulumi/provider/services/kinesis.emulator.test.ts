import { AddTagsToStreamCommand, DeleteStreamCommand } from "@aws-sdk/client-kinesis";
import { describe, expect, test } from "vitest";
import { expectDeleted, expectNoDrift, refreshed, useEnvironment } from "../testing/environment";
import { string } from "../values";

const STREAM = "aws:kinesis/stream:Stream";
const CONSUMER = "aws:kinesis/streamConsumer:StreamConsumer";
const env = useEnvironment();

describe("a stream", () => {
  test("is created with every setting, changed in place, imported and deleted", async () => {
    const args = {
      name: "events",
      encryptionType: "KMS",
      kmsKeyId: "alias/aws/kinesis",
      retentionPeriod: 48,
      shardCount: 2,
      tags: { a: "1" },
    };
    const stream = await env.engine.create(STREAM, "s", args);
    expect(stream.state.arn).toBe("arn:aws:kinesis:us-east-1:000000000000:stream/events");
    await expectNoDrift(env.engine, stream);
    const imported = await env.engine.import(STREAM, stream.id);
    expect(imported?.inputs).toMatchObject({ name: "events", retentionPeriod: 48 });
    const news = { name: "events", retentionPeriod: 24, shardCount: 4, tags: { b: "2" } };
    expect((await env.engine.diff(stream, news)).replaces).toEqual([]);
    const updated = await env.engine.update(stream, news);
    expect(updated.state).toMatchObject({ encryptionType: "NONE", shardCount: 4, tagsAll: { b: "2" } });
    await expectNoDrift(env.engine, updated);
    await expectDeleted(env.engine, updated);
  });

  test("on demand has as many shards as AWS gives it, and shows what others changed", async () => {
    const args = { streamModeDetails: { streamMode: "ON_DEMAND" } };
    const stream = await env.engine.create(STREAM, "free", args);
    await expectNoDrift(env.engine, stream);
    expect((await env.engine.diff(stream, { shardCount: 1 })).replaces).toEqual(["streamModeDetails"]);
    await env.aws.kinesis.send(new AddTagsToStreamCommand({ StreamARN: stream.id, Tags: { theirs: "1" } }));
    const live = await refreshed(env.engine, stream);
    expect((await env.engine.diff(live, args)).changed).toEqual(["tags"]);
    await env.aws.kinesis.send(new DeleteStreamCommand({ StreamARN: stream.id }));
    expect(await env.engine.refresh(stream)).toBeUndefined();
  });
});

describe("a stream's consumer", () => {
  test("is registered and deregistered", async () => {
    const stream = await env.engine.create(STREAM, "read", { shardCount: 1 });
    const args = { streamArn: string(stream.state, "arn"), name: "reader" };
    const consumer = await env.engine.create(CONSUMER, "c", args);
    expect(consumer.state.arn).toBe(consumer.id);
    await expectNoDrift(env.engine, consumer);
    expect((await env.engine.diff(consumer, { ...args, name: "other" })).replaces).toEqual(["name"]);
    await expectDeleted(env.engine, consumer);
  });
});
