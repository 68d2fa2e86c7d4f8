import type * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

import { dashboard, type Metric } from "../../infra/dashboard";
import { METRICS_NAMESPACE, type VariantFunctions } from "./functions";

/** What the dashboard shows. */
export interface DashboardArgs {
  readonly variants: Readonly<Record<string, VariantFunctions>>;
  readonly table: aws.dynamodb.Table;
}

/** Both variants side by side, and what delays them, in nine graphs. */
export function deployDashboard(
  name: string,
  region: pulumi.Input<string>,
  { variants, table }: DashboardArgs,
  opts: pulumi.CustomResourceOptions,
): aws.cloudwatch.Dashboard {
  const objects = (metric: string, statistic: string): Metric[] =>
    Object.keys(variants).map((variant) => ({
      namespace: METRICS_NAMESPACE,
      name: metric,
      dimensions: { Variant: variant },
      statistic,
    }));
  const queue = (metric: string, dead = ""): Metric[] =>
    Object.values(variants).map((variant) => ({
      namespace: "AWS/SQS",
      name: metric,
      dimensions: { QueueName: `${variant.queue.name}${dead}` },
      statistic: "Maximum",
    }));
  const readers = (metric: string, statistic: string): Metric[] =>
    Object.values(variants).map(({ reader }) => ({
      namespace: "AWS/Lambda",
      name: metric,
      dimensions: { FunctionName: reader.name },
      statistic,
    }));
  const writes = (metric: string): Metric => ({
    namespace: "AWS/DynamoDB",
    name: metric,
    dimensions: { TableName: table.name },
    statistic: "Sum",
  });
  return dashboard(
    name,
    region,
    {
      "First byte, p50 and p99 (ms)": [...objects("FirstByte", "p50"), ...objects("FirstByte", "p99")],
      "Whole object, p50 and p99 (ms)": [...objects("Total", "p50"), ...objects("Total", "p99")],
      "Bytes per minute": objects("Bytes", "Sum"),
      "Objects per minute, and failures": [...objects("Bytes", "SampleCount"), ...objects("Failures", "Sum")],
      "Queue depth": [
        ...queue("ApproximateNumberOfMessagesVisible"),
        ...queue("ApproximateNumberOfMessagesVisible", "-dead"),
      ],
      "Age of the oldest message (s)": queue("ApproximateAgeOfOldestMessage"),
      "Concurrent readers": readers("ConcurrentExecutions", "Maximum"),
      "Reader errors and throttles": [...readers("Errors", "Sum"), ...readers("Throttles", "Sum")],
      "Table: units written, requests throttled": [
        writes("ConsumedWriteCapacityUnits"),
        writes("WriteThrottleEvents"),
      ],
    },
    opts,
  );
}
