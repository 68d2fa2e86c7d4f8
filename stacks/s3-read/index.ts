import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

import { awsCommand, invokeCommand } from "../../infra/aws-command";
import { type BucketContent, checkContent, fillBucket } from "../../infra/fill-bucket";
import { MAX_TIMEOUT, MEMORY_RANGE } from "../../infra/function";
import { PrivateBucket } from "../../infra/private-bucket";
import { type DeployContext, scenario } from "../../infra/scenario";
import { deployDashboard } from "./dashboard";
import {
  deployVariant,
  GENERATOR_MEMORY,
  type SourceBucket,
  type Variant,
  type VariantFunctions,
  VARIANTS,
} from "./functions";

const settings = {
  memory: { default: 512, range: MEMORY_RANGE, description: "memory of each reader, MB" },
  timeoutSeconds: { default: 60, range: [3, MAX_TIMEOUT], description: "timeout of a reader, seconds" },
  batchSize: { default: 10, range: [1, 10], description: "messages per invocation of a reader" },
  concurrency: { default: 10, range: [2, 1000], description: "concurrent readers of each variant" },
  hash: { default: "md5", choices: ["md5", "crc32", "sha256"], description: "hash algorithm" },
  bucket: {
    default: "",
    pattern: /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
    form: "a bucket's name",
    description: "an existing bucket to read instead of one that is made and filled",
  },
  objectCount: {
    default: 1000,
    range: [1, 100_000],
    description: "objects in the bucket; of an existing one, how many a run reads",
  },
  objectSizeMib: { default: 5, range: [1, 64], description: "mean size of an object, MiB" },
  seed: { default: 1, range: [0, 2 ** 31 - 1], description: "seed of the objects' sizes and contents" },
} as const;

/** Where a filled bucket has its objects. */
const PREFIX = "files";
/** What the trigger asks for: everything, however old. */
const ALL = { modifiedWithinHours: 0, maxObjects: 0 };
/** Objects that the results command shows. */
const SHOWN = 20;

/** How fast do functions read S3, by presigned URLs and by the SDK? */
export const s3Read = scenario({
  name: "s3-read",
  settings,
  check(settings) {
    if (settings.bucket === "") checkContent("s3-read", settings);
  },
  deploy({ target, name, parent, settings }) {
    const region = aws.getRegionOutput({}, { parent }).region;
    const source =
      settings.bucket === ""
        ? filledBucket({ target, name, parent }, settings)
        : existingBucket(settings, parent);
    const table = new aws.dynamodb.Table(
      "objects",
      {
        name,
        billingMode: "PAY_PER_REQUEST",
        hashKey: "Run",
        rangeKey: "Fileurl",
        attributes: [
          { name: "Run", type: "S" },
          { name: "Fileurl", type: "S" },
        ],
      },
      { parent },
    );
    const variants = Object.fromEntries(
      VARIANTS.map((variant) => [
        variant,
        deployVariant(variant, settings, { target, name, source, table, parent }),
      ]),
    ) as Record<Variant, VariantFunctions>;
    deployDashboard(name, region, { variants, table }, { parent });

    // How much of an existing bucket a run reads is a setting: it may hold any number of objects.
    const event = settings.bucket === "" ? ALL : { ...ALL, maxObjects: settings.objectCount };
    const hash = `${settings.hash.charAt(0).toUpperCase()}${settings.hash.slice(1)}`;
    return {
      outputs: {
        s3ReadTrigger: pulumi
          .all(VARIANTS.map((variant) => invokeCommand(variants[variant].generator, event)))
          .apply((commands) => commands.join("; echo; ")),
        s3ReadResults: awsCommand(
          table.arn,
          "dynamodb scan --table-name",
          table.name,
          `--query 'sort_by(Items, &EndedUs.N)[-${SHOWN}:].{run: Run.S, object: Fileurl.S, bytes: Filesize.N, ` +
            `${settings.hash}: ${hash}.S, first_byte_ms: FirstByteMs.N, total_ms: TotalMs.N}' --output table`,
        ),
      },
      environment: {
        bucket: source.bucket,
        table: { name: table.name },
        generatorMemory: GENERATOR_MEMORY,
        variants: Object.fromEntries(
          VARIANTS.map((variant) => {
            const { generator, load, reader, queue } = variants[variant];
            return [
              variant,
              {
                generator: generator.name,
                reader: reader.name,
                queue: queue.location(),
                load,
              },
            ];
          }),
        ),
      },
    };
  },
});

/** A bucket with the objects that the settings stand for. */
function filledBucket({ target, name, parent }: DeployContext, content: BucketContent): SourceBucket {
  const bucket = new PrivateBucket(
    "bucket",
    { name, requireTls: target.requiresTls("s3"), temporaryPrefixes: [] },
    { parent },
  );
  fillBucket("s3-read", { target, bucket, prefix: PREFIX, content }, { parent, dependsOn: [bucket] });
  return { bucket: bucket.name, arn: bucket.arn };
}

/** A bucket that was there before, and is only read. */
function existingBucket({ bucket }: { readonly bucket: string }, parent: pulumi.Resource): SourceBucket {
  const { partition } = aws.getPartitionOutput({}, { parent });
  return { bucket: pulumi.output(bucket), arn: pulumi.interpolate`arn:${partition}:s3:::${bucket}` };
}
