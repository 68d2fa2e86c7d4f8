import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

import { MEMORY_PER_VCPU } from "./function";
import { runLocks } from "./run-locks";
import type { Scenario } from "./scenario";
import { stop } from "./stop";
import { makeProvider, readTarget } from "./target";
import { checkKeys } from "./unknown-keys";

/**
 * The program: deploys those scenarios that the stack's configuration names, and returns their outputs.
 * @param scenarios every scenario there is
 */
export function deployStack(scenarios: readonly Scenario[]): Record<string, unknown> {
  const config = new pulumi.Config();
  const target = readTarget(config);
  const named = config.getObject<string[]>("scenarios") ?? [];
  const chosen = (named.length > 0 ? named : [target.stack]).map((name) => findScenario(scenarios, name));
  const names = scenarios.map(({ name }) => name);
  checkKeys(config, Object.keys(pulumi.runtime.allConfig()), chosen, names);
  const deployments = chosen.map((scenario) => ({
    name: scenario.name,
    deploy: scenario.configure(config, chosen),
  }));

  const provider = makeProvider(target);
  const region = aws.getRegionOutput({}, provider && { provider }).region;
  const common = {
    stack: target.stack,
    region,
    endpoint: target.endpoint ?? null,
    architecture: target.architecture,
    memoryPerVcpu: MEMORY_PER_VCPU,
    runLocks: runLocks(target, provider),
  };
  const deployed = deployments.map(({ name, deploy }) => ({ name, ...deploy(target, provider) }));
  return {
    ...Object.fromEntries(deployed.flatMap(({ outputs }) => Object.entries(outputs))),
    environment: Object.fromEntries(
      deployed.map(({ name, environment }) => [name, { ...common, ...environment }]),
    ),
  };
}

function findScenario(scenarios: readonly Scenario[], name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name);
  const known = scenarios.map((scenario) => scenario.name).join(", ");
  return (
    found ??
    stop(
      `there is no scenario '${name}' (known: ${known}). A stack deploys the scenario that has its name, ` +
        `or those it lists: pulumi config set --path 'scenarios[0]' ${scenarios[0]?.name ?? ""} --stack ${pulumi.getStack()}`,
    )
  );
}
