import type * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

import { dashboard, type Metric } from "../../infra/dashboard";
import type { Road } from "./functions";

/** What the dashboard is about. */
export interface Subjects {
  readonly roads: Readonly<Record<string, Road>>;
  readonly table: aws.dynamodb.Table;
}

/** Both roads side by side, and what holds them up, in nine graphs. */
export function deployDashboard(
  name: string,
  region: pulumi.Input<string>,
  { roads, table }: Subjects,
  opts: pulumi.CustomResourceOptions,
): aws.cloudwatch.Dashboard {
  const objects = (metric: string, statistic: string): Metric[] =>
    Object.keys(roads).map((variant) => ({
      namespace: "lambench/s3-read",
      name: metric,
      dimensions: { Variant: variant },
      statistic,
    }));
  const queue = (metric: string, dead = ""): Metric[] =>
    Object.values(roads).map((road) => ({
      namespace: "AWS/SQS",
      name: metric,
      dimensions: { QueueName: `${road.queue.name}${dead}` },
      statistic: "Maximum",
    }));
  const readers = (metric: string, statistic: string): Metric[] =>
    Object.values(roads).map(({ reader }) => ({
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
      "Bytes a minute": objects("Bytes", "Sum"),
      "Objects a minute, and failures": [...objects("Bytes", "SampleCount"), ...objects("Failures", "Sum")],
      "Queue depth": [
        ...queue("ApproximateNumberOfMessagesVisible"),
        ...queue("ApproximateNumberOfMessagesVisible", "-dead"),
      ],
      "Age of the oldest message (s)": queue("ApproximateAgeOfOldestMessage"),
      "Readers at once": readers("ConcurrentExecutions", "Maximum"),
      "Reader errors and throttles": [...readers("Errors", "Sum"), ...readers("Throttles", "Sum")],
      "Table: units written, requests throttled": [
        writes("ConsumedWriteCapacityUnits"),
        writes("WriteThrottleEvents"),
      ],
    },
    opts,
  );
}
