import * as pulumi from "@pulumi/pulumi";

/** One permission: exact actions on exact resources. */
export interface Statement {
  /** Allow unless said otherwise. */
  readonly effect?: "Allow" | "Deny";
  readonly actions: readonly string[];
  readonly resources: readonly pulumi.Input<string>[];
  /** Operator → key → value, as in an IAM policy. */
  readonly condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
  /** For resource policies: whom the statement is about. */
  readonly principal?: "*" | { readonly Service: string };
}

/** An IAM policy document as an object; JSON-encode it with `pulumi.jsonStringify`. */
export function policyDocument(statements: readonly Statement[]): Record<string, unknown> {
  return {
    Version: "2012-10-17",
    Statement: statements.map((statement) => ({
      Effect: statement.effect ?? "Allow",
      ...(statement.principal && { Principal: statement.principal }),
      Action: statement.actions,
      ...(statement.resources.length > 0 && { Resource: statement.resources }),
      ...(statement.condition && { Condition: statement.condition }),
    })),
  };
}

/** Lets an AWS service, such as `lambda.amazonaws.com`, assume a role. */
export function trustPolicy(service: string): Record<string, unknown> {
  return policyDocument([{ principal: { Service: service }, actions: ["sts:AssumeRole"], resources: [] }]);
}

/** The policy of a resource that refuses every request without TLS, such as `s3` for a bucket and its objects. */
export function tlsOnly(service: string, resources: readonly pulumi.Input<string>[]): pulumi.Output<string> {
  return pulumi.jsonStringify(
    policyDocument([
      {
        effect: "Deny",
        principal: "*",
        actions: [`${service}:*`],
        resources,
        condition: { Bool: { "aws:SecureTransport": "false" } },
      },
    ]),
  );
}
