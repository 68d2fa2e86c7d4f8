import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

import { namePrefix } from "./name-prefix";
import { type Statement, tlsOnly } from "./policy";
import { stop } from "./stop";

/** S3's limit on a bucket's name (S3 User Guide, "Bucket naming rules"), characters. */
const MAX_NAME = 63;

/** Arguments of {@link PrivateBucket}. */
export interface PrivateBucketArgs {
  /** What its name on AWS begins with. */
  readonly name: string;
  /** Refuse requests without TLS; false only for an endpoint that has none. */
  readonly requireTls: boolean;
  /** Key prefixes whose objects and open uploads S3 removes after a day: the safety net behind our own clean-up. */
  readonly temporaryPrefixes: readonly string[];
}

/** The objects below some prefixes, as a policy names them. */
export function objects(
  bucketArn: pulumi.Input<string>,
  prefixes: readonly string[],
): pulumi.Output<string>[] {
  return prefixes.map((prefix) => pulumi.interpolate`${bucketArn}/${prefix}*`);
}

/** Lists a bucket, but only below the prefixes, with or without their trailing slash. */
export function listStatement(bucketArn: pulumi.Input<string>, prefixes: readonly string[]): Statement {
  const patterns = prefixes.flatMap((prefix) => [prefix.replace(/\/$/, ""), `${prefix}*`]);
  return {
    actions: ["s3:ListBucket"],
    resources: [bucketArn],
    condition: { StringLike: { "s3:prefix": patterns } },
  };
}

/** A bucket that nobody else can read: no public access, encrypted, TLS only. `destroy` removes what is in it. */
export class PrivateBucket extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;
  readonly arn: pulumi.Output<string>;

  constructor(name: string, args: PrivateBucketArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lambench:infra:PrivateBucket", name, {}, opts);
    const child = { parent: this };
    const bucketPrefix = namePrefix(bucketName(args.name), MAX_NAME);
    const bucket = new aws.s3.Bucket(name, { bucketPrefix, forceDestroy: true }, child);
    const closed = new aws.s3.BucketPublicAccessBlock(
      name,
      {
        bucket: bucket.bucket,
        blockPublicAcls: true,
        blockPublicPolicy: true,
        ignorePublicAcls: true,
        restrictPublicBuckets: true,
      },
      child,
    );
    new aws.s3.BucketServerSideEncryptionConfiguration(
      name,
      {
        bucket: bucket.bucket,
        rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }],
      },
      child,
    );
    if (args.requireTls) {
      // S3 refuses two changes of a bucket's policy and public access at once (OperationAborted): one after the other.
      new aws.s3.BucketPolicy(
        name,
        { bucket: bucket.bucket, policy: tlsOnly("s3", [bucket.arn, pulumi.interpolate`${bucket.arn}/*`]) },
        { ...child, dependsOn: [closed] },
      );
    }
    // A configuration without a rule is none (API reference of PutBucketLifecycleConfiguration).
    if (args.temporaryPrefixes.length > 0) {
      new aws.s3.BucketLifecycleConfiguration(
        name,
        {
          bucket: bucket.bucket,
          rules: args.temporaryPrefixes.map((prefix) => ({
            id: `expire-${prefix.replace(/\W+$/, "")}`,
            status: "Enabled",
            filter: { prefix },
            expiration: { days: 1 },
            abortIncompleteMultipartUpload: { daysAfterInitiation: 1 },
          })),
        },
        child,
      );
    }
    this.name = bucket.bucket;
    this.arn = bucket.arn;
    this.registerOutputs({ name: this.name, arn: this.arn });
  }
}

/** A name as S3 wants it. With a dot, the certificate of S3's endpoints would not cover the bucket's host name. */
function bucketName(name: string): string {
  const lower = name.toLowerCase();
  if (/^[a-z0-9][a-z0-9-]*$/.test(lower)) return lower;
  return stop(
    `'${name}' cannot be a bucket's name, which has letters, digits and '-' only: rename the stack '${pulumi.getStack()}'`,
  );
}
