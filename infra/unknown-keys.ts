import type * as pulumi from "@pulumi/pulumi";
import { closest, distance } from "fastest-levenshtein";

import { type Configurable, ownValues } from "./configuration";
import { removeCommand, setCommand, type SettingPath } from "./pulumi-command";
import { stop } from "./stop";

/** Declared in Pulumi.yaml, with type, default and description. */
export const SHARED_SETTINGS = ["scenarios", "architecture", "endpoint", "logRetentionDays"] as const;

/** A misspelt name differs from what was meant by so many letters at most. */
const MISSPELT = 3;

/**
 * Stops at the first key of the configuration that no scenario of the stack reads: a misspelt setting would otherwise be
 * ignored, and its default measured in its place.
 * @param keys the configuration's keys, with their namespace
 * @param deployed the scenarios of the stack
 * @param scenarios the names of all scenarios
 */
export function checkKeys(
  config: pulumi.Config,
  keys: readonly string[],
  deployed: readonly Configurable[],
  scenarios: readonly string[],
): void {
  const known = new Set<string>([
    ...SHARED_SETTINGS,
    ...deployed.flatMap(({ settings }) => Object.keys(settings)),
    ...deployed.map(({ name }) => name),
  ]);
  for (const name of keys.flatMap((key) => nameIn(config.name, key))) {
    if (known.has(name)) continue;
    if (scenarios.includes(name)) refuseAbsent(name, deployed);
    refusePathless(name, config, scenarios);
    refuseUnknown([name], [...known]);
  }
  for (const scenario of deployed) checkOwnKeys(scenario, config);
}

/** The name in a key of this project; none in one of another's, such as `aws:region`. */
function nameIn(project: string, key: string): string[] {
  const [namespace, ...name] = key.split(":");
  return namespace === project ? [name.join(":")] : [];
}

function checkOwnKeys(scenario: Configurable, config: pulumi.Config): void {
  for (const name of Object.keys(ownValues(scenario, config))) {
    if (name in scenario.settings) continue;
    const own = Object.keys(scenario.settings).map((known) => `${scenario.name}.${known}`);
    refuseUnknown([scenario.name, name], own);
  }
}

function refuseAbsent(name: string, deployed: readonly Configurable[]): never {
  const has = deployed.map((scenario) => scenario.name).join(", ");
  stop(
    `the configuration has settings of '${name}', but the stack doesn't deploy that scenario (it deploys: ${has}). ` +
      `To remove them: ${removeCommand([name])}`,
  );
}

/** Without `--path`, the key `pipeline.memory` is a name like any other, and not the memory of the pipeline. */
function refusePathless(key: string, config: pulumi.Config, scenarios: readonly string[]): void {
  const [scenario = "", name] = key.split(".");
  if (name === undefined || !scenarios.includes(scenario)) return;
  const set = setCommand([scenario, name], config.get(key) ?? "");
  stop(`unknown setting '${key}': one scenario's setting needs --path: ${removeCommand([key])} && ${set}`);
}

function refuseUnknown(path: SettingPath, known: readonly string[]): never {
  const name = path.join(".");
  const near = closest(name, known);
  const hint =
    distance(name, near) <= MISSPELT ? `did you mean '${near}'?` : `known settings: ${known.join(", ")}.`;
  stop(`unknown setting '${name}': ${hint} To remove it: ${removeCommand(path)}`);
}
