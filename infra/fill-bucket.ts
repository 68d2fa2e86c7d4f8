import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

import { awsCommand, withEvent } from "./aws-command";
import { MAX_TIMEOUT, RustFunction } from "./function";
import { listStatement, objects, type PrivateBucket } from "./private-bucket";
import { setCommand } from "./pulumi-command";
import { stop } from "./stop";
import type { Target } from "./target";

/** What one invocation of fill-bucket can write in Lambda's 15 minutes at 75 MB/s, with a third to spare, MiB. */
const MAX_BUCKET_MIB = 40_000;

/** The objects that a bucket is to hold. */
export interface BucketContent {
  readonly objectCount: number;
  /** Mean size, MiB. */
  readonly objectSizeMib: number;
  /** The same seed gives the same objects. */
  readonly seed: number;
}

/** Arguments of {@link fillBucket}. */
export interface FillArgs {
  readonly target: Target;
  readonly bucket: PrivateBucket;
  /** What the objects' keys begin with, without the slash. */
  readonly prefix: string;
  readonly content: BucketContent;
}

/** A bucket that has been filled, and what fills it. */
export interface FilledBucket {
  readonly function: RustFunction;
  /** For what needs the objects to be there. */
  readonly invocation: aws.lambda.Invocation;
  /** A command line that fills it again. */
  readonly command: pulumi.Output<string>;
}

/** Stops the program if one invocation could not fill the bucket. */
export function checkContent(scenario: string, { objectCount, objectSizeMib }: BucketContent): void {
  if (objectCount * objectSizeMib <= MAX_BUCKET_MIB) return;
  const remedy = setCommand([scenario, "objectCount"], Math.floor(MAX_BUCKET_MIB / objectSizeMib));
  stop(
    `objectCount ${objectCount} × objectSizeMib ${objectSizeMib} is more than ${MAX_BUCKET_MIB} MiB, ` +
      `which is what fill-bucket can write in 15 minutes: ${remedy}`,
  );
}

/** Makes a scenario's bucket hold exactly the objects that its settings stand for. */
export function fillBucket(
  scenario: string,
  { target, bucket, prefix, content }: FillArgs,
  { parent, dependsOn }: { parent: pulumi.Resource; dependsOn: pulumi.Resource[] },
): FilledBucket {
  const fill = new RustFunction(
    "fill-bucket",
    {
      target,
      bin: "fill-bucket",
      name: `${scenario}-fill-bucket`,
      description: "Fills the source bucket as the settings say",
      memory: 3008, // hashing and sending 15 GB is bound by CPU and network, and both grow with memory
      timeout: MAX_TIMEOUT,
      environment: { BUCKET: bucket.name, PREFIX: prefix },
      statements: [
        listStatement(bucket.arn, [`${prefix}/`]),
        { actions: ["s3:PutObject", "s3:DeleteObject"], resources: objects(bucket.arn, [`${prefix}/`]) },
      ],
    },
    { parent },
  );
  const input = JSON.stringify({
    count: content.objectCount,
    mean_bytes: content.objectSizeMib * 2 ** 20,
    seed: content.seed,
  });
  // Runs again whenever its input changes, and adds and removes only what differs.
  const invocation = new aws.lambda.Invocation(
    "fill",
    { functionName: fill.name, input },
    { parent, dependsOn: [fill, ...dependsOn] },
  );
  const invoke = awsCommand(fill.arn, "lambda invoke --function-name", fill.name);
  return {
    function: fill,
    invocation,
    command: withEvent(input, invoke).apply((line) => `${line} /dev/null`),
  };
}
