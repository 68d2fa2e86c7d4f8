import { readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { RESOURCE_TYPES } from "./types";

const PACKAGE = path.dirname(require.resolve("@pulumi/aws/package.json"));

/** The properties of a class of the AWS package, and those of them that a program cannot set. */
async function propertiesOf(token: string): Promise<{ all: string[]; outputs: string[] }> {
  const code = await readFile(path.join(PACKAGE, `${token.split(":")[1] ?? ""}.js`), "utf8");
  const named = (pattern: RegExp) => [...code.matchAll(pattern)].map(([, name = ""]) => name);
  return {
    all: named(/resourceInputs\["(\w+)"\] = state/g),
    outputs: named(/resourceInputs\["(\w+)"\] = undefined/g),
  };
}

describe.each(Object.entries(RESOURCE_TYPES))("%s", (token, type) => {
  test("has the names of the AWS package, or a program would not find what it asks for", async () => {
    const { all, outputs } = await propertiesOf(token);
    const inputs = Object.keys(type.inputs);
    expect(all, "these do not exist").toEqual(expect.arrayContaining([...inputs, ...type.outputs]));
    expect(
      inputs.filter((name) => outputs.includes(name)),
      "these cannot be set",
    ).toEqual([]);
    expect(type.outputs, "these are no outputs").toEqual(expect.arrayContaining([...(type.volatile ?? [])]));
  });
});
