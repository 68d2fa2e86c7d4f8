import type * as pulumi from "@pulumi/pulumi";

import { removeCommand, setCommand, type SettingPath } from "./pulumi-command";
import {
  acceptedValues,
  parseSetting,
  type Setting,
  type SettingsTable,
  type SettingValues,
} from "./settings";
import { stop } from "./stop";

/** A scenario, as far as its settings go. */
export interface Configurable<T extends SettingsTable = SettingsTable> {
  readonly name: string;
  readonly settings: T;
}

/**
 * Reads a scenario's settings from the stack's configuration: the scenario's own value (`pipeline.memory`), or else the one
 * for every scenario that has the setting (`memory`), or else the default. A value that isn't accepted stops the program.
 * @param deployed the scenarios of the stack, which share the plain keys
 */
export function readSettings<T extends SettingsTable>(
  scenario: Configurable<T>,
  config: pulumi.Config,
  deployed: readonly Configurable[],
): SettingValues<T> {
  const own = ownValues(scenario, config);
  const read = ([name, setting]: [string, Setting]): [string, string | number] => {
    const ownText = own[name];
    const text = ownText ?? config.get(name);
    if (text === undefined) return [name, setting.default];
    const value = parseSetting(setting, text);
    if (value !== undefined) return [name, value];
    const given = { text, name, setting, scenario: scenario.name };
    return ownText === undefined ? refusePlain(given, deployed) : refuse(given, [scenario.name, name]);
  };
  return Object.fromEntries(Object.entries(scenario.settings).map(read)) as SettingValues<T>;
}

/** What the configuration says for one scenario only, as text: `pulumi config set --path` makes numbers of some values. */
export function ownValues(scenario: Configurable, config: pulumi.Config): Partial<Record<string, string>> {
  const text = config.get(scenario.name);
  if (text === undefined) return {};
  const values = parseObject(text);
  if (values === undefined) {
    const [name = "", setting] = Object.entries(scenario.settings)[0] ?? [];
    const example = setCommand([scenario.name, name], setting?.default ?? "");
    return stop(
      `${scenario.name} is '${text}', but must be an object of the scenario's settings: ${example}`,
    );
  }
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A value that a scenario's setting doesn't accept. */
interface Given {
  readonly text: string;
  readonly name: string;
  readonly setting: Setting;
  readonly scenario: string;
}

/** A plain key may suit one scenario of the stack and not another: then the remedy is a value for that one. */
function refusePlain(given: Given, deployed: readonly Configurable[]): never {
  const { text, name, setting, scenario } = given;
  const sharing = deployed.flatMap(({ settings }) => settings[name] ?? []);
  if (sharing.length <= 1) return refuse(given, [name]);
  const suitsAnother = sharing.some((other) => parseSetting(other, text) !== undefined);
  const suitsAll = sharing.every((other) => parseSetting(other, String(setting.default)) !== undefined);
  const path: SettingPath = suitsAnother || !suitsAll ? [scenario, name] : [name];
  return refuse(given, path, { name, needs: `${scenario} needs` });
}

function refuse(
  { text, setting }: Given,
  path: SettingPath,
  { name = path.join("."), needs = "must be" } = {},
): never {
  const remedy = setting.default === "" ? removeCommand(path) : setCommand(path, setting.default);
  return stop(
    `${name} is '${text}', but ${needs} ${acceptedValues(setting)} (${setting.description}): ${remedy}`,
  );
}
