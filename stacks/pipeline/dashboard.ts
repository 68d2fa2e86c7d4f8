import type * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

import { dashboard, type Metric } from "../../infra/dashboard";
import type { HttpApi } from "../../infra/http-api";
import type { Postgres } from "../../infra/postgres";
import type { Functions } from "./functions";

const LATENCIES = "ServerlessDataProcessingPipeline/Latencies";

/** What the dashboard is about. */
export interface Subjects {
  readonly api: HttpApi;
  readonly stream: aws.kinesis.Stream;
  readonly table: aws.dynamodb.Table;
  readonly functions: Functions;
  readonly postgres: Postgres;
}

/** The way of the messages, and what holds them up, in nine graphs. */
export function deployDashboard(
  name: string,
  region: pulumi.Input<string>,
  { api, stream, table, functions, postgres }: Subjects,
  opts: pulumi.CustomResourceOptions,
): aws.cloudwatch.Dashboard {
  const { upstream, midstream, downstream } = functions;
  const readers = [midstream.reader, downstream.reader];
  const of =
    (namespace: string, dimensions: Metric["dimensions"]) =>
    (metric: string, statistic: string): Metric => ({ namespace, name: metric, dimensions, statistic });
  const gateway = of("AWS/ApiGateway", { ApiId: api.id });
  const kinesis = of("AWS/Kinesis", { StreamName: stream.name });
  const dynamodb = of("AWS/DynamoDB", { TableName: table.name });
  const aurora = of("AWS/RDS", { DBClusterIdentifier: postgres.identifier });
  const hops = (statistic: string): Metric[] =>
    ["stream", "table", "row"].map((hop) => of(LATENCIES, { Hop: hop })("Latency", statistic));
  const lambda = (metric: string, statistic: string, those = [upstream, ...readers]): Metric[] =>
    those.map((one) => of("AWS/Lambda", { FunctionName: one.name })(metric, statistic));
  const dead = [midstream, downstream].map(({ source }) =>
    of("AWS/SQS", { QueueName: source.deadLetters })("ApproximateNumberOfMessagesVisible", "Maximum"),
  );
  return dashboard(
    name,
    region,
    {
      "Requests and errors a minute": ["Count", "4xx", "5xx"].map((metric) => gateway(metric, "Sum")),
      "Request latency (ms)": ["p50", "p99"].map((statistic) => gateway("Latency", statistic)),
      "From arrival to row (ms)": ["p50", "p99"].map((statistic) => of(LATENCIES, {})("Latency", statistic)),
      "Latency by hop, p99 (ms)": hops("p99"),
      "Iterator age (ms)": lambda("IteratorAge", "Maximum", readers),
      "Errors, throttles and dead letters": [
        ...lambda("Errors", "Sum"),
        ...lambda("Throttles", "Sum"),
        ...dead,
      ],
      "Records in and refused": [
        kinesis("IncomingRecords", "Sum"),
        kinesis("WriteProvisionedThroughputExceeded", "Sum"),
        dynamodb("WriteThrottleEvents", "Sum"),
      ],
      "Functions at once": lambda("ConcurrentExecutions", "Maximum"),
      "Aurora capacity (ACUs) and connections": [
        aurora("ServerlessDatabaseCapacity", "Average"),
        aurora("DatabaseConnections", "Average"),
      ],
    },
    opts,
  );
}
