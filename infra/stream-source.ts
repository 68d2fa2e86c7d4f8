import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

import type { RustFunction } from "./function";
import type { Statement } from "./policy";
import { deadLetterQueue } from "./queue";

/** What the service that a stream belongs to lets Lambda do on a function's behalf (Lambda Developer Guide, execution role). */
const READING = {
  kinesis: ["DescribeStream", "DescribeStreamSummary", "GetRecords", "GetShardIterator", "ListShards"],
  dynamodb: ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"],
} as const;

/** Arguments of {@link StreamSource}. */
export interface StreamSourceArgs {
  /** Whose stream it is. */
  readonly service: keyof typeof READING;
  readonly streamArn: pulumi.Input<string>;
  /** Refuse requests without TLS; false only for an endpoint that has none. */
  readonly requireTls: boolean;
}

/** How {@link StreamSource.feed} hands records to a function. */
export interface StreamFeeding {
  /** Records an invocation gets at most. */
  readonly batchSize: number;
  /** How long to wait for a full batch, seconds. */
  readonly windowSeconds: number;
  /** Batches of a shard at once, 1 to 10. */
  readonly parallelization: number;
  /** Attempts at a record after the first, until it is put aside. */
  readonly retries: number;
}

/** A stream, the function that reads it, and the queue for records that cannot be handled. */
export class StreamSource extends pulumi.ComponentResource {
  readonly deadLetterUrl: pulumi.Output<string>;
  /** The dead-letter queue's name. */
  readonly deadLetters: string;
  private readonly deadLetterArn: pulumi.Output<string>;

  constructor(
    private readonly name: string,
    private readonly args: StreamSourceArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("lambench:infra:StreamSource", name, {}, opts);
    const queue = deadLetterQueue(name, { requireTls: args.requireTls, parent: this });
    this.deadLetters = `${name}-dead`;
    this.deadLetterUrl = queue.url;
    this.deadLetterArn = queue.arn;
    this.registerOutputs({ deadLetterUrl: this.deadLetterUrl });
  }

  /** What the reader needs: the records, and to put hopeless ones aside, by itself or by Lambda in its name. */
  consumerStatements(): Statement[] {
    const { service, streamArn } = this.args;
    return [
      { actions: READING[service].map((action) => `${service}:${action}`), resources: [streamArn] },
      { actions: ["sqs:SendMessage"], resources: [this.deadLetterArn] },
    ];
  }

  /** Makes a function the stream's reader, from the oldest record on. */
  feed(consumer: RustFunction, feeding: StreamFeeding): void {
    new aws.lambda.EventSourceMapping(
      this.name,
      {
        eventSourceArn: this.args.streamArn,
        functionName: consumer.arn,
        startingPosition: "TRIM_HORIZON",
        batchSize: feeding.batchSize,
        maximumBatchingWindowInSeconds: feeding.windowSeconds,
        parallelizationFactor: feeding.parallelization,
        maximumRetryAttempts: feeding.retries,
        bisectBatchOnFunctionError: true,
        functionResponseTypes: ["ReportBatchItemFailures"],
        destinationConfig: { onFailure: { destinationArn: this.deadLetterArn } },
      },
      { parent: this, dependsOn: [consumer] },
    );
  }
}
