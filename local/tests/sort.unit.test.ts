import * as fs from "node:fs";
import * as path from "node:path";
import * as vm from "node:vm";

import { expect, test } from "vitest";

const script = fs.readFileSync(path.join(__dirname, "../../cli/src/html/sort.js"), "utf8");

/** By which number the page's tables sort a cell. */
const number = vm.runInNewContext(`${script}; number`, {
  document: { addEventListener: () => undefined },
}) as (cell: string) => number;

test.each([
  ["1,200", 1200],
  ["1600 ± 200.0", 1600],
  ["12/512 MB", 12],
  ["1.350 s ± 0.111 s", 1.35],
  ["900 ms", 0.9],
  ["1600 ± 200 ms", 1.6],
  ["-49.0 %", -49],
  ["0.67 × faster", 0.67],
  ["1e-5", 1e-5],
  ["–", NaN],
  ["", NaN],
])("a table sorts %j as the number %d, whatever its unit", (cell, expected) => {
  expect(Number(number(cell).toPrecision(12))).toBe(expected);
});
