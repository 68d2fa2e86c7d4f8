import type * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

import { dashboard, type Metric } from "../../infra/dashboard";
import type { Postgres } from "../../infra/postgres";
import type { Workers } from "./functions";

const ACTIONS = ["INSERT", "SELECT", "SELECT2", "TPCB"];

/** What the dashboard is about. */
export interface Subjects {
  readonly postgres: Postgres;
  readonly workers: Readonly<Record<string, Workers>>;
}

/** The load, the queues, the workers and the database in nine graphs. */
export function deployDashboard(
  name: string,
  region: pulumi.Input<string>,
  { postgres, workers }: Subjects,
  opts: pulumi.CustomResourceOptions,
): aws.cloudwatch.Dashboard {
  const load = (metric: string, statistic: string): Metric[] =>
    ACTIONS.map((action) => ({
      namespace: `PERFORMANCE/AURORA/${postgres.database}`,
      name: metric,
      dimensions: { ACTION: action },
      statistic,
    }));
  const queue = (metric: string, dead = ""): Metric[] =>
    Object.values(workers).map((one) => ({
      namespace: "AWS/SQS",
      name: metric,
      dimensions: { QueueName: `${one.queue.name}${dead}` },
      statistic: "Maximum",
    }));
  const functions = Object.values(workers).flatMap(({ fromQueue, fromRamp }) => [fromQueue, fromRamp]);
  const lambda = (metric: string, statistic: string): Metric[] =>
    functions.map((one) => ({
      namespace: "AWS/Lambda",
      name: metric,
      dimensions: { FunctionName: one.name },
      statistic,
    }));
  const database = (metric: string): Metric[] => [
    {
      namespace: "AWS/RDS",
      name: metric,
      dimensions: { DBClusterIdentifier: postgres.identifier },
      statistic: "Average",
    },
  ];
  return dashboard(
    name,
    region,
    {
      "Statement duration, p50 (ms)": load("DURATION", "p50"),
      "Statement duration, p99 (ms)": load("DURATION", "p99"),
      "Completions a minute": load("COMPLETIONS", "Sum"),
      "Queue depth": [
        ...queue("ApproximateNumberOfMessagesVisible"),
        ...queue("ApproximateNumberOfMessagesVisible", "-dead"),
      ],
      "Workers at once": lambda("ConcurrentExecutions", "Maximum"),
      "Worker errors and throttles": [...lambda("Errors", "Sum"), ...lambda("Throttles", "Sum")],
      "Aurora capacity (ACUs)": database("ServerlessDatabaseCapacity"),
      Connections: database("DatabaseConnections"),
      "Aurora CPU (%)": database("CPUUtilization"),
    },
    opts,
  );
}
