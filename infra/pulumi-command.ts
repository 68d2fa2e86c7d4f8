import * as pulumi from "@pulumi/pulumi";

/** Where a setting stands in the configuration: `["memory"]`, or `["pipeline", "memory"]` for one scenario only. */
export type SettingPath = readonly [name: string] | readonly [scenario: string, name: string];

/** A command line that gives a setting a value. */
export function setCommand(path: SettingPath, value: string | number): string {
  return configCommand("set", path, quoted(String(value)));
}

/** A command line that removes a setting. */
export function removeCommand(path: SettingPath): string {
  return configCommand("rm", path);
}

function configCommand(verb: string, path: SettingPath, ...words: readonly string[]): string {
  const option = path.length > 1 ? ["--path"] : [];
  const stack = ["--stack", pulumi.getStack()];
  return ["pulumi config", verb, ...option, quoted(path.join(".")), ...words, ...stack].join(" ");
}

/** A word as a shell takes it. */
function quoted(word: string): string {
  return /^[\w./:-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
