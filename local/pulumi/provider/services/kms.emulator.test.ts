import { DisableKeyCommand } from "@aws-sdk/client-kms";
import { describe, expect, test } from "vitest";
import { expectDeleted, expectNoDrift, refreshed, useEnvironment } from "../testing/environment";
import { string } from "../values";

const KEY = "aws:kms/key:Key";
const ALIAS = "aws:kms/alias:Alias";
const env = useEnvironment();

describe("a key", () => {
  test("is created with every setting, changed in place, imported and deleted", async () => {
    const statement = {
      Effect: "Allow",
      Principal: { AWS: "arn:aws:iam::000000000000:root" },
      Action: "kms:*",
      Resource: "*",
    };
    const policy = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
    const args = {
      deletionWindowInDays: 7,
      description: "Messages",
      enableKeyRotation: true,
      rotationPeriodInDays: 90,
      policy,
      tags: { a: "1" },
    };
    const key = await env.engine.create(KEY, "k", args);
    expect(key.state).toMatchObject({ keyId: key.id, arn: expect.stringContaining(key.id) as string });
    await expectNoDrift(env.engine, key);
    const imported = await env.engine.import(KEY, key.id);
    expect(imported?.inputs).toMatchObject({ enableKeyRotation: true, tags: { a: "1" } });
    const news = { deletionWindowInDays: 7, description: "Others", isEnabled: false, tags: { b: "2" } };
    expect((await env.engine.diff(key, news)).replaces).toEqual([]);
    const disabled = await env.engine.update(key, news);
    await expectNoDrift(env.engine, disabled);
    const enabled = await env.engine.update(disabled, { deletionWindowInDays: 7 });
    await expectNoDrift(env.engine, enabled);
    await expectDeleted(env.engine, enabled);
  });

  test("shows what others changed", async () => {
    const key = await env.engine.create(KEY, "drift", {});
    await env.aws.kms.send(new DisableKeyCommand({ KeyId: key.id }));
    const live = await refreshed(env.engine, key);
    expect((await env.engine.diff(live, {})).changed).toEqual(["isEnabled"]);
  });
});

describe("an alias", () => {
  test("moves to another key in place", async () => {
    const [one, two] = [await env.engine.create(KEY, "one", {}), await env.engine.create(KEY, "two", {})];
    const args = { name: "alias/jobs", targetKeyId: one.id };
    const alias = await env.engine.create(ALIAS, "a", args);
    expect(alias.state.targetKeyArn).toBe(one.state.arn);
    await expectNoDrift(env.engine, alias);
    expect((await env.engine.import(ALIAS, alias.id))?.inputs).toEqual(alias.inputs);
    const news = { ...args, targetKeyId: string(two.state, "arn") };
    expect(await env.engine.diff(alias, news)).toEqual({ changed: ["targetKeyId"], replaces: [] });
    const updated = await env.engine.update(alias, news);
    await expectNoDrift(env.engine, updated);
    await expectDeleted(env.engine, updated);
  });
});
