import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { RESOURCE_TYPES } from "./types";
import type { Value } from "./values";

const PACKAGE = path.dirname(require.resolve("@pulumi/aws/package.json"));
const README = readFileSync(path.join(__dirname, "..", "README.md"), "utf8");

/** The module of a type in the official package, such as `lambda/function`. */
function moduleOf(token: string): string {
  return token.split(":")[1] ?? "";
}

/** What the official package says of each property that a program can set. */
function documentation(token: string): Map<string, string> {
  const text = readFileSync(path.join(PACKAGE, `${moduleOf(token)}.d.ts`), "utf8");
  const args = text.slice(text.search(/export interface \w+Args /));
  const found = args.matchAll(/\/\*\*([\s\S]*?)\*\/\s*(\w+)\??:/g);
  return new Map([...found].map(([, says = "", name = ""]) => [name, says.replaceAll(/\s*\*\s*/g, " ")]));
}

/** The default that a property's documentation states, as text; none if it states none. */
function statedDefault(says: string): string | undefined {
  const words =
    /\b(?:[Dd]efaults? (?:value )?(?:for this attribute )?(?:is|to)(?: Unreserved Concurrency Limits)?|Default):? /;
  const literal = /(`[^`]+`|"[^"]+"|-?\d+|true|false)/;
  return new RegExp(words.source + literal.source).exec(says)?.[1];
}

/** A value as text, without marks that the documentation gives or loses. */
function plain(value: Value | undefined): string {
  return (JSON.stringify(value) as string | undefined)?.replaceAll(/[`"[\]_\\]/g, "") ?? "";
}

/** The rows of the README's table below a heading, by the first cell. */
function rows(heading: string): Map<string, string> {
  const section = README.split(`### ${heading}`)[1]?.split(/^##/m)[0] ?? "";
  const cells = section
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split("|").map((cell) => cell.trim()));
  return new Map(cells.map(([, name = "", value = ""]) => [name.replaceAll("`", ""), value]));
}

describe("compared with the official provider", () => {
  const defaults = Object.entries(RESOURCE_TYPES).flatMap(([token, { inputs }]) => {
    const documented = documentation(token);
    return Object.entries(inputs).flatMap(([name, property]) => {
      const stated = statedDefault(documented.get(name) ?? "");
      return property.default === undefined ? [] : [{ token, name, ours: property.default, stated }];
    });
  });

  test("a property that has a default here has the one that the package's documentation states", () => {
    const stated = defaults.filter((one) => one.stated !== undefined);
    expect(stated.length).toBeGreaterThan(40);
    expect(stated.filter((one) => plain(one.ours) !== plain(one.stated))).toEqual([]);
  });

  test("the README lists the defaults that the documentation does not state, and no others", () => {
    const unstated = defaults.filter((one) => one.stated === undefined);
    const listed = [...rows("Defaults that the package does not state").keys()];
    expect(listed.sort()).toEqual(unstated.map(({ token, name }) => `${moduleOf(token)} ${name}`).sort());
  });

  test("the README lists the outputs that only the official provider has, and no others", () => {
    const missing = Object.entries(RESOURCE_TYPES).flatMap(([token, type]) => {
      const code = readFileSync(path.join(PACKAGE, `${moduleOf(token)}.js`), "utf8");
      const outputs = [...code.matchAll(/resourceInputs\["(\w+)"\] = undefined/g)].map(
        ([, name = ""]) => name,
      );
      const known = new Set([...type.outputs, ...Object.keys(type.inputs)]);
      return [...new Set(outputs)]
        .filter((name) => !known.has(name))
        .map((name) => `${moduleOf(token)} ${name}`);
    });
    expect([...rows("Outputs that only the official provider has").keys()].sort()).toEqual(missing.sort());
  });
});
