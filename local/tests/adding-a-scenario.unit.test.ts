import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import * as ts from "typescript";
import { afterAll, describe, expect, it } from "vitest";

import { applySteps, listedFiles, PAGE, parseSteps } from "./adding-a-scenario";

const ROOT = path.resolve(__dirname, "..", "..");
const page = fs.readFileSync(path.join(ROOT, PAGE), "utf8");
const steps = parseSteps(page);

/** A copy of what the page's TypeScript part builds on and changes, with the scenario made in it. */
const copy = fs.mkdtempSync(path.join(os.tmpdir(), "lambench-relay-"));
const listed = listedFiles(page);
for (const name of ["infra", "stacks", "docs", "tsconfig.json", ...listed]) {
  fs.cpSync(path.join(ROOT, name), path.join(copy, name), { recursive: true });
}
fs.symlinkSync(path.join(ROOT, "node_modules"), path.join(copy, "node_modules"));
applySteps(copy, steps);

/** What the compiler says of the program with the new scenario, and of the scenario's test. */
function typeErrors(): string[] {
  const { config } = ts.readConfigFile(path.join(copy, "tsconfig.json"), (file) => ts.sys.readFile(file)) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, copy);
  const files = ["stacks/index.ts", "stacks/relay/index.test.ts"].map((file) => path.join(copy, file));
  const program = ts.createProgram(files, options);
  return ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
    const what = ts.flattenDiagnosticMessageText(messageText, "\n");
    return `${file?.fileName ?? ""}: ${what}`;
  });
}

afterAll(() => {
  fs.rmSync(copy, { recursive: true });
});

describe("docs/adding-a-scenario.md", () => {
  it("lists at most eight existing files, and every one that its blocks change", () => {
    expect(listed.length).toBeLessThanOrEqual(8);
    const changed = new Set(steps.filter(({ edit }) => edit !== undefined).map(({ file }) => file));
    expect(listed).toEqual(expect.arrayContaining([...changed]));
  });

  it("has TypeScript that compiles with the rest", { timeout: 60_000 }, () => {
    expect(typeErrors()).toEqual([]);
  });
});

describe("the scenario that docs/adding-a-scenario.md makes", async () => {
  // Its own test, on Pulumi's mocks, and the one that compares the pages of scenarios with their settings.
  await import(path.join(copy, "stacks/relay/index.test.ts"));
  await import(path.join(copy, "stacks/documentation.test.ts"));
});
