import { GetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";

import type { ClientConfig } from "./clients";

/** How many messages a queue holds, including those that a function is processing. */
export function depth(config: ClientConfig, url: string): () => Promise<number> {
  const client = new SQSClient(config);
  return async () => {
    const { Attributes = {} } = await client.send(
      new GetQueueAttributesCommand({
        QueueUrl: url,
        AttributeNames: ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
      }),
    );
    return Object.values(Attributes).reduce((sum, count) => sum + Number(count), 0);
  };
}
