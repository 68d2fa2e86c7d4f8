import * as pulumi from "@pulumi/pulumi";
import { closest, distance } from "fastest-levenshtein";

/** A number that `pulumi config set` may change. */
export interface NumberSetting {
  readonly default: number;
  /** Smallest and largest value that make sense, both included. */
  readonly range: readonly [min: number, max: number];
  /** Values are multiples of it; 1 unless said otherwise. */
  readonly step?: number;
  /** What it is, with its unit. */
  readonly description: string;
}

/** One word of a few that `pulumi config set` may change. */
export interface ChoiceSetting {
  readonly default: string;
  readonly choices: readonly string[];
  /** What it decides. */
  readonly description: string;
}

/** Text of one form that `pulumi config set` may change; nothing unless it is set. */
export interface TextSetting {
  readonly default: "";
  readonly pattern: RegExp;
  /** The form in words. */
  readonly form: string;
  /** What it names. */
  readonly description: string;
}

type Setting = NumberSetting | ChoiceSetting | TextSetting;

/** A scenario's own settings by name: the one place where they are declared. */
export type SettingsTable = Readonly<Record<string, Setting>>;

/** The values of a table, read and checked. */
export type SettingValues<T extends SettingsTable> = { readonly [K in keyof T]: SettingValue<T[K]> };

type SettingValue<S extends Setting> = S extends ChoiceSetting
  ? S["choices"][number]
  : S extends TextSetting
    ? string
    : number;

/** Declared in Pulumi.yaml, with type, default and description. */
export const SHARED_SETTINGS = ["scenarios", "architecture", "endpoint", "logRetentionDays"] as const;

/** Ends the program with one line for the user instead of a stack trace. */
export function stop(message: string): never {
  throw new pulumi.RunError(message);
}

/** Reads a table's values from the stack's configuration; a value that doesn't fit stops the program. */
export function readSettings<T extends SettingsTable>(table: T, config: pulumi.Config): SettingValues<T> {
  const read = ([name, setting]: [string, Setting]): [string, string | number] => {
    const text = config.get(name);
    if ("choices" in setting) return [name, readChoice(name, setting, text)];
    return [name, "pattern" in setting ? readText(name, setting, text) : readNumber(name, setting, text)];
  };
  return Object.fromEntries(Object.entries(table).map(read)) as SettingValues<T>;
}

function readNumber(name: string, setting: NumberSetting, text: string | undefined): number {
  const value = text === undefined ? setting.default : Number(text);
  const [min, max] = setting.range;
  const { step = 1 } = setting;
  if (text?.trim() === "" || !isMultiple(value, step) || value < min || value > max) {
    refuse(
      name,
      setting,
      text,
      `a ${step === 1 ? "whole number" : `multiple of ${step}`} from ${min} to ${max}`,
    );
  }
  return value;
}

function readChoice(name: string, setting: ChoiceSetting, text: string | undefined): string {
  const value = text ?? setting.default;
  if (!setting.choices.includes(value)) refuse(name, setting, value, `one of ${setting.choices.join(", ")}`);
  return value;
}

function readText(name: string, setting: TextSetting, text = ""): string {
  if (text !== "" && !setting.pattern.test(text)) refuse(name, setting, text, setting.form);
  return text;
}

function refuse(name: string, setting: Setting, value: string | undefined, must: string): never {
  const remedy = setting.default === "" ? `rm ${name}` : `set ${name} ${setting.default}`;
  stop(`${name} is '${value ?? ""}', but must be ${must} (${setting.description}): pulumi config ${remedy}`);
}

/** Tenths have no exact binary form: 0.3 is three of them all the same. */
function isMultiple(value: number, step: number): boolean {
  const steps = value / step;
  return Math.abs(steps - Math.round(steps)) < 1e-9;
}

/** A scenario of the stack, as far as its settings go. */
interface WithSettings {
  readonly settings: SettingsTable;
}

/**
 * Stops at the first configuration key of this project that no scenario of the stack reads: a misspelt setting would
 * otherwise be ignored, and its default measured in its place.
 */
export function checkKeys(
  project: string,
  keys: readonly string[],
  scenarios: readonly WithSettings[],
): void {
  const known = [...SHARED_SETTINGS, ...scenarios.flatMap(({ settings }) => Object.keys(settings))];
  for (const key of keys) {
    const [namespace, name] = splitKey(key);
    if (namespace !== project || known.includes(name)) continue;
    const near = closest(name, known);
    const hint = distance(name, near) <= 3 ? `did you mean '${near}'?` : `known are: ${known.join(", ")}.`;
    stop(`unknown setting '${name}': ${hint} To remove it: pulumi config rm ${name}`);
  }
}

function splitKey(key: string): [namespace: string, name: string] {
  const colon = key.indexOf(":");
  return [key.slice(0, colon), key.slice(colon + 1)];
}
