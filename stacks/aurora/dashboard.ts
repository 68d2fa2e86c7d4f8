import type * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

import { dashboard, type Metric } from "../../infra/dashboard";
import type { Postgres } from "../../infra/postgres";
import { metricsNamespace, type Workers } from "./functions";

const ACTIONS = ["INSERT", "SELECT", "SELECT2", "TPCB"];

/** What the dashboard shows. */
export interface DashboardArgs {
  readonly postgres: Postgres;
  readonly workers: Readonly<Record<string, Workers>>;
}

/** The load, the queues, the workers and the database in nine graphs. */
export function deployDashboard(
  name: string,
  region: pulumi.Input<string>,
  { postgres, workers }: DashboardArgs,
  opts: pulumi.CustomResourceOptions,
): aws.cloudwatch.Dashboard {
  const load = (metric: string, statistic: string): Metric[] =>
    ACTIONS.map((action) => ({
      namespace: metricsNamespace(postgres),
      name: metric,
      dimensions: { ACTION: action },
      statistic,
    }));
  const queueMetric = (metric: string, dead = ""): Metric[] =>
    Object.values(workers).map(({ queue }) => ({
      namespace: "AWS/SQS",
      name: metric,
      dimensions: { QueueName: `${queue.name}${dead}` },
      statistic: "Maximum",
    }));
  const functions = Object.values(workers).flatMap(({ queueWorker, rampWorker }) => [
    queueWorker,
    rampWorker,
  ]);
  const lambda = (metric: string, statistic: string): Metric[] =>
    functions.map(({ name: functionName }) => ({
      namespace: "AWS/Lambda",
      name: metric,
      dimensions: { FunctionName: functionName },
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
      "Completions per minute": load("COMPLETIONS", "Sum"),
      "Queue depth": [
        ...queueMetric("ApproximateNumberOfMessagesVisible"),
        ...queueMetric("ApproximateNumberOfMessagesVisible", "-dead"),
      ],
      "Concurrent workers": lambda("ConcurrentExecutions", "Maximum"),
      "Worker errors and throttles": [...lambda("Errors", "Sum"), ...lambda("Throttles", "Sum")],
      "Aurora capacity (ACUs)": database("ServerlessDatabaseCapacity"),
      Connections: database("DatabaseConnections"),
      "Aurora CPU (%)": database("CPUUtilization"),
    },
    opts,
  );
}
