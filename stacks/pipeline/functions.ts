import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

import { functionName, MAX_TIMEOUT, RustFunction, type RustFunctionArgs } from "../../infra/function";
import type { Postgres } from "../../infra/postgres";
import type { PrivateNetwork } from "../../infra/private-network";
import type { DeployContext } from "../../infra/scenario";
import { StreamSource } from "../../infra/stream-source";

/** An HTTP API answers within 30 s, whatever its function does: one that hangs had better end early, seconds. */
const ANSWER_TIMEOUT = 10;

/** Where CloudWatch has the functions' metrics. */
export const METRICS_NAMESPACE = "ServerlessDataProcessingPipeline/Latencies";

/** The functions that speak PostgreSQL, and so run in the database's network. */
export function inNetwork(driver: FunctionSettings["driver"]): string[] {
  return ["migrate", "tally", ...(driver === "sqlx" ? ["downstream"] : [])];
}

/** The settings that functions need. */
export interface FunctionSettings {
  readonly memory: number;
  readonly timeoutSeconds: number;
  readonly batchSize: number;
  readonly batchWindowSeconds: number;
  readonly parallelization: number;
  readonly retries: number;
  readonly fanOut: "off" | "on";
  readonly driver: "sqlx" | "data-api";
  readonly statementTimeoutSeconds: number;
}

/** What the pipeline's functions are deployed into. */
export interface FunctionContext extends DeployContext {
  readonly network: PrivateNetwork;
  readonly postgres: Postgres;
  readonly stream: aws.kinesis.Stream;
  readonly table: aws.dynamodb.Table;
}

/** A function that reads a stream. */
export interface Reader {
  readonly reader: RustFunction;
  readonly source: StreamSource;
}

/** What the pipeline is made of. */
export interface Functions {
  readonly upstream: RustFunction;
  readonly midstream: Reader;
  readonly downstream: Reader;
  readonly migrate: RustFunction;
  readonly tally: RustFunction;
}

/** The functions of the pipeline, from the API's to the one that asks the database what has arrived. */
export function deployFunctions(settings: FunctionSettings, context: FunctionContext): Functions {
  return {
    upstream: deployUpstream(settings, context),
    midstream: deployMidstream(settings, context),
    downstream: deployDownstream(settings, context),
    ...deployHarness(settings, context),
  };
}

function deployUpstream(
  settings: FunctionSettings,
  { target, stream, parent }: FunctionContext,
): RustFunction {
  return new RustFunction(
    "upstream",
    {
      target,
      bin: "pipeline-upstream",
      description: "Checks a message and puts it into the Kinesis stream",
      memory: settings.memory,
      timeout: ANSWER_TIMEOUT,
      environment: { STREAM_NAME: stream.name },
      statements: [{ actions: ["kinesis:PutRecord"], resources: [stream.arn] }],
    },
    { parent },
  );
}

function deployMidstream(settings: FunctionSettings, context: FunctionContext): Reader {
  const { name, stream, table, parent } = context;
  const consumer =
    settings.fanOut === "on"
      ? new aws.kinesis.StreamConsumer("midstream", { name, streamArn: stream.arn }, { parent })
      : undefined;
  return deployReader("midstream", settings, context, {
    service: "kinesis",
    streamArn: stream.arn,
    consumerArn: consumer?.arn,
    description: "Writes the stream's messages to the DynamoDB table",
    environment: { TABLE_NAME: table.name },
    statements: [{ actions: ["dynamodb:BatchWriteItem"], resources: [table.arn] }],
  });
}

function deployDownstream(settings: FunctionSettings, context: FunctionContext): Reader {
  const { postgres, table, network } = context;
  const access =
    settings.driver === "sqlx"
      ? { network, statements: postgres.loginStatements() }
      : { statements: postgres.dataApiStatements() };
  return deployReader("downstream", settings, context, {
    service: "dynamodb",
    streamArn: table.streamArn,
    description: "Writes the table's new items to PostgreSQL",
    environment: { ...database(settings, postgres), DRIVER: settings.driver },
    ...access,
  });
}

/** What is different between the readers. */
type ReaderArgs = Pick<RustFunctionArgs, "description" | "environment" | "statements" | "network"> & {
  readonly service: "kinesis" | "dynamodb";
  readonly streamArn: pulumi.Input<string>;
  readonly consumerArn?: pulumi.Input<string>;
};

function deployReader(
  name: string,
  settings: FunctionSettings,
  { target, parent }: FunctionContext,
  args: ReaderArgs,
): Reader {
  const { service, streamArn, consumerArn, ...own } = args;
  const bin = `pipeline-${name}`;
  const source = new StreamSource(
    name,
    {
      name: functionName(target, bin),
      service,
      streamArn,
      consumerArn,
      requireTls: target.requiresTls("sqs"),
    },
    { parent },
  );
  const reader = new RustFunction(
    name,
    {
      target,
      bin,
      memory: settings.memory,
      timeout: settings.timeoutSeconds,
      ...own,
      environment: { ...own.environment, DEAD_LETTER_URL: source.deadLetterUrl, METRICS_NAMESPACE },
      statements: [...own.statements, ...source.consumerStatements()],
    },
    { parent },
  );
  return { reader, source };
}

function deployHarness(settings: FunctionSettings, { target, network, postgres, parent }: FunctionContext) {
  const inDatabase = {
    target,
    memory: 512,
    timeout: MAX_TIMEOUT,
    environment: database(settings, postgres),
    network,
    statements: postgres.loginStatements(),
  };
  const make = (name: string, description: string): RustFunction =>
    new RustFunction(name, { bin: `pipeline-${name}`, description, ...inDatabase }, { parent });
  return {
    migrate: make("migrate", "Creates the table of messages"),
    tally: make("tally", "Reports which messages have become rows, and how long each hop took"),
  };
}

function database(settings: FunctionSettings, postgres: Postgres): Record<string, pulumi.Input<string>> {
  return {
    ...postgres.environment(),
    STATEMENT_TIMEOUT_MS: String(settings.statementTimeoutSeconds * 1000),
  };
}
