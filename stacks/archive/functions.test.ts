import * as path from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { ROOT } from "../../infra/artefact";
import { PrivateBucket } from "../../infra/private-bucket";
import { scenario } from "../../infra/scenario";
import { MockedStack } from "../testing";
import type { Contender } from "./contenders";
import { deployContenders } from "./functions";

const contender = (id: string, own: Partial<Contender>): Contender => ({
  lang: "python",
  id,
  folder: path.join(ROOT, "contenders/python/naive"),
  runtime: "python3.13",
  handler: "index.handler",
  architecture: "x86_64",
  memory: 512,
  timeout: 900,
  ephemeralStorage: 512,
  environment: {},
  invokesItself: false,
  ...own,
});

/** A contest of two contenders, without anything around them. */
const contest = scenario({
  name: "archive",
  settings: {},
  deploy({ target, name, parent }) {
    const bucket = new PrivateBucket("bucket", { name, requireTls: true, temporaryPrefixes: [] }, { parent });
    const contenders = [
      contender("plain", {}),
      contender("again", { invokesItself: true, environment: { LEVEL: "1" } }),
    ];
    deployContenders(contenders, { target, name, bucket, parent });
    return { outputs: {}, environment: {} };
  },
});

describe("a contender's function", () => {
  const stack = new MockedStack([]);
  const functions = "arn:aws:lambda:eu-west-1:123456789012:function";
  const itself = `${functions}:lambench-full-python-again`;

  beforeAll(async () => {
    await stack.mock();
    await stack.deploy(contest);
  });
  afterAll(() => {
    stack.remove();
  });

  it("has the variables of its contender.yaml, and else none", () => {
    const variables = stack
      .resources("aws:lambda/function:Function")
      .map(({ name, inputs }) => [name, inputs.environment]);
    expect(Object.fromEntries(variables)).toEqual({
      "lambench-full-python-again": { variables: { LEVEL: "1" } },
      "lambench-full-python-plain": undefined,
    });
  });

  it("may invoke itself and no other one, if its contender.yaml says that it does", () => {
    const invoked = stack.policies().map(([role]) => [role, stack.allowed(role)["lambda:InvokeFunction"]]);
    expect(Object.fromEntries(invoked)).toEqual({
      "lambench-full-archive-contender": undefined,
      "lambench-full-python-again": [itself],
    });
  });

  it("may also invoke the copies of it that are checked, where the stack is not on AWS", async () => {
    const local = new MockedStack([]);
    await local.mock();
    await local.deploy(contest, { endpoint: "http://127.0.0.1:4566" });
    local.remove();
    expect(local.allowed("lambench-full-python-again")["lambda:InvokeFunction"]).toEqual([
      itself,
      `${functions}:lambench-check-*-python-again`,
    ]);
  });

  it("may do nothing else than the others if it invokes itself, and writes no log but its own", () => {
    const own = stack.allowed("lambench-full-python-again");
    const shared = stack.allowed("lambench-full-archive-contender");
    const logs = own["logs:PutLogEvents"];
    expect(logs).toEqual([
      "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/lambench-full-python-again:*",
    ]);
    const invoked = own["lambda:InvokeFunction"];
    expect(own).toEqual({
      ...shared,
      "lambda:InvokeFunction": invoked,
      "logs:PutLogEvents": logs,
      "logs:CreateLogStream": logs,
    });
  });

  it("has its permissions before it is there, so that none of its runs is denied", () => {
    const again = stack.resource("aws:lambda/function:Function", "lambench-full-python-again");
    expect(again.after).toContain("aws:iam/rolePolicy:RolePolicy::python-again");
  });
});
