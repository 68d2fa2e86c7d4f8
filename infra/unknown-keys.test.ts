import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";

import { checkKeys } from "./unknown-keys";

const settings = {
  memory: { default: 512, range: [128, 10240], description: "memory, MB" },
  objectCount: { default: 3000, range: [1, 100_000], description: "source objects" },
  minCapacity: { default: 0.5, range: [0, 256], step: 0.5, description: "ACUs" },
  apiAuth: { default: "iam", choices: ["iam", "none"], description: "who may call the API" },
} as const;

/** Checks the configuration of a stack with the scenario `s3-read`; there is one more, `pipeline`. */
function check(configuration: Readonly<Record<string, string>>): void {
  pulumi.runtime.setAllConfig({ ...configuration });
  const config = new pulumi.Config("lambench");
  checkKeys(config, Object.keys(configuration), [{ name: "s3-read", settings }], ["s3-read", "pipeline"]);
}

describe("checkKeys", () => {
  beforeAll(async () => {
    await pulumi.runtime.setMocks(
      { newResource: () => ({ id: "id", state: {} }), call: () => ({}) },
      "lambench",
      "dev",
    );
  });

  it("names the setting that was probably meant", () => {
    expect(() => {
      check({ "lambench:memroy": "512" });
    }).toThrow(
      "unknown setting 'memroy': did you mean 'memory'? To remove it: pulumi config rm memroy --stack dev",
    );
  });

  it("lists what there is if nothing comes near", () => {
    expect(() => {
      check({ "lambench:flavour": "sweet" });
    }).toThrow(
      /known settings: scenarios, architecture, endpoint, logRetentionDays, memory, objectCount, minCapacity, apiAuth/,
    );
  });

  it("accepts shared settings, the scenarios' own and other projects' keys", () => {
    expect(() => {
      check({
        "lambench:endpoint": "",
        "lambench:objectCount": "5",
        "lambench:s3-read": '{"memory":1024}',
        "aws:region": "eu-west-1",
      });
    }).not.toThrow();
  });

  it("looks into a scenario's own settings as well", () => {
    expect(() => {
      check({ "lambench:s3-read": '{"memroy":1024}' });
    }).toThrow(
      "unknown setting 's3-read.memroy': did you mean 's3-read.memory'? " +
        "To remove it: pulumi config rm --path s3-read.memroy --stack dev",
    );
    expect(() => {
      check({ "lambench:s3-read": '{"flavour":"sweet"}' });
    }).toThrow(/known settings: s3-read.memory, s3-read.objectCount, s3-read.minCapacity, s3-read.apiAuth/);
  });

  it("refuses settings of a scenario that the stack doesn't deploy", () => {
    expect(() => {
      check({ "lambench:pipeline": '{"memory":1024}' });
    }).toThrow(
      "the configuration has settings of 'pipeline', but the stack doesn't deploy that scenario (it deploys: s3-read). " +
        "To remove them: pulumi config rm pipeline --stack dev",
    );
  });

  it("names a misspelt scenario, also one in quotes that Pulumi keeps", () => {
    expect(() => {
      check({ 'lambench:"s3-read"': '{"memory":1024}' });
    }).toThrow(
      "unknown setting '\"s3-read\"': did you mean 's3-read'? To remove it: pulumi config rm '\"s3-read\"' --stack dev",
    );
  });

  it("notices that --path was forgotten", () => {
    expect(() => {
      check({ "lambench:s3-read.memory": "1024" });
    }).toThrow(
      "unknown setting 's3-read.memory': one scenario's setting needs --path: " +
        "pulumi config rm s3-read.memory --stack dev && pulumi config set --path s3-read.memory 1024 --stack dev",
    );
  });
});
