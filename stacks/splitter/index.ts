import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

import { awsCommand } from "../../infra/aws-command";
import { MAX_TIMEOUT, MEMORY_RANGE } from "../../infra/function";
import { setCommand } from "../../infra/pulumi-command";
import { scenario } from "../../infra/scenario";
import { stop } from "../../infra/stop";
import type { RunLog } from "../../infra/run-log";
import type { WorkerQueue } from "../../infra/worker-queue";
import {
  deployFunctions,
  EVENT_RETRIES,
  type FunctionSettings,
  ITEM_RESERVE_SECONDS,
  SOURCE,
} from "./functions";

const settings = {
  memory: { default: 128, range: MEMORY_RANGE, description: "memory of the function, MB" },
  timeoutSeconds: { default: 30, range: [3, MAX_TIMEOUT], description: "timeout of the function, seconds" },
  itemSeconds: { default: 5, range: [0, 840], step: 0.1, description: "how long an item takes, seconds" },
  concurrency: { default: 10, range: [2, 1000], description: "concurrent invocations by the queue" },
  batchSize: { default: 1, range: [1, 10], description: "items per invocation" },
} as const;

/** What does fan-out through a queue buy? */
export const splitter = scenario({
  name: "splitter",
  settings,
  check: checkTime,
  deploy({ target, name, parent, settings }) {
    const { worker, load, queue, runLog } = deployFunctions(settings, { target, name, parent });
    alarm(name, queue, parent);

    return {
      outputs: {
        splitterTrigger: awsCommand(
          worker.arn,
          pulumi.interpolate`events put-events --entries '${pulumi.jsonStringify([example(worker.arn)])}'`,
        ),
        splitterResults: results(runLog),
      },
      environment: {
        queue: queue.location(),
        runLog: { table: runLog.table },
        eventBus: "default",
        source: SOURCE,
        functions: { worker: worker.name },
        functionArn: worker.arn,
        itemReserveSeconds: ITEM_RESERVE_SECONDS,
        eventRetries: EVENT_RETRIES,
        load,
      },
    };
  },
});

/** Stops if the items that the function gets at once don't fit into its timeout. */
function checkTime({ timeoutSeconds, itemSeconds, batchSize }: FunctionSettings): void {
  const needed = batchSize * (itemSeconds + ITEM_RESERVE_SECONDS);
  if (needed < timeoutSeconds) return;
  const items = batchSize === 1 ? "an item" : `${batchSize} items`;
  const ample = Math.ceil(needed) + 5;
  const longest = settings.timeoutSeconds.range[1];
  const remedy =
    ample <= longest
      ? setCommand(["splitter", "timeoutSeconds"], ample)
      : setCommand(["splitter", "batchSize"], 1);
  stop(
    `${items} of ${itemSeconds} s, plus the ${ITEM_RESERVE_SECONDS} s that each needs in addition, don't fit into a ` +
      `timeout of ${timeoutSeconds} s: ${remedy}`,
  );
}

/** A command line that prints the entries of the run whose event or item was started last. */
function results({ arn, table }: RunLog): pulumi.Output<string> {
  const latest = awsCommand(
    arn,
    "dynamodb scan --table-name",
    table,
    // As JSON, since text is printed page by page. The name of the run's partition is behind a `#`.
    "--query 'max_by(Items[?started_us], &started_us.N).run.S' --output json",
  );
  const entries = awsCommand(
    arn,
    "dynamodb scan --table-name",
    table,
    `--filter-expression 'begins_with(#run, :run)' --expression-attribute-names '{"#run": "run"}'`,
    String.raw`--expression-attribute-values "{\":run\": {\"S\": \"` + "${run%#*}" + String.raw`#\"}}"`,
    "--query 'sort_by(Items[].{run: run.S, item: item.S, attempts: attempts.N, " +
      "started_us: started_us.N, ended_us: ended_us.N}, &item)' --output table",
  );
  // In a shell of its own, whose variable is nobody else's.
  return pulumi.interpolate`(run="$(${latest} | tr -d '"')" && ${entries})`;
}

function alarm(name: string, queue: WorkerQueue, parent: pulumi.Resource): void {
  new aws.cloudwatch.MetricAlarm(
    "dead-letters",
    {
      name: `${name}-dead`,
      alarmDescription: "Items or events of the splitter were dead-lettered",
      namespace: "AWS/SQS",
      metricName: "ApproximateNumberOfMessagesVisible",
      dimensions: { QueueName: `${queue.name}-dead` },
      statistic: "Maximum",
      period: 60,
      evaluationPeriods: 1,
      comparisonOperator: "GreaterThanThreshold",
      threshold: 0,
      treatMissingData: "notBreaching",
    },
    { parent },
  );
}

/** Five tags on one instance, as CloudTrail reports them, for one function. */
function example(functionArn: pulumi.Input<string>): Record<string, unknown> {
  const tags = ["Owner", "Team", "Stage", "Project", "Cost"].map((tag) => ({ key: tag, value: "example" }));
  const detail = {
    eventName: "CreateTags",
    requestParameters: {
      resourcesSet: { items: [{ resourceId: "i-0123456789abcdef0" }] },
      tagSet: { items: tags },
    },
  };
  return {
    Source: SOURCE,
    Resources: [functionArn],
    DetailType: "AWS API Call via CloudTrail",
    Detail: JSON.stringify(detail),
  };
}
