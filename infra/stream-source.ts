import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

import type { RustFunction } from "./function";
import type { Statement } from "./policy";
import { deadLetterQueue } from "./queue";

/** What Lambda calls on a function's behalf to read a stream (Lambda Developer Guide, execution role). */
const READING = {
  kinesis: ["DescribeStream", "DescribeStreamSummary", "GetRecords", "GetShardIterator", "ListShards"],
  dynamodb: ["DescribeStream", "GetRecords", "GetShardIterator"],
} as const;

/** Lambda wants a reader of a table's stream to have this, too; it has no resources to name (Service Authorization Reference). */
const LISTING: Statement = { actions: ["dynamodb:ListStreams"], resources: ["*"] };

/** Arguments of {@link StreamSource}. */
export interface StreamSourceArgs {
  /** What its dead-letter queue is called on AWS, before `-dead`. */
  readonly name: string;
  /** The service that the stream belongs to. */
  readonly service: keyof typeof READING;
  readonly streamArn: pulumi.Input<string>;
  /** The consumer that Kinesis pushes the records to; without one, Lambda polls the stream. */
  readonly consumerArn?: pulumi.Input<string>;
  /** Refuse requests without TLS; false only for an endpoint that has none. */
  readonly requireTls: boolean;
}

/** How an event source mapping hands the stream's records to a function. */
export interface StreamMapping {
  /** Records per invocation, at most. */
  readonly batchSize: number;
  /** Longest wait for a full batch, seconds. */
  readonly batchWindowSeconds: number;
  /** Concurrent batches per shard, 1 to 10. */
  readonly parallelization: number;
  /** Retries of a record before it is dead-lettered. */
  readonly retries: number;
}

/** A stream, the function that reads it, and the queue for records that cannot be handled. */
export class StreamSource extends pulumi.ComponentResource {
  readonly deadLetterUrl: pulumi.Output<string>;
  /** The dead-letter queue's name. */
  readonly deadLetterName: string;
  private readonly deadLetterArn: pulumi.Output<string>;

  constructor(
    private readonly label: string,
    private readonly args: StreamSourceArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("lambench:infra:StreamSource", label, {}, opts);
    const queue = deadLetterQueue(label, { name: args.name, requireTls: args.requireTls, parent: this });
    this.deadLetterName = `${args.name}-dead`;
    this.deadLetterUrl = queue.url;
    this.deadLetterArn = queue.arn;
    this.registerOutputs({ deadLetterUrl: this.deadLetterUrl });
  }

  /** What the reader needs: the records, and to dead-letter those that cannot be handled, by itself or by Lambda in its name. */
  consumerStatements(): Statement[] {
    const { service, streamArn, consumerArn } = this.args;
    return [
      { actions: READING[service].map((action) => `${service}:${action}`), resources: [streamArn] },
      ...(service === "dynamodb" ? [LISTING] : []),
      ...(consumerArn === undefined
        ? []
        : [{ actions: ["kinesis:SubscribeToShard"], resources: [consumerArn] }]),
      { actions: ["sqs:SendMessage"], resources: [this.deadLetterArn] },
    ];
  }

  /** Makes a function the stream's reader, from the oldest record on. */
  addConsumer(consumer: RustFunction, mapping: StreamMapping): void {
    new aws.lambda.EventSourceMapping(
      this.label,
      {
        eventSourceArn: this.args.consumerArn ?? this.args.streamArn,
        functionName: consumer.arn,
        startingPosition: "TRIM_HORIZON",
        batchSize: mapping.batchSize,
        maximumBatchingWindowInSeconds: mapping.batchWindowSeconds,
        parallelizationFactor: mapping.parallelization,
        maximumRetryAttempts: mapping.retries,
        bisectBatchOnFunctionError: true,
        functionResponseTypes: ["ReportBatchItemFailures"],
        destinationConfig: { onFailure: { destinationArn: this.deadLetterArn } },
      },
      { parent: this, dependsOn: [consumer] },
    );
  }
}
