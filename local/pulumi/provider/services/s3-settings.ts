import {
  DeleteBucketEncryptionCommand,
  DeleteBucketLifecycleCommand,
  DeleteBucketPolicyCommand,
  DeletePublicAccessBlockCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  GetPublicAccessBlockCommand,
  type LifecycleRule,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutPublicAccessBlockCommand,
  type ServerSideEncryptionRule,
} from "@aws-sdk/client-s3";
import type { Clients } from "../clients";
import { orMissing } from "../errors";
import { type Names, fromAws, toAws } from "../naming";
import type { PropertyTable, ResourceType } from "../resource-type";
import { type Properties, type Value, boolean, objects, string } from "../values";

/** One setting of a bucket that Pulumi has as a resource of its own, under the bucket's name. */
interface BucketSetting {
  readonly inputs: PropertyTable;
  put(aws: Clients, bucket: string, inputs: Properties): Promise<unknown>;
  /** The setting's inputs as they are, or undefined where it is not set. */
  get(aws: Clients, bucket: string): Promise<Properties | undefined>;
  remove(aws: Clients, bucket: string): Promise<unknown>;
}

function bucketSetting(setting: BucketSetting): ResourceType {
  return {
    inputs: { bucket: { type: "string", required: true, replaces: true }, ...setting.inputs },
    outputs: ["region"],

    async create(aws, inputs) {
      const name = string(inputs, "bucket");
      await setting.put(aws, name, inputs);
      return { id: name };
    },

    async read(aws, id) {
      const inputs = await orMissing(setting.get(aws, id), "NoSuchBucket");
      return inputs && { inputs: { bucket: id, ...inputs }, outputs: { region: aws.region } };
    },

    async update(aws, id, { news }) {
      await setting.put(aws, id, news);
    },

    async delete(aws, id) {
      await orMissing(setting.remove(aws, id), "NoSuchBucket");
    },
  };
}

export const policy = bucketSetting({
  inputs: { policy: { type: "string", required: true, json: true } },
  put: (aws, Bucket, inputs) =>
    aws.s3.send(new PutBucketPolicyCommand({ Bucket, Policy: string(inputs, "policy") })),
  async get(aws, Bucket) {
    const found = await orMissing(aws.s3.send(new GetBucketPolicyCommand({ Bucket })), "NoSuchBucketPolicy");
    return found && { policy: found.Policy };
  },
  remove: (aws, Bucket) => aws.s3.send(new DeleteBucketPolicyCommand({ Bucket })),
});

export const publicAccessBlock = bucketSetting({
  inputs: {
    blockPublicAcls: { type: "boolean", default: false },
    blockPublicPolicy: { type: "boolean", default: false },
    ignorePublicAcls: { type: "boolean", default: false },
    restrictPublicBuckets: { type: "boolean", default: false },
  },
  put: (aws, Bucket, inputs) =>
    aws.s3.send(
      new PutPublicAccessBlockCommand({
        Bucket,
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: boolean(inputs, "blockPublicAcls"),
          BlockPublicPolicy: boolean(inputs, "blockPublicPolicy"),
          IgnorePublicAcls: boolean(inputs, "ignorePublicAcls"),
          RestrictPublicBuckets: boolean(inputs, "restrictPublicBuckets"),
        },
      }),
    ),
  async get(aws, Bucket) {
    const call = aws.s3.send(new GetPublicAccessBlockCommand({ Bucket }));
    const found = await orMissing(call, "NoSuchPublicAccessBlockConfiguration");
    return found && (fromAws(found.PublicAccessBlockConfiguration) as Properties);
  },
  remove: (aws, Bucket) => aws.s3.send(new DeletePublicAccessBlockCommand({ Bucket })),
});

const ENCRYPTION_NAMES: Names = { sseAlgorithm: "SSEAlgorithm", kmsMasterKeyId: "KMSMasterKeyID" };

export const encryption = bucketSetting({
  inputs: {
    rules: {
      type: "list",
      required: true,
      fields: {
        applyServerSideEncryptionByDefault: {
          type: "object",
          fields: { sseAlgorithm: { type: "string", required: true }, kmsMasterKeyId: { type: "string" } },
        },
        bucketKeyEnabled: { type: "boolean" },
      },
    },
  },
  put: (aws, Bucket, inputs) =>
    aws.s3.send(
      new PutBucketEncryptionCommand({
        Bucket,
        ServerSideEncryptionConfiguration: {
          Rules: objects(inputs, "rules").map(
            (rule) => toAws(rule, ENCRYPTION_NAMES) as ServerSideEncryptionRule,
          ),
        },
      }),
    ),
  async get(aws, Bucket) {
    const call = aws.s3.send(new GetBucketEncryptionCommand({ Bucket }));
    const found = await orMissing(call, "ServerSideEncryptionConfigurationNotFoundError");
    return found && { rules: fromAws(found.ServerSideEncryptionConfiguration?.Rules, ENCRYPTION_NAMES) };
  },
  remove: (aws, Bucket) => aws.s3.send(new DeleteBucketEncryptionCommand({ Bucket })),
});

const LIFECYCLE_NAMES: Names = { id: "ID" };

export const lifecycle = bucketSetting({
  inputs: {
    rules: {
      type: "list",
      required: true,
      fields: {
        id: { type: "string", required: true },
        status: { type: "string", required: true },
        filter: { type: "object", fields: { prefix: { type: "string" } } },
        expiration: {
          type: "object",
          fields: { days: { type: "number" }, expiredObjectDeleteMarker: { type: "boolean" } },
        },
        noncurrentVersionExpiration: {
          type: "object",
          fields: { noncurrentDays: { type: "number" }, newerNoncurrentVersions: { type: "number" } },
        },
        abortIncompleteMultipartUpload: {
          type: "object",
          fields: { daysAfterInitiation: { type: "number" } },
        },
      },
    },
  },
  put: (aws, Bucket, inputs) =>
    aws.s3.send(
      new PutBucketLifecycleConfigurationCommand({
        Bucket,
        LifecycleConfiguration: { Rules: objects(inputs, "rules").map(lifecycleRule) },
      }),
    ),
  async get(aws, Bucket) {
    const call = aws.s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
    const found = await orMissing(call, "NoSuchLifecycleConfiguration");
    return found && { rules: fromAws(found.Rules, LIFECYCLE_NAMES) };
  },
  remove: (aws, Bucket) => aws.s3.send(new DeleteBucketLifecycleCommand({ Bucket })),
});

function lifecycleRule(rule: Properties): LifecycleRule {
  const wholeBucket: Value = { prefix: "" }; // S3 wants a filter, where Pulumi can leave it out
  return toAws({ ...rule, filter: rule.filter ?? wholeBucket }, LIFECYCLE_NAMES) as LifecycleRule;
}
