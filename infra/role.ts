import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

import { namePrefix } from "./name-prefix";
import { policyDocument, type Statement, trustPolicy } from "./policy";

/** IAM's limit on a role's name (IAM quotas), characters. */
const MAX_ROLE_NAME = 64;

/** Arguments of {@link ServiceRole}. */
export interface ServiceRoleArgs {
  /** What it is called on AWS: after what assumes it. */
  readonly name: string;
  /** The AWS service that assumes the role, such as `lambda.amazonaws.com`. */
  readonly service: string;
  /** What it may do, and nothing else. */
  readonly statements: readonly Statement[];
  /** The role, where there is one already. */
  readonly role?: aws.iam.Role;
}

/** A role for an AWS service with one inline policy. */
export class ServiceRole extends pulumi.ComponentResource {
  /** Known only once the policy is attached, so that what uses the role never runs without its permissions. */
  readonly arn: pulumi.Output<string>;

  constructor(name: string, args: ServiceRoleArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lambench:infra:ServiceRole", name, {}, opts);
    const role = args.role ?? newRole(name, args, { parent: this });
    const policy = new aws.iam.RolePolicy(
      name,
      { role: role.name, policy: pulumi.jsonStringify(policyDocument(args.statements)) },
      { parent: this },
    );
    this.arn = pulumi.all([role.arn, policy.id]).apply(([arn]) => arn);
    this.registerOutputs({ arn: this.arn });
  }
}

/** A role without permissions for an AWS service. Where its name is cut, its description still says it whole. */
export function newRole(
  name: string,
  args: Pick<ServiceRoleArgs, "name" | "service">,
  opts: pulumi.CustomResourceOptions,
): aws.iam.Role {
  return new aws.iam.Role(
    name,
    {
      namePrefix: namePrefix(args.name, MAX_ROLE_NAME),
      description: args.name,
      assumeRolePolicy: JSON.stringify(trustPolicy(args.service)),
    },
    opts,
  );
}

/** What a function needs to write its own log: the group is made with the function, so it may not make groups. */
export function logStatement(logGroupArn: pulumi.Input<string>): Statement {
  return {
    actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
    resources: [pulumi.interpolate`${logGroupArn}:*`],
  };
}
