import {
  DeleteRolePolicyCommand,
  GetRolePolicyCommand,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { describe, expect, test } from "vitest";
import { expectNoDrift, refreshed, useEnvironment } from "../testing/environment";
import { string } from "../values";

const ROLE = "aws:iam/role:Role";
const POLICY = "aws:iam/rolePolicy:RolePolicy";
const env = useEnvironment();

describe("a role", () => {
  test("is created, changed in place and deleted", async () => {
    const args = {
      assumeRolePolicy: trust("lambda.amazonaws.com"),
      description: "one",
      tags: { a: "1", b: "2" },
    };
    const role = await env.engine.create(ROLE, "worker", args);
    expect(role.state.arn).toBe(`arn:aws:iam::000000000000:role/${role.id}`);
    await expectNoDrift(env.engine, role);
    const changes = {
      assumeRolePolicy: trust("states.amazonaws.com"),
      maxSessionDuration: 7200,
      tags: { a: "3" },
    };
    const { changed, replaces } = await env.engine.diff(role, changes);
    expect(changed.sort()).toEqual(["assumeRolePolicy", "description", "maxSessionDuration", "tags"]);
    expect(replaces).toEqual([]);
    const updated = await env.engine.update(role, changes);
    await expectNoDrift(env.engine, updated);
    await env.engine.delete(updated);
    expect(await env.engine.refresh(updated)).toBeUndefined();
    await env.engine.delete(updated);
  });

  test("shows a trust policy that others changed, but not one that is only spelled otherwise", async () => {
    const assumeRolePolicy = JSON.stringify(JSON.parse(trust("lambda.amazonaws.com")), undefined, 2);
    const role = await env.engine.create(ROLE, "trusted", { assumeRolePolicy });
    await expectNoDrift(env.engine, role);
    expect(
      (await env.engine.diff(role, { assumeRolePolicy: trust("lambda.amazonaws.com") })).changed,
    ).toEqual([]);
    const PolicyDocument = trust("ec2.amazonaws.com");
    await env.aws.iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: role.id, PolicyDocument }));
    expect((await refreshed(env.engine, role)).inputs.assumeRolePolicy).toContain("ec2.amazonaws.com");
  });

  test("moves to another path by replacement", async () => {
    const assumeRolePolicy = trust("lambda.amazonaws.com");
    const role = await env.engine.create(ROLE, "moved", { assumeRolePolicy });
    expect((await env.engine.diff(role, { assumeRolePolicy, path: "/x/" })).replaces).toEqual(["path"]);
  });

  test("with forceDetachPolicies goes with the policies that others gave it", async () => {
    const args = { assumeRolePolicy: trust("lambda.amazonaws.com"), forceDetachPolicies: true };
    const role = await env.engine.create(ROLE, "attached", args);
    const put = { RoleName: role.id, PolicyName: "by-hand", PolicyDocument: allow("s3:GetObject") };
    await env.aws.iam.send(new PutRolePolicyCommand(put));
    await env.engine.delete(role);
    expect(await env.engine.refresh(role)).toBeUndefined();
  });
});

describe("a role's policy", () => {
  test("is created, changed in place, imported and deleted", async () => {
    const role = await env.engine.create(ROLE, "r", { assumeRolePolicy: trust("lambda.amazonaws.com") });
    const policy = await env.engine.create(POLICY, "p", { role: role.id, policy: allow("s3:GetObject") });
    await expectNoDrift(env.engine, policy);
    expect((await env.engine.import(POLICY, policy.id))?.inputs).toEqual(policy.inputs);
    const news = { role: role.id, policy: allow("s3:PutObject") };
    expect(await env.engine.diff(policy, news)).toEqual({ changed: ["policy"], replaces: [] });
    const updated = await env.engine.update(policy, news);
    await expectNoDrift(env.engine, updated);
    await env.engine.delete(updated);
    const get = new GetRolePolicyCommand({ RoleName: role.id, PolicyName: string(policy.inputs, "name") });
    await expect(env.aws.iam.send(get)).rejects.toThrow();
    await env.engine.delete(updated);
  });

  test("is missed when others deleted it, and needs a new one for another role", async () => {
    const role = await env.engine.create(ROLE, "r2", { assumeRolePolicy: trust("lambda.amazonaws.com") });
    const args = { role: role.id, name: "given", policy: allow("s3:GetObject") };
    const policy = await env.engine.create(POLICY, "p2", args);
    expect((await env.engine.diff(policy, { ...args, role: "other" })).replaces).toEqual(["role"]);
    await env.aws.iam.send(new DeleteRolePolicyCommand({ RoleName: role.id, PolicyName: "given" }));
    expect(await env.engine.refresh(policy)).toBeUndefined();
  });

  test("with a wrong id says how one looks", async () => {
    await expect(env.engine.import(POLICY, "nonsense")).rejects.toThrow("write it as ROLE:POLICY");
  });
});

function trust(service: string): string {
  const statement = { Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" };
  return JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
}

function allow(action: string): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: action, Resource: "*" }],
  });
}
