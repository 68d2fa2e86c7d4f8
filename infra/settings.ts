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

/** Text of one form that `pulumi config set` may change; empty unless it is set. */
export interface TextSetting {
  readonly default: "";
  readonly pattern: RegExp;
  /** The form in words. */
  readonly form: string;
  /** What it names. */
  readonly description: string;
}

/** A setting as a scenario declares it. */
export type Setting = NumberSetting | ChoiceSetting | TextSetting;

/** A scenario's settings by name: the one place where they are declared. */
export type SettingsTable = Readonly<Record<string, Setting>>;

/** The values of a table, read and checked. */
export type SettingValues<T extends SettingsTable> = { readonly [K in keyof T]: SettingValue<T[K]> };

type SettingValue<S extends Setting> = S extends ChoiceSetting
  ? S["choices"][number]
  : S extends TextSetting
    ? string
    : number;

/** The value that a text stands for; none if the setting doesn't accept it. */
export function parseSetting(setting: Setting, text: string): string | number | undefined {
  if ("choices" in setting) return setting.choices.includes(text) ? text : undefined;
  if ("pattern" in setting) return text === "" || setting.pattern.test(text) ? text : undefined;
  const value = Number(text);
  const [min, max] = setting.range;
  const fits = isMultiple(value, setting.step ?? 1) && value >= min && value <= max;
  return text.trim() !== "" && fits ? value : undefined;
}

/** What a setting accepts, in words. */
export function acceptedValues(setting: Setting): string {
  if ("choices" in setting) return `one of ${setting.choices.join(", ")}`;
  if ("pattern" in setting) return setting.form;
  const [min, max] = setting.range;
  const { step = 1 } = setting;
  return `a ${step === 1 ? "whole number" : `multiple of ${step}`} from ${min} to ${max}`;
}

/** The ranges of a table's numbers, by name: programs that advise on a setting stay within them. */
export function settingRanges(table: SettingsTable): Record<string, NumberSetting["range"]> {
  return Object.fromEntries(
    Object.entries(table).flatMap(([name, setting]) => ("range" in setting ? [[name, setting.range]] : [])),
  );
}

/** Tenths have no exact binary form: 0.3 is three of them all the same. */
function isMultiple(value: number, step: number): boolean {
  const steps = value / step;
  return Math.abs(steps - Math.round(steps)) < 1e-9;
}
