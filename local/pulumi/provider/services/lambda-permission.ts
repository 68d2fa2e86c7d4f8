import { AddPermissionCommand, GetPolicyCommand, RemovePermissionCommand } from "@aws-sdk/client-lambda";
import type { Clients } from "../clients";
import { orMissing } from "../errors";
import type { Live, ResourceType } from "../resource-type";
import { type Properties, optionalString, string } from "../values";
import { pathOf } from "./path";

const MISSING = "ResourceNotFoundException";

/** A statement in a function's policy: who may invoke it. */
export const permission: ResourceType = {
  inputs: {
    action: { type: "string", required: true },
    function: { type: "string", required: true },
    principal: { type: "string", required: true },
    qualifier: { type: "string" },
    sourceAccount: { type: "string" },
    sourceArn: { type: "string" },
    statementId: { type: "string" },
    statementIdPrefix: { type: "string", unread: true },
  },
  outputs: ["region"],
  name: { property: "statementId", prefix: "statementIdPrefix" },

  async create(aws, inputs) {
    const StatementId = string(inputs, "statementId");
    await aws.lambda.send(
      new AddPermissionCommand({
        Action: string(inputs, "action"),
        FunctionName: string(inputs, "function"),
        Principal: string(inputs, "principal"),
        Qualifier: optionalString(inputs, "qualifier"),
        SourceAccount: optionalString(inputs, "sourceAccount"),
        SourceArn: optionalString(inputs, "sourceArn"),
        StatementId,
      }),
    );
    return { id: StatementId };
  },

  async read(aws, id, known) {
    const [lambda, statementId] = pathOf(id, known, "function");
    const qualifier = optionalString(known, "qualifier");
    const statement = await find(aws, lambda, statementId, qualifier);
    return statement && live(aws, { function: lambda, qualifier, statementId }, known, statement);
  },

  async delete(aws, id, state) {
    const [FunctionName, StatementId] = pathOf(id, state, "function");
    const Qualifier = optionalString(state, "qualifier");
    const request = new RemovePermissionCommand({ FunctionName, Qualifier, StatementId });
    await orMissing(aws.lambda.send(request), MISSING);
  },
};

/** A statement as Lambda writes it. */
interface Statement {
  readonly Sid?: string;
  readonly Action?: string;
  readonly Principal?: string | { readonly Service?: string; readonly AWS?: string };
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

async function find(
  aws: Clients,
  FunctionName: string,
  id: string,
  Qualifier: string | undefined,
): Promise<Statement | undefined> {
  const call = aws.lambda.send(new GetPolicyCommand({ FunctionName, Qualifier }));
  const found = await orMissing(call, MISSING);
  const policy = JSON.parse(found?.Policy ?? "{}") as { Statement?: Statement[] };
  return policy.Statement?.find((one) => one.Sid === id);
}

function live(aws: Clients, place: Properties, known: Properties, statement: Statement): Live {
  return {
    inputs: {
      ...place,
      action: statement.Action,
      principal: principalOf(statement, known),
      sourceAccount: statement.Condition?.StringEquals?.["AWS:SourceAccount"],
      sourceArn: statement.Condition?.ArnLike?.["AWS:SourceArn"],
    },
    outputs: { region: aws.region },
  };
}

/** The principal; Lambda writes an account as the ARN of its root. */
function principalOf({ Principal: principal }: Statement, known: Properties): string | undefined {
  if (principal === undefined || typeof principal === "string") return principal;
  const declared = optionalString(known, "principal");
  const isAccount = declared !== undefined && principal.AWS === `arn:aws:iam::${declared}:root`;
  return isAccount ? declared : (principal.Service ?? principal.AWS);
}
