import * as pulumi from "@pulumi/pulumi";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";

import { readSettings } from "./configuration";
import type { SettingsTable, SettingValues } from "./settings";

const table = {
  memory: { default: 512, range: [128, 10240], description: "memory, MB" },
  objectCount: { default: 3000, range: [1, 100_000], description: "source objects" },
  minCapacity: { default: 0.5, range: [0, 256], step: 0.5, description: "ACUs" },
  apiAuth: { default: "iam", choices: ["iam", "none"], description: "who may call the API" },
} as const;

/** The settings of a scenario, alone in its stack or beside others. */
function read<T extends SettingsTable>(
  settings: T,
  others: Readonly<Record<string, SettingsTable>> = {},
): SettingValues<T> {
  const scenario = { name: "relay", settings };
  const beside = Object.entries(others).map(([name, table]) => ({ name, settings: table }));
  return readSettings(scenario, new pulumi.Config("lambench"), [scenario, ...beside]);
}

describe("readSettings", () => {
  beforeAll(async () => {
    await pulumi.runtime.setMocks(
      { newResource: () => ({ id: "id", state: {} }), call: () => ({}) },
      "lambench",
      "dev",
    );
  });
  beforeEach(() => {
    pulumi.runtime.setAllConfig({});
  });

  it("uses the defaults of a stack without configuration", () => {
    expect(read(table)).toEqual({
      memory: 512,
      objectCount: 3000,
      minCapacity: 0.5,
      apiAuth: "iam",
    });
  });

  it("uses what pulumi config set stored, which is text", () => {
    pulumi.runtime.setAllConfig({ "lambench:memory": "1024" });
    expect(read(table).memory).toBe(1024);
  });

  it("takes halves where a setting has them, and nothing between", () => {
    pulumi.runtime.setAllConfig({ "lambench:minCapacity": "1.5" });
    expect(read(table).minCapacity).toBe(1.5);
    pulumi.runtime.setAllConfig({ "lambench:minCapacity": "0.7" });
    expect(() => read(table)).toThrow(
      "minCapacity is '0.7', but must be a multiple of 0.5 from 0 to 256 (ACUs)",
    );
  });

  it("takes text of a form, or none, and refuses any other", () => {
    const name = {
      bucket: {
        default: "",
        pattern: /^[a-z]+$/,
        form: "small letters",
        description: "a bucket of one's own",
      },
    } as const;
    const bucket = (): string => read(name).bucket;
    expect(bucket()).toBe("");
    pulumi.runtime.setAllConfig({ "lambench:bucket": "mine" });
    expect(bucket()).toBe("mine");
    pulumi.runtime.setAllConfig({ "lambench:bucket": "s3://mine" });
    expect(bucket).toThrow(
      "bucket is 's3://mine', but must be small letters (a bucket of one's own): pulumi config rm bucket --stack dev",
    );
  });

  it("takes every tenth where a setting has them", () => {
    const tenths = {
      itemSeconds: { default: 5, range: [0, 840], step: 0.1, description: "seconds" },
    } as const;
    for (const value of ["0.1", "0.3", "0.7", "1.1", "839.9"]) {
      pulumi.runtime.setAllConfig({ "lambench:itemSeconds": value });
      expect(read(tenths).itemSeconds).toBe(Number(value));
    }
    pulumi.runtime.setAllConfig({ "lambench:itemSeconds": "0.25" });
    expect(() => read(tenths)).toThrow("multiple of 0.1");
  });

  it("takes one of a setting's choices, which is all that the program has to handle", () => {
    pulumi.runtime.setAllConfig({ "lambench:apiAuth": "none" });
    const choice: "iam" | "none" = read(table).apiAuth;
    expect(choice).toBe("none");
  });

  it.each(["None", "nome", "", " iam"])(
    "refuses apiAuth '%s' with key, value, choices and command",
    (value) => {
      pulumi.runtime.setAllConfig({ "lambench:apiAuth": value });
      expect(() => read(table)).toThrow(
        `apiAuth is '${value}', but must be one of iam, none (who may call the API): pulumi config set apiAuth iam --stack dev`,
      );
    },
  );

  it.each(["64", "10241", "1.5", "much", "", " "])(
    "refuses memory '%s' with key, value and range",
    (value) => {
      pulumi.runtime.setAllConfig({ "lambench:memory": value });
      expect(() => read(table)).toThrow(
        `memory is '${value}', but must be a whole number from 128 to 10240 (memory, MB): pulumi config set memory 512 --stack dev`,
      );
    },
  );

  it("prefers what is set for the scenario alone, as text or as the number that Pulumi makes of it", () => {
    pulumi.runtime.setAllConfig({ "lambench:memory": "1024", "lambench:relay": '{"memory":2048}' });
    expect(read(table)).toMatchObject({ memory: 2048, objectCount: 3000 });
    pulumi.runtime.setAllConfig({ "lambench:relay": '{"memory":"256","minCapacity":"0.5"}' });
    expect(read(table)).toMatchObject({ memory: 256, minCapacity: 0.5 });
  });

  it("leaves alone what is set for another scenario", () => {
    pulumi.runtime.setAllConfig({ "lambench:memory": "1024", "lambench:other": '{"memory":2048}' });
    expect(read(table, { other: table }).memory).toBe(1024);
  });

  it("refuses a scenario's own value with a command that sets it where it stands", () => {
    pulumi.runtime.setAllConfig({ "lambench:memory": "1024", "lambench:relay": '{"memory":64}' });
    expect(() => read(table)).toThrow(
      "relay.memory is '64', but must be a whole number from 128 to 10240 (memory, MB): " +
        "pulumi config set --path relay.memory 512 --stack dev",
    );
  });

  it.each(["5", "[]", "much", "null"])("refuses %s where a scenario's own settings belong", (value) => {
    pulumi.runtime.setAllConfig({ "lambench:relay": value });
    expect(() => read(table)).toThrow(
      `relay is '${value}', but must be an object of the scenario's settings: ` +
        "pulumi config set --path relay.memory 512 --stack dev",
    );
  });

  describe("of scenarios that share a plain key", () => {
    const small = { batchSize: { default: 5, range: [1, 10], description: "messages" } } as const;
    const large = { batchSize: { default: 100, range: [1, 1000], description: "records" } } as const;

    it("says which of them refuses a value that suits the other, and sets it for that one", () => {
      pulumi.runtime.setAllConfig({ "lambench:batchSize": "100" });
      expect(read(large, { other: small }).batchSize).toBe(100);
      expect(() => read(small, { other: large })).toThrow(
        "batchSize is '100', but relay needs a whole number from 1 to 10 (messages): " +
          "pulumi config set --path relay.batchSize 5 --stack dev",
      );
    });

    it("takes the other's value once the one has its own", () => {
      pulumi.runtime.setAllConfig({ "lambench:batchSize": "100", "lambench:relay": '{"batchSize":5}' });
      expect(read(small, { other: large }).batchSize).toBe(5);
    });

    it("sets it for both where it suits neither", () => {
      pulumi.runtime.setAllConfig({ "lambench:batchSize": "0" });
      expect(() => read(small, { other: large })).toThrow(
        "batchSize is '0', but relay needs a whole number from 1 to 10 (messages): " +
          "pulumi config set batchSize 5 --stack dev",
      );
    });
  });
});
