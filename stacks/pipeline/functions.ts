import type * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

import { MAX_TIMEOUT, RustFunction, type RustFunctionArgs } from "../../infra/function";
import type { Postgres } from "../../infra/postgres";
import type { PrivateNetwork } from "../../infra/private-network";
import { StreamSource } from "../../infra/stream-source";
import type { Target } from "../../infra/target";

/** An HTTP API answers within 30 s, whatever its function does: one that hangs is better ended early, seconds. */
const ANSWER_TIMEOUT = 10;

/** The settings that functions need. */
export interface FunctionSettings {
  readonly memory: number;
  readonly timeoutSeconds: number;
  readonly batchSize: number;
  readonly batchWindowSeconds: number;
  readonly parallelization: number;
  readonly retries: number;
  readonly driver: "sqlx" | "data-api";
  readonly statementTimeoutSeconds: number;
}

/** What the functions of the pipeline stand in. */
export interface Place {
  readonly target: Target;
  readonly network: PrivateNetwork;
  readonly postgres: Postgres;
  readonly stream: aws.kinesis.Stream;
  readonly table: aws.dynamodb.Table;
  readonly parent: pulumi.Resource;
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
export function deployFunctions(settings: FunctionSettings, place: Place): Functions {
  return {
    upstream: deployUpstream(settings, place),
    midstream: deployMidstream(settings, place),
    downstream: deployDownstream(settings, place),
    ...deployHarness(settings, place),
  };
}

function deployUpstream(settings: FunctionSettings, { target, stream, parent }: Place): RustFunction {
  return new RustFunction(
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

function deployMidstream(settings: FunctionSettings, place: Place): Reader {
  const { stream, table } = place;
  return deployReader(settings, place, {
    service: "kinesis",
    streamArn: stream.arn,
    bin: "pipeline-midstream",
    description: "Writes the stream's messages to the DynamoDB table",
    environment: { TABLE_NAME: table.name },
    statements: [{ actions: ["dynamodb:BatchWriteItem"], resources: [table.arn] }],
  });
}

function deployDownstream(settings: FunctionSettings, place: Place): Reader {
  const { postgres, table, network } = place;
  const access =
    settings.driver === "sqlx"
      ? { network, statements: postgres.loginStatements() }
      : { statements: postgres.dataApiStatements() };
  return deployReader(settings, place, {
    service: "dynamodb",
    streamArn: table.streamArn,
    bin: "pipeline-downstream",
    description: "Writes the table's new items to PostgreSQL",
    environment: { ...database(settings, postgres), DRIVER: settings.driver },
    ...access,
  });
}

/** What tells one reader from the other. */
type ReaderArgs = Pick<RustFunctionArgs, "bin" | "description" | "environment" | "statements" | "network"> & {
  readonly service: "kinesis" | "dynamodb";
  readonly streamArn: pulumi.Input<string>;
};

function deployReader(settings: FunctionSettings, { target, parent }: Place, args: ReaderArgs): Reader {
  const { service, streamArn, ...own } = args;
  const source = new StreamSource(
    `${target.project}-${target.stack}-${args.bin}`,
    { service, streamArn, requireTls: target.requireTls },
    { parent },
  );
  const reader = new RustFunction(
    {
      target,
      memory: settings.memory,
      timeout: settings.timeoutSeconds,
      ...own,
      environment: { ...own.environment, DEAD_LETTER_URL: source.deadLetterUrl },
      statements: [...own.statements, ...source.consumerStatements()],
    },
    { parent },
  );
  return { reader, source };
}

function deployHarness(settings: FunctionSettings, { target, network, postgres, parent }: Place) {
  const inDatabase = {
    target,
    memory: 512,
    timeout: MAX_TIMEOUT,
    environment: database(settings, postgres),
    network,
    statements: postgres.loginStatements(),
  };
  const make = (bin: string, description: string): RustFunction =>
    new RustFunction({ bin, description, ...inDatabase }, { parent });
  return {
    migrate: make("pipeline-migrate", "Makes the table of messages"),
    tally: make("pipeline-tally", "Tells which messages have become rows, and how long each hop took"),
  };
}

function database(settings: FunctionSettings, postgres: Postgres): Record<string, pulumi.Input<string>> {
  return {
    ...postgres.environment(),
    STATEMENT_TIMEOUT_MS: String(settings.statementTimeoutSeconds * 1000),
  };
}
