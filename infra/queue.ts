import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

import { type Statement, tlsOnly } from "./policy";

/** How long SQS keeps a message at most, seconds. */
const FOURTEEN_DAYS = 14 * 24 * 3600;

/**
 * The longest message, bytes: what SQS takes since August 2025, and its default; without it, Pulumi's AWS provider sets 256 KiB.
 * Requests are charged by 64 KiB: a message of 1 MiB is sent for the price of 16.
 */
export const MAX_MESSAGE_BYTES = 1024 * 1024;

/** How a queue is protected, and whose it is. */
export interface QueueOptions {
  /** Refuse requests without TLS; false only for an endpoint that has none. */
  readonly requireTls: boolean;
  /** The ARN of a customer managed KMS key; without one SQS encrypts with its own. */
  readonly keyArn?: pulumi.Input<string>;
  /** What it is called on AWS; a dead-letter queue, with `-dead` behind it. */
  readonly name: string;
  readonly parent: pulumi.Resource;
}

/** A queue that encrypts what it holds, and accepts requests over TLS only. */
export function encryptedQueue(
  name: string,
  args: Omit<aws.sqs.QueueArgs, "name">,
  { name: queueName, requireTls, keyArn, parent }: QueueOptions,
): aws.sqs.Queue {
  const encryption = keyArn === undefined ? { sqsManagedSseEnabled: true } : { kmsMasterKeyId: keyArn };
  const queue = new aws.sqs.Queue(
    name,
    { name: queueName, maxMessageSize: MAX_MESSAGE_BYTES, ...encryption, ...args },
    { parent },
  );
  if (requireTls) {
    new aws.sqs.QueuePolicy(name, { queueUrl: queue.url, policy: tlsOnly("sqs", [queue.arn]) }, { parent });
  }
  return queue;
}

/** A queue for what could not be handled: it keeps messages for as long as SQS can. */
export function deadLetterQueue(name: string, options: QueueOptions): aws.sqs.Queue {
  const args = { messageRetentionSeconds: FOURTEEN_DAYS };
  return encryptedQueue(`${name}-dead`, args, { ...options, name: `${options.name}-dead` });
}

/** What a function needs to send to and receive from a queue with a customer managed key, besides the queue. */
export function keyStatements(keyArn: pulumi.Input<string> | undefined): Statement[] {
  if (keyArn === undefined) return [];
  return [{ actions: ["kms:GenerateDataKey", "kms:Decrypt"], resources: [keyArn] }];
}
