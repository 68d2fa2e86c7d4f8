import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

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

/** Memory of the function that verifies archives, MB. */
export const VERIFY_MEMORY = 512;

/** All that contenders write. */
const WRITABLE = [ARCHIVE_PREFIX, SCRATCH_PREFIX];

/** What the contest's functions are deployed into. */
export interface FunctionContext extends DeployContext {
  readonly bucket: PrivateBucket;
}

/** The functions that are not contenders. */
export type Harness = Readonly<Record<"preflight" | "verify" | "cleanup", RustFunction>>;

/** A contender as the stack has it: what there is before its function, and then the function. */
class DeployedContender extends pulumi.ComponentResource {
  readonly logGroup: aws.cloudwatch.LogGroup;
  /** What the function is called on AWS. */
  readonly function: string;
  private readonly label: string;

  constructor(
    readonly contender: Contender,
    private readonly context: FunctionContext,
  ) {
    const label = `${contender.lang}-${contender.id}`;
    super("lambench:archive:Contender", label, {}, { parent: context.parent });
    const { target } = context;
    this.label = label;
    this.function = functionName(target, label);
    this.logGroup = functionLogGroup(label, { function: this.function, target }, { parent: this });
  }

  /** Makes the function. @param shared the role of all contenders that don't invoke themselves */
  deploy(shared: ServiceRole): aws.lambda.Function {
    const { contender, context } = this;
    const made = new aws.lambda.Function(
      this.label,
      {
        name: this.function,
        description: `Archive contender ${contender.lang}/${contender.id}`,
        runtime: contender.runtime,
        handler: contender.handler,
        architectures: [contender.architecture],
        code: contenderCode(contender),
        role: (contender.invokesItself ? this.ownRole() : shared).arn,
        memorySize: contender.memory,
        timeout: contender.timeout,
        ephemeralStorage: { size: contender.ephemeralStorage },
        ...(Object.keys(contender.environment).length > 0 && {
          environment: { variables: { ...contender.environment } },
        }),
        ...(contender.lang === "rust" && { tags: functionTags(contender.id, context.target) }),
      },
      { parent: this, dependsOn: [this.logGroup] },
    );
    this.registerOutputs({ arn: made.arn });
    return made;
  }

  private ownRole(): ServiceRole {
    const statements = [logStatement(this.logGroup.arn), invokeItself(this, this.context.target)];
    return role(this.label, this.function, statements, { ...this.context, parent: this });
  }
}

/**
 * One function a contender. Their role may read the sources, write archives, read, list and delete what they need on the way, and
 * nothing else; all have the same one, but those that invoke themselves, which may do that, too.
 */
export function deployContenders(
  contenders: readonly Contender[],
  context: FunctionContext,
): aws.lambda.Function[] {
  const deployments = contenders.map((contender) => new DeployedContender(contender, context));
  const shared = role("contender", `${context.name}-contender`, sharedLogs(deployments), context);
  return deployments.map((one) => one.deploy(shared));
}

function role(
  label: string,
  name: string,
  more: readonly Statement[],
  { bucket, parent }: FunctionContext,
): ServiceRole {
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
  return new ServiceRole(label, { name, service: "lambda.amazonaws.com", statements }, { parent });
}

/** One pattern a language: an ARN each would fill the policy at some forty contenders (IAM quotas: 10,240 characters). */
function sharedLogs(deployments: readonly DeployedContender[]): Statement[] {
  const byLanguage = new Map(deployments.map((one) => [one.contender.lang, one])).values();
  return [...byLanguage].map(({ contender, logGroup }) =>
    logStatement(logGroup.arn.apply((arn) => `${arn.slice(0, -contender.id.length)}*`)),
  );
}

/**
 * Lets a function invoke itself. Its role is there before it is, so its ARN is made of that of its log group. The unqualified ARN
 * doesn't allow invocations that name a version (Lambda Developer Guide): there is none to name.
 */
function invokeItself({ contender, function: name, logGroup }: DeployedContender, target: Target): Statement {
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
  const make = (name: string, args: Omit<RustFunctionArgs, "target" | "bin">): RustFunction =>
    new RustFunction(name, { target, bin: `archive-${name}`, ...args }, { parent });
  return {
    preflight: make("preflight", {
      description: "Checks that the source bucket matches the settings",
      memory: 256,
      timeout: 300,
      environment: { ...source, OBJECT_COUNT: String(objectCount) },
      statements: [listStatement(bucket.arn, [`${SOURCE_PREFIX}/`])],
    }),
    verify: make("verify", {
      description: "Verifies an archive byte for byte",
      memory: VERIFY_MEMORY,
      timeout: MAX_TIMEOUT,
      environment: source,
      statements: [
        // Not only below a prefix: without the right to list, S3 says of a missing archive that it is forbidden.
        { actions: ["s3:ListBucket"], resources: [bucket.arn] },
        { actions: ["s3:GetObject"], resources: objects(bucket.arn, [ARCHIVE_PREFIX]) },
      ],
    }),
    cleanup: make("cleanup", {
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
