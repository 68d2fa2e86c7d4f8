import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

import { scenarios } from "../stacks";
import type { Scenario } from "./scenario";
import { checkKeys, stop } from "./settings";
import { makeProvider, readTarget } from "./target";

/** The program: deploys the stack's scenarios and returns their outputs. */
function deploy(): Record<string, unknown> {
  const config = new pulumi.Config();
  const target = readTarget(config);
  const named = config.getObject<string[]>("scenarios") ?? [];
  const chosen = (named.length > 0 ? named : [target.stack]).map(findScenario);
  checkKeys(target.project, Object.keys(pulumi.runtime.allConfig()), chosen);

  const provider = makeProvider(target);
  const region = aws.getRegionOutput({}, provider && { provider }).region;
  const place = {
    stack: target.stack,
    region,
    endpoint: target.endpoint ?? null,
    architecture: target.architecture,
  };
  const deployed = chosen.map((one) => ({ name: one.name, ...one.deploy(target, config, provider) }));
  return {
    ...Object.fromEntries(deployed.flatMap(({ outputs }) => Object.entries(outputs))),
    environment: Object.fromEntries(deployed.map((one) => [one.name, { ...place, ...one.environment }])),
  };
}

function findScenario(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name);
  const known = scenarios.map((scenario) => scenario.name).join(", ");
  return (
    found ??
    stop(
      `there is no scenario '${name}': known are ${known}. A stack deploys the scenario that has its name, ` +
        `or those it lists: pulumi config set --path 'scenarios[0]' ${scenarios[0]?.name ?? ""}`,
    )
  );
}

export = deploy();
