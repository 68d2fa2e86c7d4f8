import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

import { rustArtefact } from "./artefact";
import type { Statement } from "./policy";
import type { PrivateNetwork } from "./private-network";
import { logStatement, ServiceRole } from "./role";
import { stop } from "./stop";
import type { Target } from "./target";

/** What Lambda accepts as a function's memory (Lambda quotas), MB. */
export const MEMORY_RANGE = [128, 10240] as const;
/** The memory at which a function has a whole vCPU (Lambda Developer Guide), MB. */
export const MEMORY_PER_VCPU = 1769;
/** The longest timeout that Lambda accepts (Lambda quotas), seconds. */
export const MAX_TIMEOUT = 900;
/** Lambda's limit on a function's name (API reference of CreateFunction), characters. */
const MAX_NAME = 64;

/** X-Ray has no resources to name (Service Authorization Reference). */
const TRACE: Statement = {
  actions: ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
  resources: ["*"],
};

/** The name of a function: `<project>-<stack>-<rest>`. */
export function functionName(target: Target, rest: string): string {
  const name = `${target.project}-${target.stack}-${rest}`;
  if (name.length > MAX_NAME || !/^[a-zA-Z0-9-_]+$/.test(name)) {
    stop(
      `'${name}' (${name.length} characters) cannot be a function's name: at most ${MAX_NAME} letters, digits, '-' and ` +
        `'_'. Shorten the stack's name, '${target.stack}', or '${rest}'`,
    );
  }
  return name;
}

/** Tags that name a function's Cargo binary and its stack: `lambench local watch` finds its functions by them. */
export function functionTags(bin: string, target: Target): Readonly<Record<string, string>> {
  return { "lambench:binary": bin, "lambench:stack": target.stack };
}

/** The log group of a function, made before it so that its retention holds and `destroy` removes it. */
export function functionLogGroup(
  name: string,
  args: { readonly function: string; readonly target: Target },
  opts: pulumi.CustomResourceOptions,
): aws.cloudwatch.LogGroup {
  return new aws.cloudwatch.LogGroup(
    name,
    { name: `/aws/lambda/${args.function}`, retentionInDays: args.target.logRetentionDays },
    opts,
  );
}

/** Arguments of {@link RustFunction}. */
export interface RustFunctionArgs {
  readonly target: Target;
  /** The Cargo binary. */
  readonly bin: string;
  /** The rest of the function's name; the binary's where a stack has it once. */
  readonly name?: string;
  readonly description: string;
  /** MB. */
  readonly memory: number;
  /** Seconds. */
  readonly timeout: number;
  readonly environment: Readonly<Record<string, pulumi.Input<string>>>;
  /** What it may do besides writing its log. */
  readonly statements: readonly Statement[];
  /** Whether AWS X-Ray traces its invocations, as far as X-Ray's sampling goes. */
  readonly traced?: boolean;
  /** The network it runs in; without one it reaches AWS's endpoints and nothing private. */
  readonly network?: PrivateNetwork;
}

/** A Rust function of the workspace with a role and a log group of its own. */
export class RustFunction extends pulumi.ComponentResource {
  readonly arn: pulumi.Output<string>;
  /** What it is called on AWS. */
  readonly name: string;
  /** The function itself, for what has to wait for it. */
  readonly resource: aws.lambda.Function;

  constructor(name: string, args: RustFunctionArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lambench:infra:RustFunction", name, {}, opts);
    this.name = functionName(args.target, args.name ?? args.bin);
    const logGroup = functionLogGroup(name, { function: this.name, target: args.target }, { parent: this });
    const role = new ServiceRole(
      name,
      {
        name: this.name,
        service: "lambda.amazonaws.com",
        role: args.network?.roleOf(name),
        statements: [...args.statements, logStatement(logGroup.arn), ...(args.traced ? [TRACE] : [])],
      },
      { parent: this },
    );
    this.resource = new aws.lambda.Function(
      name,
      {
        name: this.name,
        description: args.description,
        runtime: "provided.al2023",
        handler: "bootstrap",
        architectures: [args.target.architecture],
        code: rustArtefact(args.bin, args.target.architecture),
        role: role.arn,
        memorySize: args.memory,
        timeout: args.timeout,
        environment: { variables: { ...args.environment } },
        tags: functionTags(args.bin, args.target),
        ...(args.traced && { tracingConfig: { mode: "Active" } }),
        ...(args.network && {
          vpcConfig: { subnetIds: args.network.subnetIds, securityGroupIds: [args.network.functionsGroupId] },
        }),
      },
      { parent: this, dependsOn: [logGroup] },
    );
    this.arn = this.resource.arn;
    this.registerOutputs({ arn: this.arn });
  }
}
