import * as pulumi from "@pulumi/pulumi";
import { beforeEach, describe, expect, it } from "vitest";

import { checkKeys, readSettings } from "./settings";

const table = {
  memory: { default: 512, range: [128, 10240], description: "memory, MB" },
  objectCount: { default: 3000, range: [1, 100_000], description: "source objects" },
  minCapacity: { default: 0.5, range: [0, 256], step: 0.5, description: "ACUs" },
  apiAuth: { default: "iam", choices: ["iam", "none"], description: "who may call the API" },
} as const;

describe("readSettings", () => {
  beforeEach(() => {
    pulumi.runtime.setAllConfig({});
  });

  it("uses the defaults of a stack without configuration", () => {
    expect(readSettings(table, new pulumi.Config("lambench"))).toEqual({
      memory: 512,
      objectCount: 3000,
      minCapacity: 0.5,
      apiAuth: "iam",
    });
  });

  it("uses what pulumi config set stored, which is text", () => {
    pulumi.runtime.setAllConfig({ "lambench:memory": "1024" });
    expect(readSettings(table, new pulumi.Config("lambench")).memory).toBe(1024);
  });

  it("takes halves where a setting has them, and nothing between", () => {
    pulumi.runtime.setAllConfig({ "lambench:minCapacity": "1.5" });
    expect(readSettings(table, new pulumi.Config("lambench")).minCapacity).toBe(1.5);
    pulumi.runtime.setAllConfig({ "lambench:minCapacity": "0.7" });
    expect(() => readSettings(table, new pulumi.Config("lambench"))).toThrow(
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
    const read = (): string => readSettings(name, new pulumi.Config("lambench")).bucket;
    expect(read()).toBe("");
    pulumi.runtime.setAllConfig({ "lambench:bucket": "mine" });
    expect(read()).toBe("mine");
    pulumi.runtime.setAllConfig({ "lambench:bucket": "s3://mine" });
    expect(read).toThrow(
      "bucket is 's3://mine', but must be small letters (a bucket of one's own): pulumi config rm bucket",
    );
  });

  it("takes every tenth where a setting has them", () => {
    const tenths = {
      itemSeconds: { default: 5, range: [0, 840], step: 0.1, description: "seconds" },
    } as const;
    for (const value of ["0.1", "0.3", "0.7", "1.1", "839.9"]) {
      pulumi.runtime.setAllConfig({ "lambench:itemSeconds": value });
      expect(readSettings(tenths, new pulumi.Config("lambench")).itemSeconds).toBe(Number(value));
    }
    pulumi.runtime.setAllConfig({ "lambench:itemSeconds": "0.25" });
    expect(() => readSettings(tenths, new pulumi.Config("lambench"))).toThrow("multiple of 0.1");
  });

  it("takes one of a setting's choices, which is all that the program has to handle", () => {
    pulumi.runtime.setAllConfig({ "lambench:apiAuth": "none" });
    const choice: "iam" | "none" = readSettings(table, new pulumi.Config("lambench")).apiAuth;
    expect(choice).toBe("none");
  });

  it.each(["None", "nome", "", " iam"])(
    "refuses apiAuth '%s' with key, value, choices and command",
    (value) => {
      pulumi.runtime.setAllConfig({ "lambench:apiAuth": value });
      expect(() => readSettings(table, new pulumi.Config("lambench"))).toThrow(
        `apiAuth is '${value}', but must be one of iam, none (who may call the API): pulumi config set apiAuth iam`,
      );
    },
  );

  it.each(["64", "10241", "1.5", "much", "", " "])(
    "refuses memory '%s' with key, value and range",
    (value) => {
      pulumi.runtime.setAllConfig({ "lambench:memory": value });
      expect(() => readSettings(table, new pulumi.Config("lambench"))).toThrow(
        `memory is '${value}', but must be a whole number from 128 to 10240 (memory, MB)`,
      );
    },
  );
});

describe("checkKeys", () => {
  const scenarios = [{ settings: table }];

  it("names the setting that was probably meant", () => {
    expect(() => {
      checkKeys("lambench", ["lambench:memroy"], scenarios);
    }).toThrow("unknown setting 'memroy': did you mean 'memory'? To remove it: pulumi config rm memroy");
  });

  it("lists what there is if nothing comes near", () => {
    expect(() => {
      checkKeys("lambench", ["lambench:flavour"], scenarios);
    }).toThrow(
      /known are: scenarios, architecture, endpoint, logRetentionDays, memory, objectCount, minCapacity, apiAuth/,
    );
  });

  it("accepts shared settings, the scenarios' own and other projects' keys", () => {
    expect(() => {
      checkKeys("lambench", ["lambench:endpoint", "lambench:objectCount", "aws:region"], scenarios);
    }).not.toThrow();
  });
});
