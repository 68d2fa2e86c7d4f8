import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  HeadBucketCommand,
  PutBucketTaggingCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { describe, expect, test } from "vitest";
import { expectNoDrift, refreshed, useEnvironment } from "../testing/environment";

const BUCKET = "aws:s3/bucket:Bucket";
const env = useEnvironment();

describe("a bucket", () => {
  test("gets a name, keeps it, and is as declared", async () => {
    const bucket = await env.engine.create(BUCKET, "Data", { tags: { team: "a" } });
    expect(bucket.id).toMatch(/^data-[0-9a-f]{7}$/);
    expect(bucket.state).toMatchObject({
      bucket: bucket.id,
      arn: `arn:aws:s3:::${bucket.id}`,
      tags: { team: "a" },
    });
    await expectNoDrift(env.engine, bucket);
    expect(await env.engine.diff(bucket, { tags: { team: "a" } })).toEqual({ changed: [], replaces: [] });
  });

  test("changes its tags in place, and its name by replacement", async () => {
    const bucket = await env.engine.create(BUCKET, "tagged", { tags: { team: "a", old: "x" } });
    expect(await env.engine.diff(bucket, { tags: { team: "b" } })).toEqual({
      changed: ["tags"],
      replaces: [],
    });
    const updated = await env.engine.update(bucket, { tags: { team: "b" } });
    expect(updated.state.tagsAll).toEqual({ team: "b" });
    await expectNoDrift(env.engine, updated);
    await expectNoDrift(env.engine, await env.engine.update(updated, {}));
    expect((await env.engine.diff(bucket, { bucket: "another" })).replaces).toEqual(["bucket"]);
  });

  test("shows what others changed or deleted", async () => {
    const bucket = await env.engine.create(BUCKET, "drift", {});
    const Tagging = { TagSet: [{ Key: "by", Value: "hand" }] };
    await env.aws.s3.send(new PutBucketTaggingCommand({ Bucket: bucket.id, Tagging }));
    const live = await refreshed(env.engine, bucket);
    expect(live.inputs.tags).toEqual({ by: "hand" });
    expect((await env.engine.diff(live, {})).changed).toEqual(["tags"]);
    await env.aws.s3.send(new DeleteBucketCommand({ Bucket: bucket.id }));
    expect(await env.engine.refresh(bucket)).toBeUndefined();
  });

  test("is imported by its name alone", async () => {
    await env.aws.s3.send(new CreateBucketCommand({ Bucket: "by-hand" }));
    expect((await env.engine.import(BUCKET, "by-hand"))?.inputs).toEqual({
      bucket: "by-hand",
      forceDestroy: false,
    });
    expect(await env.engine.import(BUCKET, "nowhere")).toBeUndefined();
  });

  test("is not taken over if somebody has it already", async () => {
    await env.aws.s3.send(new CreateBucketCommand({ Bucket: "taken" }));
    await expect(env.engine.create(BUCKET, "x", { bucket: "taken" })).rejects.toThrow(
      "bucket 'taken' exists already",
    );
  });

  test("with forceDestroy goes with everything in it", async () => {
    const bucket = await env.engine.create(BUCKET, "full", { forceDestroy: true });
    for (const Key of ["a", "b/c"]) {
      await env.aws.s3.send(new PutObjectCommand({ Bucket: bucket.id, Key, Body: "x" }));
    }
    await env.aws.s3.send(new CreateMultipartUploadCommand({ Bucket: bucket.id, Key: "half" }));
    await env.engine.delete(bucket);
    await expect(env.aws.s3.send(new HeadBucketCommand({ Bucket: bucket.id }))).rejects.toThrow();
    await env.engine.delete(bucket); // a second time: it is gone already
  });

  test("without forceDestroy is not emptied, and the message says how", async () => {
    const bucket = await env.engine.create(BUCKET, "kept", {});
    await env.aws.s3.send(new PutObjectCommand({ Bucket: bucket.id, Key: "a", Body: "x" }));
    await expect(env.engine.delete(bucket)).rejects.toThrow(/is not empty: set `forceDestroy`/);
  });
});

const SETTINGS = [
  {
    type: "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    before: { blockPublicAcls: true, blockPublicPolicy: true },
    after: { blockPublicAcls: true, ignorePublicAcls: true },
  },
  {
    type: "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    before: { rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }] },
    after: {
      rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms" }, bucketKeyEnabled: true }],
    },
  },
  {
    type: "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    before: { rules: [{ id: "a", status: "Enabled", filter: { prefix: "tmp/" }, expiration: { days: 1 } }] },
    after: {
      rules: [{ id: "a", status: "Enabled", abortIncompleteMultipartUpload: { daysAfterInitiation: 2 } }],
    },
  },
  {
    type: "aws:s3/bucketPolicy:BucketPolicy",
    before: { policy: policy("s3:GetObject") },
    after: { policy: policy("s3:PutObject") },
  },
];

describe.each(SETTINGS)("$type", ({ type, before, after }) => {
  test("is set, changed and removed with its bucket staying", async () => {
    const { id } = await env.engine.create(BUCKET, "host", {});
    const setting = await env.engine.create(type, "setting", { bucket: id, ...before });
    await expectNoDrift(env.engine, setting);
    const { replaces, changed } = await env.engine.diff(setting, { bucket: id, ...after });
    expect(changed).not.toEqual([]);
    expect(replaces).toEqual([]);
    const updated = await env.engine.update(setting, { bucket: id, ...after });
    await expectNoDrift(env.engine, updated);
    expect((await env.engine.refresh(setting))?.inputs).not.toEqual(setting.inputs);
    await env.engine.delete(updated);
    await env.aws.s3.send(new HeadBucketCommand({ Bucket: id }));
  });

  test("follows its bucket to another", async () => {
    const { id } = await env.engine.create(BUCKET, "first", {});
    const setting = await env.engine.create(type, "setting", { bucket: id, ...before });
    const { replaces } = await env.engine.diff(setting, { bucket: "second", ...before });
    expect(replaces).toEqual(["bucket"]);
  });

  test("is missing, and no error, once its bucket is gone", async () => {
    const bucket = await env.engine.create(BUCKET, "gone", {});
    const setting = await env.engine.create(type, "setting", { bucket: bucket.id, ...before });
    await env.engine.delete(bucket);
    expect(await env.engine.refresh(setting)).toBeUndefined();
    await env.engine.delete(setting);
  });
});

function policy(action: string): string {
  const Resource = "arn:aws:s3:::some-bucket/*";
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Deny", Principal: "*", Action: action, Resource }],
  });
}
