import { DeleteFunctionCommand } from "@aws-sdk/client-lambda";
import { beforeAll, describe, expect, test } from "vitest";
import { expectDeleted, expectNoDrift, useEnvironment } from "../testing/environment";
import { Archive, Asset, string } from "../values";

const PERMISSION = "aws:lambda/permission:Permission";
const CONFIG = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig";
const env = useEnvironment();
let role = "";

beforeAll(async () => {
  const statement = {
    Effect: "Allow",
    Principal: { Service: "lambda.amazonaws.com" },
    Action: "sts:AssumeRole",
  };
  const assumeRolePolicy = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  role = string((await env.engine.create("aws:iam/role:Role", "role", { assumeRolePolicy })).state, "arn");
});

/** A new function. */
async function lambda(name: string): Promise<string> {
  const source = "def handler(event, context):\n    return event\n";
  const made = await env.engine.create("aws:lambda/function:Function", name, {
    code: new Archive({ assets: { "index.py": new Asset({ text: source }) } }, "1"),
    handler: "index.handler",
    role,
    runtime: "python3.11",
  });
  return made.id;
}

describe("a permission", () => {
  test("is given, replaced by any other, imported and taken away", async () => {
    const name = await lambda("called");
    const args = {
      action: "lambda:InvokeFunction",
      function: name,
      principal: "events.amazonaws.com",
      sourceArn: "arn:aws:events:us-east-1:000000000000:rule/tags",
      sourceAccount: "000000000000",
    };
    const permission = await env.engine.create(PERMISSION, "events", args);
    expect(permission.id).toMatch(/^events-[0-9a-f]{7}$/);
    await expectNoDrift(env.engine, permission);
    const imported = await env.engine.import(PERMISSION, `${name}/${permission.id}`);
    expect(imported?.inputs).toEqual(permission.inputs);
    const news = { ...args, principal: "s3.amazonaws.com" };
    expect((await env.engine.diff(permission, news)).replaces).toEqual(["principal"]);
    await expectDeleted(env.engine, permission);
  });

  test("is gone with its function", async () => {
    const name = await lambda("short");
    const args = { action: "lambda:InvokeFunction", function: name, principal: "000000000000" };
    const permission = await env.engine.create(PERMISSION, "account", args);
    await expectNoDrift(env.engine, permission);
    await env.aws.lambda.send(new DeleteFunctionCommand({ FunctionName: name }));
    expect(await env.engine.refresh(permission)).toBeUndefined();
    await env.engine.delete(permission);
  });
});

describe("what becomes of events that a function fails on", () => {
  test("is set, changed in place, imported and unset", async () => {
    const functionName = await lambda("failing");
    const queue = await env.engine.create("aws:sqs/queue:Queue", "q", {});
    const onFailure = { destination: string(queue.state, "arn") };
    const args = { functionName, destinationConfig: { onFailure }, maximumRetryAttempts: 1 };
    const config = await env.engine.create(CONFIG, "c", args);
    await expectNoDrift(env.engine, config);
    expect((await env.engine.import(CONFIG, functionName))?.inputs).toEqual(config.inputs);
    const news = { functionName, maximumEventAgeInSeconds: 60 };
    expect((await env.engine.diff(config, news)).replaces).toEqual([]);
    const updated = await env.engine.update(config, news);
    await expectNoDrift(env.engine, updated);
    await expectDeleted(env.engine, updated);
  });
});
