import * as aws from "@pulumi/aws";

import {
  functionLogGroup,
  functionName,
  functionTags,
  MAX_TIMEOUT,
  RustFunction,
  type RustFunctionArgs,
} from "../../infra/function";
import type { Statement } from "../../infra/policy";
import { listStatement, objects, type PrivateBucket } from "../../infra/private-bucket";
import { logStatement, ServiceRole } from "../../infra/role";
import type { DeployContext } from "../../infra/scenario";
import type { Target } from "../../infra/target";
import { contenderCode } from "./contender-code";
import type { Contender } from "./contenders";

/** Where the source objects are, without a slash as in the contest's events; the name is part of the contest. */
export const SOURCE_PREFIX = "files";

/** Where contenders write archives. */
export const ARCHIVE_PREFIX = "archives/";

/** Where contenders put what they need on the way. */
export const SCRATCH_PREFIX = "seg-temps/";

/** All that contenders write. */
const WRITABLE = [ARCHIVE_PREFIX, SCRATCH_PREFIX];

/** What the contest's functions are deployed into. */
export interface FunctionContext extends DeployContext {
  readonly bucket: PrivateBucket;
}

/** The functions that are not contenders. */
export type Harness = Readonly<Record<"preflight" | "verify" | "cleanup", RustFunction>>;

/** A contender and what there is of it before its function. */
interface Named {
  readonly contender: Contender;
  /** The function's name. */
  readonly name: string;
  readonly logGroup: aws.cloudwatch.LogGroup;
}

/**
 * One function a contender. Their role may read the sources, write archives, read, list and delete what they need on the way, and
 * nothing else; all have the same one, but those that invoke themselves, which may do that, too.
 */
export function deployContenders(
  contenders: readonly Contender[],
  context: FunctionContext,
): aws.lambda.Function[] {
  const { target, parent } = context;
  const named = contenders.map((contender) => {
    const name = functionName(target, `${contender.lang}-${contender.id}`);
    return { contender, name, logGroup: functionLogGroup(name, target, { parent }) };
  });
  const shared = role(`${context.name}-contender`, sharedLogs(named), context);
  return named.map((one) => {
    const { contender, name, logGroup } = one;
    const own = [logStatement(logGroup.arn), invokeItself(one, target)];
    return new aws.lambda.Function(
      name,
      {
        name,
        description: `Archive contender ${contender.lang}/${contender.id}`,
        runtime: contender.runtime,
        handler: contender.handler,
        architectures: [contender.architecture],
        code: contenderCode(contender),
        role: (contender.invokesItself ? role(name, own, context) : shared).arn,
        memorySize: contender.memory,
        timeout: contender.timeout,
        ephemeralStorage: { size: contender.ephemeralStorage },
        ...(Object.keys(contender.environment).length > 0 && {
          environment: { variables: { ...contender.environment } },
        }),
        ...(contender.lang === "rust" && { tags: functionTags(contender.id, target) }),
      },
      { parent, dependsOn: [logGroup] },
    );
  });
}

function role(name: string, more: readonly Statement[], { bucket, parent }: FunctionContext): ServiceRole {
  const statements = [
    // What is copied has to be read; an archive whose completion wasn't answered too.
    { actions: ["s3:GetObject"], resources: objects(bucket.arn, [`${SOURCE_PREFIX}/`, ...WRITABLE]) },
    listStatement(bucket.arn, [`${SOURCE_PREFIX}/`, SCRATCH_PREFIX]),
    {
      actions: ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
      resources: objects(bucket.arn, WRITABLE),
    },
    { actions: ["s3:DeleteObject"], resources: objects(bucket.arn, [SCRATCH_PREFIX]) },
    // S3 has no condition on the uploads' keys.
    { actions: ["s3:ListBucketMultipartUploads"], resources: [bucket.arn] },
    ...more,
  ];
  return new ServiceRole(name, { service: "lambda.amazonaws.com", statements }, { parent });
}

/** One pattern a language: an ARN each would fill the policy at some forty contenders (IAM quotas: 10,240 characters). */
function sharedLogs(named: readonly Named[]): Statement[] {
  const byLanguage = new Map(named.map((one) => [one.contender.lang, one])).values();
  return [...byLanguage].map(({ contender, logGroup }) =>
    logStatement(logGroup.arn.apply((arn) => `${arn.slice(0, -contender.id.length)}*`)),
  );
}

/**
 * Lets a function invoke itself. Its role is there before it is, so its ARN is made of that of its log group. The unqualified ARN
 * doesn't allow invocations that name a version (Lambda Developer Guide): there is none to name.
 */
function invokeItself({ contender, name, logGroup }: Named, target: Target): Statement {
  const itself = logGroup.arn.apply((group) =>
    group.replace(":logs:", ":lambda:").replace(":log-group:/aws/lambda/", ":function:"),
  );
  const resources = [itself];
  // `lambench check contender` calls copies of it, which it makes only behind an endpoint.
  const copy = `lambench-check-*-${contender.lang}-${contender.id}`;
  if (target.endpoint !== undefined) resources.push(itself.apply((arn) => arn.replace(name, copy)));
  return { actions: ["lambda:InvokeFunction"], resources };
}

/** The functions that check the bucket, verify archives and clean up. */
export function deployHarness(objectCount: number, context: FunctionContext): Harness {
  const { target, bucket, parent } = context;
  const source = { BUCKET: bucket.name, PREFIX: SOURCE_PREFIX };
  const make = (args: Omit<RustFunctionArgs, "target">): RustFunction =>
    new RustFunction({ target, ...args }, { parent });
  return {
    preflight: make({
      bin: "archive-preflight",
      description: "Checks that the source bucket matches the settings",
      memory: 256,
      timeout: 300,
      environment: { ...source, OBJECT_COUNT: String(objectCount) },
      statements: [listStatement(bucket.arn, [`${SOURCE_PREFIX}/`])],
    }),
    verify: make({
      bin: "archive-verify",
      description: "Verifies an archive byte for byte",
      memory: 512,
      timeout: MAX_TIMEOUT,
      environment: source,
      statements: [
        // Not only below a prefix: without the right to list, S3 says of a missing archive that it is forbidden.
        { actions: ["s3:ListBucket"], resources: [bucket.arn] },
        { actions: ["s3:GetObject"], resources: objects(bucket.arn, [ARCHIVE_PREFIX]) },
      ],
    }),
    cleanup: make({
      bin: "archive-cleanup",
      description: "Deletes archives and aborts uploads",
      memory: 256,
      timeout: 300,
      environment: { BUCKET: bucket.name, ARCHIVE_PREFIX, SCRATCH_PREFIX },
      statements: [
        listStatement(bucket.arn, WRITABLE),
        { actions: ["s3:ListBucketMultipartUploads"], resources: [bucket.arn] },
        {
          actions: ["s3:DeleteObject", "s3:AbortMultipartUpload"],
          resources: objects(bucket.arn, WRITABLE),
        },
      ],
    }),
  };
}
