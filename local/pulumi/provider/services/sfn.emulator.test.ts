import { DeleteStateMachineCommand, UpdateStateMachineCommand } from "@aws-sdk/client-sfn";
import { beforeAll, describe, expect, test } from "vitest";
import { expectNoDrift, refreshed, useEnvironment } from "../testing/environment";
import { string } from "../values";

const MACHINE = "aws:sfn/stateMachine:StateMachine";
const env = useEnvironment();
let roleArn = "";

beforeAll(async () => {
  const statement = {
    Effect: "Allow",
    Principal: { Service: "states.amazonaws.com" },
    Action: "sts:AssumeRole",
  };
  const assumeRolePolicy = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  roleArn = string((await env.engine.create("aws:iam/role:Role", "role", { assumeRolePolicy })).state, "arn");
});

describe("a state machine", () => {
  test("is created, changed in place, imported and deleted", async () => {
    const args = { definition: definition("one"), roleArn, tags: { a: "1" } };
    const machine = await env.engine.create(MACHINE, "flow", args);
    expect(machine.state.arn).toBe(machine.id);
    await expectNoDrift(env.engine, machine);
    expect((await env.engine.import(MACHINE, machine.id))?.inputs).toEqual(machine.inputs);
    const news = { definition: definition("two"), roleArn, tags: { b: "2" } };
    expect(await env.engine.diff(machine, news)).toEqual({ changed: ["definition", "tags"], replaces: [] });
    const updated = await env.engine.update(machine, news);
    expect(updated.state.tagsAll).toEqual({ b: "2" });
    await expectNoDrift(env.engine, updated);
    await env.engine.delete(updated);
    expect(await env.engine.refresh(updated)).toBeUndefined();
    await env.engine.delete(updated);
  });

  test("logs where it is told to, and stops when it is not told to any more", async () => {
    const log = await env.engine.create("aws:cloudwatch/logGroup:LogGroup", "log", {});
    const logDestination = `${string(log.state, "arn")}:*`;
    const loggingConfiguration = { level: "ALL", includeExecutionData: true, logDestination };
    const args = { definition: definition("x"), roleArn };
    const machine = await env.engine.create(MACHINE, "logged", { ...args, loggingConfiguration });
    await expectNoDrift(env.engine, machine);
    const silent = await env.engine.update(machine, args);
    await expectNoDrift(env.engine, silent);
  });

  test("changes its type by replacement", async () => {
    const args = { definition: definition("x"), roleArn };
    const machine = await env.engine.create(MACHINE, "typed", args);
    expect((await env.engine.diff(machine, { ...args, type: "EXPRESS" })).replaces).toEqual(["type"]);
  });

  test("shows a definition that others changed, and that it is gone", async () => {
    const machine = await env.engine.create(MACHINE, "drift", { definition: definition("ours"), roleArn });
    const theirs = { stateMachineArn: machine.id, definition: definition("theirs") };
    await env.aws.sfn.send(new UpdateStateMachineCommand(theirs));
    expect((await refreshed(env.engine, machine)).inputs.definition).toContain("theirs");
    await env.aws.sfn.send(new DeleteStateMachineCommand({ stateMachineArn: machine.id }));
    expect(await env.engine.refresh(machine)).toBeUndefined();
  });
});

function definition(comment: string): string {
  return JSON.stringify({ Comment: comment, StartAt: "Done", States: { Done: { Type: "Pass", End: true } } });
}
