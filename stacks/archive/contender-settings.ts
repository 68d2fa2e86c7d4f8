import * as fs from "node:fs";
import * as path from "node:path";

import { parse } from "yaml";

import { ROOT } from "../../infra/artefact";
import { MAX_TIMEOUT, MEMORY_RANGE } from "../../infra/function";
import type { Architecture } from "../../infra/target";
import { wrongEnvironment } from "./environment";

/** What a contender sets for itself. */
export const SETTINGS_FILE = "contender.yaml";

/** What a `contender.yaml` may say. */
export interface OwnSettings {
  readonly runtime: string;
  readonly handler: string;
  readonly architecture: Architecture;
  /** MB. */
  readonly memory: number;
  /** Seconds. */
  readonly timeout: number;
  /** MB. */
  readonly ephemeralStorage: number;
  /** Its environment variables. */
  readonly environment: Readonly<Record<string, string>>;
  /** Whether it may invoke itself. */
  readonly invokesItself: boolean;
}

/** Says what is wrong with a value, if anything; the text follows the file's name. */
type Rule = (key: string, value: unknown) => string | undefined;

/** The keys of `contender.yaml` and what each must be (limits: Lambda quotas page). */
const KEYS: Readonly<Record<keyof OwnSettings, Rule>> = {
  runtime: must(isName, "the name of a Lambda runtime"),
  handler: must(isName, "a handler such as index.handler"),
  architecture: must((value) => value === "arm64" || value === "x86_64", "arm64 or x86_64"),
  memory: numberWithin(...MEMORY_RANGE, "MB"),
  timeout: numberWithin(1, MAX_TIMEOUT, "seconds"),
  ephemeralStorage: numberWithin(512, 10240, "MB"),
  environment: (_key, value) => wrongEnvironment(value),
  invokesItself: must((value) => typeof value === "boolean", "true or false"),
};

/** What a contender's `contender.yaml` sets, or why it cannot be followed. */
export function readSettings(folder: string): Partial<OwnSettings> | string {
  const file = path.join(folder, SETTINGS_FILE);
  if (!fs.existsSync(file)) return {};
  const where = path.relative(ROOT, file);
  let content: unknown;
  try {
    content = parse(fs.readFileSync(file, "utf8"));
  } catch (error) {
    const [line] = (error as Error).message.split("\n");
    return `${where} cannot be read: ${line ?? ""}`;
  }
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    return `${where} must hold keys and values, such as memory: 1024`;
  }
  for (const [key, value] of Object.entries(content)) {
    if (!Object.hasOwn(KEYS, key))
      return `${where} has an unknown key '${key}' (known: ${Object.keys(KEYS).join(", ")})`;
    const wrong = KEYS[key as keyof OwnSettings](key, value);
    if (wrong !== undefined) return `${where}: ${wrong}`;
  }
  return content;
}

function isName(value: unknown): boolean {
  return typeof value === "string" && value.length > 0;
}

function must(check: (value: unknown) => boolean, what: string): Rule {
  return (key, value) =>
    check(value) ? undefined : `${key} is ${JSON.stringify(value)}, but must be ${what}`;
}

function numberWithin(min: number, max: number, unit: string): Rule {
  const fits = (value: unknown): boolean =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
  return must(fits, `${min} to ${max} (${unit})`);
}
