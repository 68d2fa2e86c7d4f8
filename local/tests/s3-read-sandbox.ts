import { DynamoDBClient, paginateQuery } from "@aws-sdk/client-dynamodb";
import { paginateListObjectsV2, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";

import type { Checkout } from "./checkout";
import { clientConfig, s3Config } from "./clients";
import type { Environment, Variant } from "./s3-read-result";

/** An object that was read. */
export interface Item {
  readonly object: string;
  readonly bytes: number;
  readonly md5: string;
  readonly endedUs: number;
}

/** A deployed s3-read, as its tests change and inspect it. */
export class Sandbox {
  private constructor(
    private readonly checkout: Checkout,
    private readonly environment: Environment,
    private readonly s3: S3Client,
    private readonly sqs: SQSClient,
    private readonly dynamodb: DynamoDBClient,
  ) {}

  static async of(checkout: Checkout, environment: Environment): Promise<Sandbox> {
    const config = await clientConfig(checkout);
    return new Sandbox(
      checkout,
      environment,
      new S3Client(await s3Config(checkout)),
      new SQSClient(config),
      new DynamoDBClient(config),
    );
  }

  /** Writes an object. */
  async put(key: string, body: string, bucket = this.environment.bucket): Promise<void> {
    await this.s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
  }

  /** The objects of the bucket; their entity tags are MD5s, as they were written in one request each. */
  async objects(): Promise<Omit<Item, "endedUs">[]> {
    const objects = [];
    for await (const { Contents = [] } of paginateListObjectsV2(
      { client: this.s3 },
      { Bucket: this.environment.bucket },
    )) {
      for (const { Key = "", Size = 0, ETag = "" } of Contents) {
        objects.push({ object: Key, bytes: Size, md5: ETag.replaceAll('"', "") });
      }
    }
    return objects;
  }

  /** What a variant's readers have stored of a run. */
  async items(run: string, variant: Variant): Promise<Item[]> {
    const items: Item[] = [];
    for await (const { Items = [] } of paginateQuery(
      { client: this.dynamodb },
      {
        TableName: this.environment.table.name,
        KeyConditionExpression: "#run = :run",
        ExpressionAttributeNames: { "#run": "Run" },
        ExpressionAttributeValues: { ":run": { S: `${run}#${variant}` } },
      },
    )) {
      for (const { Fileurl, Filesize, Md5, EndedUs } of Items) {
        items.push({
          object: Fileurl?.S ?? "",
          bytes: Number(Filesize?.N),
          md5: Md5?.S ?? "",
          endedUs: Number(EndedUs?.N),
        });
      }
    }
    return items;
  }

  /** The body of a message that names an object, as the variant's generator writes it. */
  async body(variant: Variant, key: string, seconds = 300): Promise<string> {
    if (variant === "sdk") return key;
    // Version 1 of the AWS CLI signs by Signature Version 4 only outside of us-east-1.
    const url = await this.checkout.ok(
      `aws s3 presign s3://${this.environment.bucket}/${key} --expires-in ${seconds} --region eu-west-1`,
    );
    return Buffer.from(url.trim()).toString("base64");
  }

  /** Puts a message of a run into a variant's queue. */
  async send(variant: Variant, run: string, body: string): Promise<void> {
    await this.sqs.send(
      new SendMessageCommand({
        QueueUrl: this.environment.variants[variant].queue.url,
        MessageBody: body,
        MessageAttributes: { Run: { DataType: "String", StringValue: run } },
      }),
    );
  }

  /** Adds what is in a variant's dead-letter queue to what was there before: reasons by the messages' bodies. */
  async deadLetters(variant: Variant, letters: Map<string, string>): Promise<void> {
    const { Messages = [] } = await this.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: this.environment.variants[variant].queue.deadLetterUrl,
        MaxNumberOfMessages: 10,
        MessageAttributeNames: ["All"],
        VisibilityTimeout: 5,
      }),
    );
    for (const { Body = "", MessageAttributes } of Messages) {
      letters.set(Body, MessageAttributes?.Reason?.StringValue ?? "no reason");
    }
  }
}
