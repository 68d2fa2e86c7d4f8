import type * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

import { dashboard, type Metric } from "../../infra/dashboard";
import type { HttpApi } from "../../infra/http-api";
import type { Postgres } from "../../infra/postgres";
import { type Functions, METRICS_NAMESPACE } from "./functions";

/** What the dashboard shows. */
export interface DashboardArgs {
  readonly api: HttpApi;
  readonly stream: aws.kinesis.Stream;
  readonly table: aws.dynamodb.Table;
  readonly functions: Functions;
  readonly postgres: Postgres;
}

/** The latency of messages, and what delays them, in nine graphs. */
export function deployDashboard(
  name: string,
  region: pulumi.Input<string>,
  { api, stream, table, functions, postgres }: DashboardArgs,
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
    ["stream", "table", "row"].map((hop) => of(METRICS_NAMESPACE, { Hop: hop })("Latency", statistic));
  const lambda = (metric: string, statistic: string, those = [upstream, ...readers]): Metric[] =>
    those.map((each) => of("AWS/Lambda", { FunctionName: each.name })(metric, statistic));
  const dead = [midstream, downstream].map(({ source }) =>
    of("AWS/SQS", { QueueName: source.deadLetterName })("ApproximateNumberOfMessagesVisible", "Maximum"),
  );
  return dashboard(
    name,
    region,
    {
      "Requests and errors per minute": ["Count", "4xx", "5xx"].map((metric) => gateway(metric, "Sum")),
      "Request latency (ms)": ["p50", "p99"].map((statistic) => gateway("Latency", statistic)),
      "From arrival to row (ms)": ["p50", "p99"].map((statistic) =>
        of(METRICS_NAMESPACE, {})("Latency", statistic),
      ),
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
      "Concurrent executions": lambda("ConcurrentExecutions", "Maximum"),
      "Aurora capacity (ACUs) and connections": [
        aurora("ServerlessDatabaseCapacity", "Average"),
        aurora("DatabaseConnections", "Average"),
      ],
    },
    opts,
  );
}
