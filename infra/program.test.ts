import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";

import { deployStack } from "./program";
import { scenario } from "./scenario";

const settings = {
  memory: { default: 512, range: [128, 10240], description: "memory, MB" },
} as const;
const [relay, echo] = ["relay", "echo"].map((name) =>
  scenario({ name, settings, deploy: () => ({ outputs: { [`${name}Trigger`]: "true" }, environment: {} }) }),
);

/** What a stack named `dev` puts out, with some configuration. */
function deploy(configuration: Readonly<Record<string, string>>): Record<string, unknown> {
  if (relay === undefined || echo === undefined) throw new Error("both scenarios are there");
  pulumi.runtime.setAllConfig({ ...configuration });
  return deployStack([relay, echo]);
}

/** The value of an output. */
const promised = async <T>(output: pulumi.Output<T>): Promise<T> =>
  await new Promise((resolve) => {
    output.apply(resolve as (value: unknown) => void);
  });

describe("the program", () => {
  beforeAll(async () => {
    await pulumi.runtime.setMocks(
      {
        newResource: ({ inputs }) => ({ id: "id", state: inputs as object }),
        call: () => ({ region: "eu-west-1" }),
      },
      "lambench",
      "dev",
    );
  });

  it("deploys the scenarios that the stack lists, each with its own settings and what programs need to know", async () => {
    const outputs = deploy({
      "lambench:scenarios": '["relay","echo"]',
      "lambench:memory": "1024",
      "lambench:echo": '{"memory":2048}',
    });
    expect(Object.keys(outputs)).toEqual(["relayTrigger", "echoTrigger", "environment"]);
    const { relay } = outputs.environment as { relay: { runLocks: pulumi.Output<string> } };
    expect(await promised(relay.runLocks)).toBe("lambench-dev-locks");
    expect(outputs.environment).toMatchObject({
      relay: {
        stack: "dev",
        settings: { memory: 1024 },
        settingRanges: { memory: [128, 10240] },
        memoryPerVcpu: 1769,
      },
      echo: { settings: { memory: 2048 } },
    });
  });

  it("deploys the scenario of the stack's name where nothing is listed, and says what to do if there is none", () => {
    expect(() => deploy({})).toThrow(
      "there is no scenario 'dev' (known: relay, echo). A stack deploys the scenario that has its name, " +
        "or those it lists: pulumi config set --path 'scenarios[0]' relay --stack dev",
    );
  });

  it("stops at settings of a scenario that isn't listed", () => {
    expect(() => deploy({ "lambench:scenarios": '["relay"]', "lambench:echo": '{"memory":2048}' })).toThrow(
      /doesn't deploy that scenario \(it deploys: relay\)/,
    );
  });
});
