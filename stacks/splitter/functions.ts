import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

import { MAX_TIMEOUT, MEMORY_PER_VCPU, RustFunction } from "../../infra/function";
import { type LoadGenerator, loadGenerator } from "../../infra/load-generator";
import { MAX_MESSAGE_BYTES } from "../../infra/queue";
import { RunLog } from "../../infra/run-log";
import type { DeployContext } from "../../infra/scenario";
import { WorkerQueue } from "../../infra/worker-queue";

/** Receives of an item before it goes to the dead-letter queue. */
const MAX_RECEIVES = 4;
/** Retries of an event that the function fails on, before it goes to the dead-letter queue. */
export const EVENT_RETRIES = 2;
/** What an invocation must have left besides an item's own time, or the function doesn't start it. */
export const ITEM_RESERVE_SECONDS = 0.25;
/** The source of events that lambench sends: nobody but AWS can send those of `aws.ec2`. */
export const SOURCE = "lambench.splitter";

/** The settings that the function needs. */
export interface FunctionSettings {
  readonly memory: number;
  readonly timeoutSeconds: number;
  readonly itemSeconds: number;
  readonly batchSize: number;
  readonly concurrency: number;
}

/** The function, its queue, the log it writes, and what sends items without splitting an event. */
export interface Functions {
  readonly worker: RustFunction;
  readonly load: LoadGenerator;
  readonly queue: WorkerQueue;
  readonly runLog: RunLog;
}

/** The function that splits events, and handles the items of its queue; and those that send such items together. */
export function deployFunctions(
  settings: FunctionSettings,
  { target, name, parent }: DeployContext,
): Functions {
  const key = new aws.kms.Key(
    "queues",
    { description: `Queues of ${name}`, enableKeyRotation: true, deletionWindowInDays: 7 },
    { parent },
  );
  const queue = new WorkerQueue(
    "items",
    {
      name,
      consumerTimeout: settings.timeoutSeconds,
      requireTls: target.requiresTls("sqs"),
      keyArn: key.arn,
      maxReceives: MAX_RECEIVES,
    },
    { parent },
  );
  const runLog = new RunLog("runs", { name: `${name}-runs` }, { parent });
  const worker = new RustFunction(
    "worker",
    {
      target,
      bin: "splitter-worker",
      description: "Splits an event of many items into messages of one item, and handles those",
      memory: settings.memory,
      timeout: settings.timeoutSeconds,
      environment: {
        QUEUE_URL: queue.url,
        DEAD_LETTER_URL: queue.deadLetterUrl,
        RUN_LOG_TABLE: runLog.table,
        ITEM_SECONDS: String(settings.itemSeconds),
        ITEM_RESERVE_SECONDS: String(ITEM_RESERVE_SECONDS),
        EVENT_SOURCE: SOURCE,
        MAX_MESSAGE_BYTES: String(MAX_MESSAGE_BYTES),
      },
      statements: [
        ...queue.consumerStatements(),
        { actions: ["sqs:SendMessage"], resources: [queue.arn] },
        ...runLog.writerStatements(),
      ],
    },
    { parent },
  );
  queue.addConsumer(worker, settings);
  subscribe(name, worker, queue, parent);
  const load = deployLoad({ target, name, parent }, queue);
  return { worker, load, queue, runLog };
}

/** Workers that send the messages of items together, and what starts them. */
function deployLoad({ target, name, parent }: DeployContext, queue: WorkerQueue): LoadGenerator {
  // Each request is signed and encrypted: with a whole vCPU, that is not the limit.
  const memory = MEMORY_PER_VCPU;
  const worker = new RustFunction(
    "load",
    {
      target,
      bin: "splitter-load",
      description: "Sends its part of a run's items to the queue, and reports which of them are in it",
      memory,
      timeout: MAX_TIMEOUT,
      environment: { QUEUE_URL: queue.url, EVENT_SOURCE: SOURCE },
      statements: queue.senderStatements(),
    },
    { parent },
  );
  return loadGenerator("load", { name, worker, memory }, { parent });
}

/** Events of tags created or deleted, from EC2 by CloudTrail and from lambench, invoke the function. */
function subscribe(name: string, worker: RustFunction, queue: WorkerQueue, parent: pulumi.Resource): void {
  const rule = new aws.cloudwatch.EventRule(
    "tags",
    {
      name,
      description: "Tags that were created or deleted",
      eventPattern: pulumi.jsonStringify({
        detail: { eventName: ["CreateTags", "DeleteTags"] },
        // Other stacks receive what is put to the bus as well: an event of lambench names the function that is meant.
        $or: [{ source: ["aws.ec2"] }, { source: [SOURCE], resources: [worker.arn] }],
      }),
    },
    { parent },
  );
  const permission = new aws.lambda.Permission(
    "tags",
    {
      action: "lambda:InvokeFunction",
      function: worker.name,
      principal: "events.amazonaws.com",
      sourceArn: rule.arn,
    },
    { parent, dependsOn: [worker] },
  );
  // An event that cannot be split isn't lost either.
  const failures = new aws.lambda.FunctionEventInvokeConfig(
    "tags",
    {
      functionName: worker.name,
      maximumRetryAttempts: EVENT_RETRIES,
      destinationConfig: { onFailure: { destination: queue.deadLetterArn } },
    },
    { parent, dependsOn: [worker] },
  );
  new aws.cloudwatch.EventTarget(
    "tags",
    { rule: rule.name, arn: worker.arn },
    { parent, dependsOn: [permission, failures] },
  );
}
