import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/** One line of a graph. */
export interface Metric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, pulumi.Input<string>>>;
  /** Such as `Sum`, `Maximum` or `p99`. */
  readonly statistic: string;
}

/** Graphs by title. */
export type Graphs = Readonly<Record<string, readonly Metric[]>>;

/** A dashboard is 24 columns wide; a graph takes a third of them. */
const WIDTH = 8;
const HEIGHT = 6;
const PER_ROW = 24 / WIDTH;
const PERIOD_SECONDS = 60;

/**
 * A CloudWatch dashboard with three graphs per row, in the stack as `dashboard`.
 * @param name what it is called on AWS
 */
export function dashboard(
  name: string,
  region: pulumi.Input<string>,
  graphs: Graphs,
  opts: pulumi.CustomResourceOptions,
): aws.cloudwatch.Dashboard {
  const widgets = Object.entries(graphs).map(([title, metrics], index) => ({
    type: "metric",
    x: (index % PER_ROW) * WIDTH,
    y: Math.floor(index / PER_ROW) * HEIGHT,
    width: WIDTH,
    height: HEIGHT,
    properties: { title, region, view: "timeSeries", period: PERIOD_SECONDS, metrics: metrics.map(line) },
  }));
  return new aws.cloudwatch.Dashboard(
    "dashboard",
    { dashboardName: name, dashboardBody: pulumi.jsonStringify({ widgets }) },
    opts,
  );
}

function line({ namespace, name, dimensions, statistic }: Metric): unknown[] {
  return [namespace, name, ...Object.entries(dimensions).flat(), { stat: statistic }];
}
