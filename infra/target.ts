import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

import { setCommand } from "./pulumi-command";
import { stop } from "./stop";

/** An instruction set that Lambda has. */
export type Architecture = "arm64" | "x86_64";

/** Where a stack is deployed to: AWS, or an endpoint that speaks its protocol. */
export interface Target {
  readonly project: string;
  readonly stack: string;
  /** None on AWS. */
  readonly endpoint: string | undefined;
  /** Whether a service's resources refuse requests without TLS: everywhere but behind an endpoint that has none. */
  readonly requiresTls: (service: "s3" | "sqs") => boolean;
  readonly architecture: Architecture;
  readonly logRetentionDays: number;
}

/** Every service a scenario calls; the names are those of the provider's `endpoints`. */
const SERVICES = [
  "apigatewayv2",
  "cloudwatch",
  "dynamodb",
  "ec2",
  "events",
  "iam",
  "kinesis",
  "kms",
  "lambda",
  "logs",
  "rds",
  "s3",
  "sfn",
  "sqs",
  "sts",
] as const;

/** The retention periods that CloudWatch Logs accepts up to a year (API reference of PutRetentionPolicy), days. */
const RETENTION_DAYS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365];

/** Reads the shared settings. */
export function readTarget(config: pulumi.Config, env: NodeJS.ProcessEnv = process.env): Target {
  const endpoint = (config.get("endpoint") ?? "") || env.AWS_ENDPOINT_URL || undefined;
  return {
    project: pulumi.getProject(),
    stack: pulumi.getStack(),
    endpoint,
    requiresTls: (service) => !addressOf(service, endpoint, env)?.startsWith("http:"),
    architecture: architecture(config.get("architecture") ?? "auto", endpoint),
    logRetentionDays: logRetention(config.get("logRetentionDays") ?? "7"),
  };
}

/** The provider for a local endpoint, where S3 may have its own; none on AWS, where the default one does. */
export function makeProvider(target: Target): aws.Provider | undefined {
  const { endpoint } = target;
  if (endpoint === undefined) return undefined;
  return new aws.Provider("endpoint", {
    region: new pulumi.Config("aws").get("region") ?? process.env.AWS_REGION ?? "us-east-1",
    endpoints: [Object.fromEntries(SERVICES.map((service) => [service, addressOf(service, endpoint)]))],
    s3UsePathStyle: true,
    skipCredentialsValidation: true,
    skipMetadataApiCheck: true,
  });
}

/** Where a service is, if not on AWS: S3 may have an endpoint of its own. */
function addressOf(
  service: string,
  endpoint: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): string | undefined {
  return (endpoint !== undefined && service === "s3" && env.AWS_ENDPOINT_URL_S3) || endpoint;
}

function architecture(name: string, endpoint: string | undefined): Architecture {
  switch (name) {
    case "arm64":
    case "x86_64":
      return name;
    case "auto":
      return endpoint !== undefined && process.arch === "x64" ? "x86_64" : "arm64";
    default:
      return stop(
        `architecture is '${name}', but must be arm64, x86_64 or auto: ${setCommand(["architecture"], "auto")}`,
      );
  }
}

function logRetention(text: string): number {
  const days = Number(text);
  if (RETENTION_DAYS.includes(days)) return days;
  const allowed = RETENTION_DAYS.join(", ");
  return stop(
    `logRetentionDays is '${text}', but CloudWatch Logs allows ${allowed}: ${setCommand(["logRetentionDays"], 7)}`,
  );
}
