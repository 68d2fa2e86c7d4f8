import * as fs from "node:fs";

import { expect } from "vitest";

import type { Checkout } from "./checkout";

/** What the result of a run lacks that was interrupted. */
export interface Incomplete {
  readonly reason: string;
  readonly missing: readonly string[];
}

/** Checks that results are shown, compared and reported as local ones. */
export async function showsResults(checkout: Checkout, scenario: string): Promise<void> {
  // Beside the result of a run with --live is its page.
  const files = fs
    .readdirSync(`${checkout.root}/results/${scenario}`)
    .filter((file) => file.endsWith(".json"));
  expect(files.length).toBeGreaterThan(1);
  for (const file of files) {
    expect(await checkout.ok(`lambench show results/${scenario}/${file}`)).toContain("LOCAL");
  }
  const compared = await checkout.ok(`lambench compare results/${scenario}/*.json`);
  expect(compared).toContain("LOCAL");
  expect(compared).toMatch(/^\| measured .*\| +B \/ A +\|/m);
  const newest = await checkout.ok("lambench report");
  expect(newest).toMatch(new RegExp(`^## ${scenario}, stack .*\n\nLOCAL`, "m"));
  const report = await checkout.ok(`lambench report results/${scenario}/*.json`);
  expect(report).toMatch(/^\| +USD \| for .*\n\|-.*\n\| +[0-9.]+ \|.* https:\/\//m);
}
