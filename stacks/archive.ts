import * as path from "node:path";

import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

import { ROOT } from "../infra/artefact";
import { awsCommand } from "../infra/command";
import { PrivateBucket } from "../infra/private-bucket";
import { scenario } from "../infra/scenario";
import { StateMachine } from "../infra/state-machine";
import { stop } from "../infra/settings";
import { findContenders } from "./archive-contenders";
import { deployContenders, deployHarness, PREFIX, TEMPORARY_PREFIXES } from "./archive-functions";

const settings = {
  memory: { default: 512, range: [128, 10240], description: "memory of each contender, MB" },
  objectCount: { default: 3000, range: [1, 100_000], description: "source objects in the bucket" },
  objectSizeMib: { default: 5, range: [1, 64], description: "mean size of a source object, MiB" },
  seed: { default: 1, range: [0, 2 ** 31 - 1], description: "seed of the objects' sizes and contents" },
  runsPerContender: { default: 10, range: [1, 50], description: "runs of each contender, at once" },
  timeoutSeconds: { default: 900, range: [1, 900], description: "timeout of each contender, seconds" },
  maxRunSeconds: { default: 900, range: [1, 900], description: "a run that takes longer is out, seconds" },
  contendersAtOnce: { default: 5, range: [1, 40], description: "contenders that run side by side" },
} as const;

/** What one invocation of fill-bucket can write in Lambda's 15 minutes at 75 MB/s, with a third to spare, MiB. */
const MAX_BUCKET_MIB = 40_000;

/** The archive contest: who builds one ZIP of all objects of a bucket cheapest, and who fastest? */
export const archive = scenario({
  name: "archive",
  settings,
  deploy({ target, settings, parent }) {
    if (settings.objectCount * settings.objectSizeMib > MAX_BUCKET_MIB) {
      stop(
        `objectCount ${settings.objectCount} × objectSizeMib ${settings.objectSizeMib} is more than ` +
          `${MAX_BUCKET_MIB} MiB, which is what fill-bucket can write in 15 minutes: make one of them smaller`,
      );
    }
    const name = `${target.project}-${target.stack}-archive`;
    const bucket = new PrivateBucket(
      name.toLowerCase(), // as S3 wants it
      { requireTls: target.requireTls, temporaryPrefixes: TEMPORARY_PREFIXES },
      { parent },
    );
    const contenders = deployContenders(
      findContenders(path.join(ROOT, "contenders"), {
        architecture: target.architecture,
        memory: settings.memory,
        timeout: settings.timeoutSeconds,
      }),
      { target, bucket, parent },
    );
    const harness = deployHarness(settings, contenders, { target, bucket, parent });

    const fillInput = JSON.stringify({
      count: settings.objectCount,
      mean_bytes: settings.objectSizeMib * 2 ** 20,
      seed: settings.seed,
    });
    // Runs again whenever its input changes, and adds and removes only what differs.
    const filled = new aws.lambda.Invocation(
      `${name}-fill`,
      { functionName: harness.fill.name, input: fillInput },
      { parent, dependsOn: [harness.fill, bucket] },
    );
    const machine = new StateMachine(
      {
        name,
        file: path.join(ROOT, "stacks", "archive.asl.json"),
        values: {
          bucket: bucket.name,
          prefix: PREFIX,
          contenderPrefix: `${target.project}-${target.stack}-`,
          contendersAtOnce: settings.contendersAtOnce,
          lastRun: settings.runsPerContender - 1,
          prepareArn: harness.prepare.arn,
          judgeArn: harness.judge.arn,
          scoreArn: harness.score.arn,
          sweepArn: harness.sweep.arn,
        },
        functionArns: [harness.prepare, harness.judge, harness.score, harness.sweep, ...contenders].map(
          ({ arn }) => arn,
        ),
      },
      { parent, dependsOn: [filled] },
    );

    const arns = pulumi.all(contenders.map(({ arn }) => arn));
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
          pulumi.interpolate`--input '${pulumi.jsonStringify({ contenders: arns })}'`,
        ),
        archiveResults: awsCommand(
          machine.arn,
          pulumi.interpolate`stepfunctions describe-execution --execution-arn "$(${latest})"`,
          "--query output --output text",
        ),
      },
      environment: {
        stateMachine: machine.arn,
        bucket: bucket.name,
        contenders: arns,
        functions: Object.fromEntries(Object.entries(harness).map(([role, { name }]) => [role, name])),
        fillCommand: pulumi.interpolate`printf '%s' '${fillInput}' | ${awsCommand(
          harness.fill.arn,
          "lambda invoke --function-name",
          harness.fill.name,
          // `fileb://` means the same to versions 1 and 2 of the AWS CLI.
          "--cli-read-timeout 0 --payload fileb:///dev/stdin /dev/null",
        )}`,
      },
    };
  },
});
