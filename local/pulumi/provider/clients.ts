import { ApiGatewayV2Client } from "@aws-sdk/client-apigatewayv2";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EC2Client } from "@aws-sdk/client-ec2";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { IAMClient } from "@aws-sdk/client-iam";
import { KinesisClient } from "@aws-sdk/client-kinesis";
import { KMSClient } from "@aws-sdk/client-kms";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { RDSClient } from "@aws-sdk/client-rds";
import { S3Client } from "@aws-sdk/client-s3";
import { SFNClient } from "@aws-sdk/client-sfn";
import { SQSClient } from "@aws-sdk/client-sqs";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import type { types } from "@pulumi/aws";
import { endpointOf, type Settings } from "./config";

/** A service by its name in the official provider's `endpoints`. */
type Service = keyof types.input.ProviderEndpoint;

interface ClientOptions {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials?: Settings["credentials"];
}

/** One SDK client per service, created when it is first used. */
export class Clients {
  readonly #made = new Map<string, unknown>();
  #account: string | undefined;

  /** @param cancelled aborts long waits when the user cancels */
  constructor(
    private readonly settings: Settings,
    private readonly environment: NodeJS.ProcessEnv,
    readonly cancelled: AbortSignal,
  ) {}

  get region(): string {
    return this.settings.region;
  }

  get apigatewayv2(): ApiGatewayV2Client {
    return this.#client("apigatewayv2", (options) => new ApiGatewayV2Client(options));
  }

  get cloudwatch(): CloudWatchClient {
    return this.#client("cloudwatch", (options) => new CloudWatchClient(options));
  }

  get dynamodb(): DynamoDBClient {
    return this.#client("dynamodb", (options) => new DynamoDBClient(options));
  }

  get ec2(): EC2Client {
    return this.#client("ec2", (options) => new EC2Client(options));
  }

  get events(): EventBridgeClient {
    return this.#client("events", (options) => new EventBridgeClient(options));
  }

  get iam(): IAMClient {
    return this.#client("iam", (options) => new IAMClient(options));
  }

  get kinesis(): KinesisClient {
    return this.#client("kinesis", (options) => new KinesisClient(options));
  }

  get kms(): KMSClient {
    return this.#client("kms", (options) => new KMSClient(options));
  }

  get lambda(): LambdaClient {
    return this.#client("lambda", (options) => new LambdaClient(options));
  }

  get logs(): CloudWatchLogsClient {
    return this.#client("logs", (options) => new CloudWatchLogsClient(options));
  }

  get rds(): RDSClient {
    return this.#client("rds", (options) => new RDSClient(options));
  }

  get s3(): S3Client {
    return this.#client("s3", (options) => new S3Client({ ...options, forcePathStyle: true }));
  }

  get sfn(): SFNClient {
    return this.#client("sfn", (options) => new SFNClient(options));
  }

  get sqs(): SQSClient {
    // The SDK would otherwise use a queue's URL as its endpoint.
    return this.#client("sqs", (options) => new SQSClient({ ...options, useQueueUrlAsEndpoint: false }));
  }

  get sts(): STSClient {
    return this.#client("sts", (options) => new STSClient(options));
  }

  /**
   * Asks the endpoint for the caller's identity, so that a stopped environment or rejected credentials end a
   * deployment once, at its start, rather than at each resource. This needs an endpoint for STS.
   */
  async probe(): Promise<void> {
    if (this.settings.endpoints.sts ?? this.environment.AWS_ENDPOINT_URL) {
      await this.sts.send(new GetCallerIdentityCommand());
    }
  }

  /** The account of the credentials. */
  async account(): Promise<string> {
    this.#account ??= (await this.sts.send(new GetCallerIdentityCommand())).Account;
    return this.#account ?? "";
  }

  #client<Client>(service: Service, make: (options: ClientOptions) => Client): Client {
    const made = this.#made.get(service) as Client | undefined;
    if (made) return made;
    const client = make({
      endpoint: endpointOf(this.settings, service, this.environment),
      region: this.settings.region,
      ...(this.settings.credentials && { credentials: this.settings.credentials }),
    });
    this.#made.set(service, client);
    return client;
  }
}
