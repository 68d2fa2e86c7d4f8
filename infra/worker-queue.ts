import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

import type { RustFunction } from "./function";
import type { Statement } from "./policy";
import { deadLetterQueue, encryptedQueue, keyStatements } from "./queue";

/** Receives before SQS moves a message to the dead-letter queue: AWS's advice for Lambda is five or more. */
const MAX_RECEIVES = 5;

/** How long the queue keeps a message that nobody receives, seconds: SQS's own default. */
const FOUR_DAYS = 4 * 24 * 3600;

/** Arguments of {@link WorkerQueue}. */
export interface WorkerQueueArgs {
  /** What it is called on AWS; its dead-letter queue, with `-dead` behind it. */
  readonly name: string;
  /** The consumer's timeout, seconds. */
  readonly consumerTimeout: number;
  /** Refuse requests without TLS; false only for an endpoint that has none. */
  readonly requireTls: boolean;
  /** The ARN of a customer managed KMS key; without one SQS encrypts with its own. */
  readonly keyArn?: pulumi.Input<string>;
  /** Receives before a message goes to the dead-letter queue; 5 unless said otherwise. */
  readonly maxReceives?: number;
}

/** How an event source mapping hands the queue's messages to a function. */
export interface QueueMapping {
  /** Messages per invocation, 1 to 10 at most. */
  readonly batchSize: number;
  /** Concurrent invocations, 2 to 1,000 at most. */
  readonly concurrency: number;
}

/** An encrypted queue with a dead-letter queue, whose consumer is a function that reports partial failures. */
export class WorkerQueue extends pulumi.ComponentResource {
  /** What it is called on AWS. */
  readonly name: string;
  readonly arn: pulumi.Output<string>;
  readonly url: pulumi.Output<string>;
  readonly deadLetterArn: pulumi.Output<string>;
  readonly deadLetterUrl: pulumi.Output<string>;
  readonly maxReceives: number;
  /** How long a message is kept, seconds. */
  readonly retentionSeconds = FOUR_DAYS;

  constructor(
    private readonly label: string,
    private readonly args: WorkerQueueArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("lambench:infra:WorkerQueue", label, {}, opts);
    this.name = args.name;
    this.maxReceives = args.maxReceives ?? MAX_RECEIVES;
    const options = { name: args.name, requireTls: args.requireTls, keyArn: args.keyArn, parent: this };
    const deadLetters = deadLetterQueue(label, options);
    const queue = encryptedQueue(
      label,
      {
        // AWS's advice: six times the function's timeout, so that a throttled batch isn't delivered twice.
        visibilityTimeoutSeconds: 6 * args.consumerTimeout,
        messageRetentionSeconds: this.retentionSeconds,
        redrivePolicy: pulumi.jsonStringify({
          deadLetterTargetArn: deadLetters.arn,
          maxReceiveCount: this.maxReceives,
        }),
      },
      options,
    );
    this.arn = queue.arn;
    this.url = queue.url;
    this.deadLetterArn = deadLetters.arn;
    this.deadLetterUrl = deadLetters.url;
    this.registerOutputs({ arn: this.arn });
  }

  /** Where it is, for the output `environment`. */
  location(): Record<"url" | "arn" | "deadLetterUrl", pulumi.Output<string>> {
    return { url: this.url, arn: this.arn, deadLetterUrl: this.deadLetterUrl };
  }

  /** What the consumer needs: to receive messages, and to dead-letter those that cannot be handled, with the reason. */
  consumerStatements(): Statement[] {
    return [
      {
        actions: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
        resources: [this.arn],
      },
      { actions: ["sqs:SendMessage"], resources: [this.deadLetterArn] },
      ...keyStatements(this.args.keyArn),
    ];
  }

  /** What a function needs that sends messages to it. */
  senderStatements(): Statement[] {
    return [{ actions: ["sqs:SendMessage"], resources: [this.arn] }, ...keyStatements(this.args.keyArn)];
  }

  /** Makes a function the queue's consumer. */
  addConsumer(consumer: RustFunction, { batchSize, concurrency }: QueueMapping): void {
    new aws.lambda.EventSourceMapping(
      this.label,
      {
        eventSourceArn: this.arn,
        functionName: consumer.arn,
        batchSize,
        functionResponseTypes: ["ReportBatchItemFailures"],
        scalingConfig: { maximumConcurrency: concurrency },
      },
      { parent: this, dependsOn: [consumer] },
    );
  }
}
