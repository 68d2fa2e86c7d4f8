import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

import { awsCommand } from "../infra/command";
import { RustFunction } from "../infra/function";
import { RunLog } from "../infra/run-log";
import { scenario } from "../infra/scenario";
import { stop } from "../infra/settings";
import { WorkerQueue } from "../infra/worker-queue";

const settings = {
  memory: { default: 128, range: [128, 10240], description: "memory of the function, MB" },
  timeoutSeconds: { default: 30, range: [3, 900], description: "timeout of the function, seconds" },
  itemSeconds: { default: 5, range: [0, 840], step: 0.1, description: "how long an item takes, seconds" },
  concurrency: { default: 10, range: [2, 1000], description: "invocations by the queue at once" },
  splitterBatchSize: { default: 1, range: [1, 10], description: "items that the function gets at once" },
} as const;

/** What an invocation must have left besides an item's own time, or the function doesn't begin it. */
const ITEM_RESERVE_SECONDS = 0.25;
/** Receives of an item before it goes to the dead-letter queue. */
const MAX_RECEIVES = 4;
/** Of an event that the function fails on; the last one goes to the dead-letter queue. */
const EVENT_RETRIES = 2;
/** The source of events that lambench sends: nobody but AWS can send those of `aws.ec2`. */
const SOURCE = "lambench.splitter";

/** What does fan-out through a queue buy? */
export const splitter = scenario({
  name: "splitter",
  settings,
  deploy({ target, settings, parent }) {
    const { timeoutSeconds, itemSeconds, splitterBatchSize } = settings;
    checkTime(timeoutSeconds, itemSeconds, splitterBatchSize);
    const name = `${target.project}-${target.stack}-splitter`;
    const key = new aws.kms.Key(
      name,
      { description: `Queues of ${name}`, enableKeyRotation: true, deletionWindowInDays: 7 },
      { parent },
    );
    const queue = new WorkerQueue(
      name,
      {
        consumerTimeout: timeoutSeconds,
        requireTls: target.requireTls,
        keyArn: key.arn,
        maxReceives: MAX_RECEIVES,
      },
      { parent },
    );
    const log = new RunLog(`${name}-runs`, { parent });
    const worker = new RustFunction(
      {
        target,
        bin: "splitter-worker",
        description: "Splits an event of many items into messages of one, and handles those",
        memory: settings.memory,
        timeout: timeoutSeconds,
        environment: {
          QUEUE_URL: queue.url,
          DEAD_LETTER_URL: queue.deadLetterUrl,
          RUN_LOG_TABLE: log.table,
          ITEM_SECONDS: String(itemSeconds),
        },
        statements: [
          ...queue.consumerStatements(),
          { actions: ["sqs:SendMessage"], resources: [queue.arn] },
          ...log.writerStatements(),
        ],
      },
      { parent },
    );
    queue.feed(worker, { batchSize: splitterBatchSize, concurrency: settings.concurrency });
    subscribe(name, worker, queue, parent);
    alarm(name, queue, parent);

    return {
      outputs: {
        splitterTrigger: awsCommand(
          worker.arn,
          pulumi.interpolate`events put-events --entries '${pulumi.jsonStringify([example(worker.arn)])}'`,
        ),
        splitterResults: awsCommand(
          worker.arn,
          "dynamodb scan --table-name",
          log.table,
          "--query 'sort_by(Items[].{run: run.S, item: item.S, attempts: attempts.N, " +
            "started_us: started_us.N, ended_us: ended_us.N}, &item)' --output table",
        ),
      },
      environment: {
        queue: { url: queue.url, arn: queue.arn, deadLetterUrl: queue.deadLetterUrl },
        runLog: { table: log.table },
        eventBus: "default",
        source: SOURCE,
        function: worker.name,
        functionArn: worker.arn,
      },
    };
  },
});

/** Stops if the items that the function gets at once can't be done within its timeout. */
function checkTime(timeoutSeconds: number, itemSeconds: number, batchSize: number): void {
  const needed = batchSize * (itemSeconds + ITEM_RESERVE_SECONDS);
  if (needed < timeoutSeconds) return;
  const items = batchSize === 1 ? "an item" : `${batchSize} items`;
  const ample = Math.ceil(needed) + 5;
  const longest = settings.timeoutSeconds.range[1];
  const advice = ample <= longest ? `timeoutSeconds ${ample}` : "splitterBatchSize 1";
  stop(
    `${items} of ${itemSeconds} s, and the ${ITEM_RESERVE_SECONDS} s that each needs besides, don't fit into a ` +
      `timeout of ${timeoutSeconds} s: pulumi config set ${advice}`,
  );
}

/** Events of tags made or removed, from EC2 by CloudTrail and from lambench, invoke the function. */
function subscribe(name: string, worker: RustFunction, queue: WorkerQueue, parent: pulumi.Resource): void {
  const rule = new aws.cloudwatch.EventRule(
    name,
    {
      name,
      description: "Tags that were made or removed",
      eventPattern: pulumi.jsonStringify({
        detail: { eventName: ["CreateTags", "DeleteTags"] },
        // Other stacks hear what is put to the bus as well: an event of lambench names the function that is meant.
        $or: [{ source: ["aws.ec2"] }, { source: [SOURCE], resources: [worker.arn] }],
      }),
    },
    { parent },
  );
  const permission = new aws.lambda.Permission(
    name,
    {
      action: "lambda:InvokeFunction",
      function: worker.name,
      principal: "events.amazonaws.com",
      sourceArn: rule.arn,
    },
    { parent, dependsOn: [worker] },
  );
  // An event that can't be split isn't lost either.
  const failures = new aws.lambda.FunctionEventInvokeConfig(
    name,
    {
      functionName: worker.name,
      maximumRetryAttempts: EVENT_RETRIES,
      destinationConfig: { onFailure: { destination: queue.deadLetterArn } },
    },
    { parent, dependsOn: [worker] },
  );
  new aws.cloudwatch.EventTarget(
    name,
    { rule: rule.name, arn: worker.arn },
    { parent, dependsOn: [permission, failures] },
  );
}

function alarm(name: string, queue: WorkerQueue, parent: pulumi.Resource): void {
  new aws.cloudwatch.MetricAlarm(
    `${name}-dead`,
    {
      name: `${name}-dead`,
      alarmDescription: "Items or events of the splitter were given up",
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

/** Five tags on one instance, as CloudTrail tells of them, for one function. */
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
