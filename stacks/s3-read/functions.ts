import type * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

import { MAX_TIMEOUT, MEMORY_PER_VCPU, RustFunction } from "../../infra/function";
import { type LoadGenerator, loadGenerator } from "../../infra/load-generator";
import type { Statement } from "../../infra/policy";
import type { DeployContext } from "../../infra/scenario";
import { WorkerQueue } from "../../infra/worker-queue";

/** How objects are read: by presigned URLs and plain HTTP, or by the SDK's GetObject. */
export const VARIANTS = ["signed", "sdk"] as const;

/** One of the {@link VARIANTS}. */
export type Variant = (typeof VARIANTS)[number];

/** What the functions call them, in an environment variable that the public project has. */
const MODES: Readonly<Record<Variant, string>> = { signed: "s3signed", sdk: "s3path" };

/** Signing URLs takes a whole vCPU, MB. */
export const GENERATOR_MEMORY = MEMORY_PER_VCPU;

/** Where CloudWatch has the readers' metrics. */
export const METRICS_NAMESPACE = "lambench/s3-read";
/** The settings that functions need. */
export interface FunctionSettings {
  readonly memory: number;
  readonly timeoutSeconds: number;
  readonly batchSize: number;
  readonly concurrency: number;
  readonly hash: string;
}

/** The bucket that is read. */
export interface SourceBucket {
  readonly bucket: pulumi.Output<string>;
  readonly arn: pulumi.Output<string>;
}

/** What the functions of both variants are deployed into. */
export interface FunctionContext extends DeployContext {
  readonly source: SourceBucket;
  readonly table: aws.dynamodb.Table;
}

/** A variant's functions: one lists objects into the queue, alone or as one of many; one reads them. */
export interface VariantFunctions {
  readonly queue: WorkerQueue;
  readonly generator: RustFunction;
  /** What starts many generators at once. */
  readonly load: LoadGenerator;
  readonly reader: RustFunction;
}

/** The functions of one variant, and the queue between them. */
export function deployVariant(
  variant: Variant,
  settings: FunctionSettings,
  { target, name, source, table, parent }: FunctionContext,
): VariantFunctions {
  const queue = new WorkerQueue(
    variant,
    {
      name: `${name}-${variant}`,
      consumerTimeout: settings.timeoutSeconds,
      requireTls: target.requiresTls("sqs"),
    },
    { parent },
  );
  const environment = { lambdamode: MODES[variant], s3bucket: source.bucket };
  // A URL allows what its signer may, so with `signed` the right to read is the generator's, and the reader has none.
  const isSigned = variant === "signed";
  const generator = new RustFunction(
    `generator-${variant}`,
    {
      target,
      bin: "s3-read-generator",
      name: `s3-read-generator-${variant}`,
      description: `Lists the bucket into the queue of the variant ${variant}`,
      memory: GENERATOR_MEMORY,
      timeout: MAX_TIMEOUT,
      environment: {
        ...environment,
        sqsqueue: queue.url,
        ...(isSigned && { URL_VALID_SECONDS: String(queue.retentionSeconds) }),
      },
      statements: [list(source), ...(isSigned ? [get(source)] : []), ...queue.senderStatements()],
      traced: true,
    },
    { parent },
  );
  const reader = new RustFunction(
    `reader-${variant}`,
    {
      target,
      bin: "s3-read-reader",
      name: `s3-read-reader-${variant}`,
      description: `Reads and hashes objects, variant ${variant}`,
      memory: settings.memory,
      timeout: settings.timeoutSeconds,
      environment: {
        ...environment,
        METRICS_NAMESPACE,
        ddbtable: table.name,
        HASH: settings.hash,
        // An object being read takes some 2 MB at most, whatever its size: a whole batch fits into the smallest function.
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
  queue.addConsumer(reader, settings);
  const load = loadGenerator(
    `load-${variant}`,
    { name: `${name}-${variant}`, worker: generator, memory: GENERATOR_MEMORY },
    { parent },
  );
  return { queue, generator, load, reader };
}

/** Without the right to list, S3 calls a missing object forbidden to those who only read. */
function list({ arn }: SourceBucket): Statement {
  return { actions: ["s3:ListBucket"], resources: [arn] };
}

function get({ arn }: SourceBucket): Statement {
  return { actions: ["s3:GetObject"], resources: [pulumi.interpolate`${arn}/*`] };
}
