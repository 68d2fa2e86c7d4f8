import {
  GetQueueAttributesCommand,
  type MessageAttributeValue,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";

import type { ClientConfig } from "./clients";

/** A message as a queue gives it: its body, and its message attributes by name. */
export interface Message {
  readonly body: string;
  readonly attributes: Readonly<Record<string, string | undefined>>;
}

/** A queue of a deployed stack, as somebody else or SQS itself might use it. */
export class Queue {
  private readonly client: SQSClient;

  constructor(
    config: ClientConfig,
    private readonly url: string,
  ) {
    this.client = new SQSClient(config);
  }

  /** How many messages it holds that no function is processing, and how many that one is. */
  async depths(): Promise<{ readonly waiting: number; readonly inFlight: number }> {
    const { Attributes = {} } = await this.client.send(
      new GetQueueAttributesCommand({
        QueueUrl: this.url,
        AttributeNames: ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
      }),
    );
    return {
      waiting: Number(Attributes.ApproximateNumberOfMessages ?? 0),
      inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible ?? 0),
    };
  }

  /** Puts a message into it. */
  async send(body: string, attributes: Readonly<Record<string, string>> = {}): Promise<void> {
    const text = (value: string): MessageAttributeValue => ({ DataType: "String", StringValue: value });
    const typed = Object.entries(attributes).map(([name, value]) => [name, text(value)] as const);
    const MessageAttributes = Object.fromEntries(typed);
    await this.client.send(
      new SendMessageCommand({ QueueUrl: this.url, MessageBody: body, MessageAttributes }),
    );
  }

  /**
   * Up to ten of its messages, as soon as it has any.
   * @param hidden how long nobody else sees them, seconds; as the queue's settings say without it
   */
  async receive(hidden?: number): Promise<Message[]> {
    const { Messages = [] } = await this.client.send(
      new ReceiveMessageCommand({
        QueueUrl: this.url,
        MaxNumberOfMessages: 10,
        MessageAttributeNames: ["All"],
        VisibilityTimeout: hidden,
        WaitTimeSeconds: 1,
      }),
    );
    return Messages.map(({ Body = "", MessageAttributes = {} }) => ({
      body: Body,
      attributes: Object.fromEntries(
        Object.entries(MessageAttributes).map(([name, { StringValue }]) => [name, StringValue]),
      ),
    }));
  }

  /** Removes all messages. */
  async purge(): Promise<void> {
    await this.client.send(new PurgeQueueCommand({ QueueUrl: this.url }));
  }
}

/** How many messages a queue holds, including those that a function is processing. */
export function depth(config: ClientConfig, url: string): () => Promise<number> {
  const queue = new Queue(config, url);
  return async () => {
    const { waiting, inFlight } = await queue.depths();
    return waiting + inFlight;
  };
}
