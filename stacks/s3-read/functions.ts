import type * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

import { MAX_TIMEOUT, RustFunction } from "../../infra/function";
import type { Statement } from "../../infra/policy";
import type { Target } from "../../infra/target";
import { WorkerQueue } from "../../infra/worker-queue";

/** By which road objects are read: by presigned URLs and plain HTTP, or by the SDK's GetObject. */
export const VARIANTS = ["signed", "sdk"] as const;

/** One of them. */
export type Variant = (typeof VARIANTS)[number];

/** What the functions call them, in an environment variable that existing deployments have. */
const MODES: Readonly<Record<Variant, string>> = { signed: "s3signed", sdk: "s3path" };

/** A whole processor (Lambda Developer Guide): signing URLs takes one, MB. */
const ONE_CPU_MB = 1769;
/** The settings that functions need. */
export interface FunctionSettings {
  readonly memory: number;
  readonly timeoutSeconds: number;
  readonly batchSize: number;
  readonly concurrency: number;
  readonly hash: string;
}

/** The bucket that is read. */
export interface Source {
  readonly bucket: pulumi.Output<string>;
  readonly arn: pulumi.Output<string>;
}

/** What the functions of both variants stand in. */
export interface Place {
  readonly target: Target;
  readonly source: Source;
  readonly table: aws.dynamodb.Table;
  readonly parent: pulumi.Resource;
}

/** A variant: who lists objects into its queue, and who reads them. */
export interface Road {
  readonly queue: WorkerQueue;
  readonly generator: RustFunction;
  readonly reader: RustFunction;
}

/** The functions of one variant, and the queue between them. */
export function deployRoad(variant: Variant, settings: FunctionSettings, place: Place): Road {
  const { target, source, table, parent } = place;
  const queue = new WorkerQueue(
    `${target.project}-${target.stack}-s3-read-${variant}`,
    { consumerTimeout: settings.timeoutSeconds, requireTls: target.requireTls },
    { parent },
  );
  const environment = { lambdamode: MODES[variant], s3bucket: source.bucket };
  // A URL allows what its signer may, so with `signed` the right to read is the generator's, and the reader has none.
  const isSigned = variant === "signed";
  const generator = new RustFunction(
    {
      target,
      bin: "s3-read-generator",
      name: `s3-read-generator-${variant}`,
      description: `Lists the bucket into the queue of the variant ${variant}`,
      memory: ONE_CPU_MB,
      timeout: MAX_TIMEOUT,
      environment: {
        ...environment,
        sqsqueue: queue.url,
        ...(isSigned && { URL_VALID_SECONDS: String(queue.retentionSeconds) }),
      },
      statements: [
        list(source),
        ...(isSigned ? [get(source)] : []),
        { actions: ["sqs:SendMessage"], resources: [queue.arn] },
      ],
      traced: true,
    },
    { parent },
  );
  const reader = new RustFunction(
    {
      target,
      bin: "s3-read-reader",
      name: `s3-read-reader-${variant}`,
      description: `Reads and hashes objects, variant ${variant}`,
      memory: settings.memory,
      timeout: settings.timeoutSeconds,
      environment: {
        ...environment,
        ddbtable: table.name,
        HASH: settings.hash,
        // An object under way takes some 2 MB at most, whatever its size: a whole batch fits into the smallest function.
        CONCURRENCY: String(settings.batchSize),
        DEAD_LETTER_URL: queue.deadLetterUrl,
        MAX_RECEIVES: String(queue.maxReceives),
      },
      statements: [
        ...(isSigned ? [] : [list(source), get(source)]),
        { actions: ["dynamodb:BatchWriteItem"], resources: [table.arn] },
        ...queue.consumerStatements(),
      ],
      traced: true,
    },
    { parent },
  );
  queue.feed(reader, settings);
  return { queue, generator, reader };
}

/** Also for those who only get: without it S3 says of a missing object that it is forbidden. */
function list({ arn }: Source): Statement {
  return { actions: ["s3:ListBucket"], resources: [arn] };
}

function get({ arn }: Source): Statement {
  return { actions: ["s3:GetObject"], resources: [pulumi.interpolate`${arn}/*`] };
}
