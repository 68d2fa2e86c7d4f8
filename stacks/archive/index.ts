import * as path from "node:path";

import * as pulumi from "@pulumi/pulumi";

import { ROOT } from "../../infra/artefact";
import { awsCommand } from "../../infra/aws-command";
import { checkContent, fillBucket } from "../../infra/fill-bucket";
import { MAX_TIMEOUT, MEMORY_RANGE } from "../../infra/function";
import { PrivateBucket } from "../../infra/private-bucket";
import { scenario } from "../../infra/scenario";
import { StateMachine } from "../../infra/state-machine";
import { findContenders } from "./contenders";
import {
  ARCHIVE_PREFIX,
  deployContenders,
  deployHarness,
  SCRATCH_PREFIX,
  SOURCE_PREFIX,
  VERIFY_MEMORY,
} from "./functions";

/** More iterations at once an inline Map does not have (Step Functions Developer Guide). */
const AT_ONCE = [1, 40] as const;

/** Archives of a contender that are verified at the same time. */
const VERIFIED_AT_ONCE = 5;

/** Between two attempts at an invocation that was throttled, seconds at most. */
const MAX_DELAY_SECONDS = 60;

/** The concurrency of the smallest accounts (Lambda quotas: new accounts have less than 1,000). */
const SMALLEST_CONCURRENCY = 10;

/** Events that the history of an execution holds (Step Functions quotas). */
const MAX_EVENTS = 25_000;

/** Runs of each contender, and as many to warm it up. */
const RUNS = [1, 50] as const;

/** Attempts in which those delays have grown from a second. */
const GROWING_ATTEMPTS = 11;

const settings = {
  memory: { default: 512, range: MEMORY_RANGE, description: "memory of each contender, MB" },
  objectCount: { default: 3000, range: [1, 100_000], description: "source objects in the bucket" },
  objectSizeMib: { default: 5, range: [1, 64], description: "mean size of an object, MiB" },
  seed: { default: 1, range: [0, 2 ** 31 - 1], description: "seed of the objects' sizes and contents" },
  runsPerContender: { default: 10, range: RUNS, description: "runs of each contender" },
  runsAtOnce: { default: 1, range: AT_ONCE, description: "runs of a contender at the same time" },
  timeoutSeconds: {
    default: MAX_TIMEOUT,
    range: [1, MAX_TIMEOUT],
    description: "timeout of each contender, seconds",
  },
  maxRunSeconds: {
    default: MAX_TIMEOUT,
    range: [1, MAX_TIMEOUT],
    description: "longest run that counts, seconds",
  },
  maxMeanPlusSigmaSeconds: {
    default: 0,
    range: [0, MAX_TIMEOUT],
    description:
      "what a contender's mean run and one standard deviation must stay below, seconds; 0: no limit",
  },
  contendersAtOnce: { default: 1, range: AT_ONCE, description: "contenders that run at the same time" },
} as const;

/** How often a throttled invocation is tried: as long as all that wait beside it take in the smallest account. */
function throttledAttempts(runsAtOnce: number, contendersAtOnce: number): number {
  const waiting = Math.max(runsAtOnce, VERIFIED_AT_ONCE) * contendersAtOnce;
  const seconds = Math.ceil(waiting / SMALLEST_CONCURRENCY) * MAX_TIMEOUT;
  return GROWING_ATTEMPTS + Math.ceil(seconds / MAX_DELAY_SECONDS);
}

/** The archive contest: who builds one ZIP of all objects of a bucket cheapest, and who fastest? */
export const archive = scenario({
  name: "archive",
  settings,
  check(settings) {
    checkContent("archive", settings);
  },
  deploy({ target, name, parent, settings }) {
    const bucket = new PrivateBucket(
      "bucket",
      { name, requireTls: target.requiresTls("s3"), temporaryPrefixes: [ARCHIVE_PREFIX, SCRATCH_PREFIX] },
      { parent },
    );
    const context = { target, name, bucket, parent };
    const found = findContenders(path.join(ROOT, "contenders"), {
      architecture: target.architecture,
      memory: settings.memory,
      timeout: settings.timeoutSeconds,
    });
    for (const { contender, reason } of found.leftOut) {
      void pulumi.log.warn(`the contender ${contender} is left out: ${reason}`, parent);
    }
    const contenders = deployContenders(found.contenders, context);
    const harness = deployHarness(settings.objectCount, context);

    const filled = fillBucket(
      "archive",
      { target, bucket, prefix: SOURCE_PREFIX, content: settings },
      { parent, dependsOn: [bucket] },
    );
    const arns = pulumi.all(contenders.map(({ arn }) => arn));
    const machine = new StateMachine(
      "contest",
      {
        name,
        file: path.join(__dirname, "definition.asl.json"),
        values: {
          bucket: bucket.name,
          prefix: SOURCE_PREFIX,
          contenderPrefix: `${target.project}-${target.stack}-`,
          contendersAtOnce: settings.contendersAtOnce,
          runsAtOnce: settings.runsAtOnce,
          contenders: pulumi.jsonStringify(arns),
          runsPerContender: settings.runsPerContender,
          minRuns: RUNS[0],
          maxRuns: RUNS[1],
          maxEvents: MAX_EVENTS,
          verifiedAtOnce: VERIFIED_AT_ONCE,
          maxDelaySeconds: MAX_DELAY_SECONDS,
          throttledAttempts: throttledAttempts(settings.runsAtOnce, settings.contendersAtOnce),
          archivePrefix: ARCHIVE_PREFIX,
          preflightArn: harness.preflight.arn,
          verifyArn: harness.verify.arn,
          cleanupArn: harness.cleanup.arn,
        },
        functionArns: [...Object.values(harness), ...contenders].map(({ arn }) => arn),
      },
      { parent, dependsOn: [filled.invocation] },
    );

    const latest = awsCommand(
      machine.arn,
      "stepfunctions list-executions --no-paginate --state-machine-arn",
      machine.arn,
      "--query 'executions[0].executionArn' --output text",
    );
    return {
      outputs: {
        archiveTrigger: awsCommand(
          machine.arn,
          "stepfunctions start-execution --state-machine-arn",
          machine.arn,
        ),
        archiveResults: awsCommand(
          machine.arn,
          pulumi.interpolate`stepfunctions describe-execution --execution-arn "$(${latest})"`,
          // Without an output, what became of it: nothing yet, or an error.
          `--query "output || (status == 'RUNNING' && 'running') || join(': ', [status, error, cause][?@])" --output text`,
        ),
      },
      environment: {
        stateMachine: machine.arn,
        bucket: bucket.name,
        contenders: arns,
        selfInvoking: arns.apply((all) => all.filter((_, index) => found.contenders[index]?.invokesItself)),
        warmupRange: [0, RUNS[1]],
        canPause: true,
        leftOut: found.leftOut,
        functions: {
          fillBucket: filled.function.name,
          ...Object.fromEntries(Object.entries(harness).map(([role, { name }]) => [role, name])),
        },
        verification: { memory: VERIFY_MEMORY, atOnce: VERIFIED_AT_ONCE },
        fillCommand: filled.command,
        sourcePrefix: SOURCE_PREFIX,
        archivePrefix: ARCHIVE_PREFIX,
        scratchPrefix: SCRATCH_PREFIX,
      },
    };
  },
});
