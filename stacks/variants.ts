import * as fs from "node:fs";
import * as path from "node:path";

import { afterAll, beforeAll, describe } from "vitest";

import { ROOT } from "../infra/artefact";
import type { Scenario } from "../infra/scenario";
import { MockedStack, type Place } from "./testing";

type Settings = Readonly<Record<string, string>>;

/** A scenario with some settings. */
interface Variant {
  readonly name: string;
  readonly scenario: Scenario;
  readonly settings: Settings;
}

/** Settings that change which resources and permissions a scenario has, by its name. */
const FURTHER: Readonly<Record<string, readonly Settings[]>> = {
  aurora: [{ readers: "1" }],
  pipeline: [{ driver: "data-api" }, { fanOut: "on" }],
  "s3-read": [{ bucket: "my.photos" }],
};

/** A stack of a scenario, once it is deployed. */
export interface Deployed {
  readonly stack: MockedStack;
  outputs: Readonly<Record<string, unknown>>;
}

/** Deploys each variant of each scenario to Pulumi's mocks, at a place, and has `tests` look at it. */
export async function describeEachVariant(tests: (deployed: Deployed) => void, place?: Place): Promise<void> {
  describe.each(await variants())("$name", ({ scenario, settings }) => {
    const deployed: Deployed = { stack: new MockedStack(binaries(), place), outputs: {} };

    beforeAll(async () => {
      await deployed.stack.mock();
      deployed.outputs = await deployed.stack.deploy(scenario, settings);
    });
    afterAll(() => {
      deployed.stack.remove();
    });

    tests(deployed);
  });
}

/** Every scenario with its defaults, and again with the settings that change what it is made of. */
async function variants(): Promise<Variant[]> {
  return (await allScenarios()).flatMap((scenario) =>
    [{}, ...(FURTHER[scenario.name] ?? [])].map((settings) => {
      const chosen = Object.entries(settings).map(([name, value]) => ` with ${name} ${value}`);
      return { name: scenario.name + chosen.join(""), scenario, settings };
    }),
  );
}

/** Every scenario that has a folder. */
export async function allScenarios(): Promise<Scenario[]> {
  const all = foldersOf("stacks").map(async (folder) => {
    const [scenario] = Object.values((await import(`./${folder}/index.ts`)) as Record<string, Scenario>);
    if (scenario === undefined) throw new Error(`stacks/${folder} exports no scenario`);
    return scenario;
  });
  return await Promise.all(all);
}

/** The binaries of all functions and of the contenders in Rust. */
export function binaries(): string[] {
  const functions = foldersOf("functions").flatMap((folder) => {
    const bins = path.join(ROOT, "functions", folder, "src", "bin");
    if (!fs.existsSync(bins)) return [folder];
    return fs.readdirSync(bins).map((file) => `${folder}-${path.parse(file).name}`);
  });
  return [...functions, ...foldersOf("contenders/rust")];
}

function foldersOf(parent: string): string[] {
  return fs
    .readdirSync(path.join(ROOT, parent), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}
