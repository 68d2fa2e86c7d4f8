import { expect } from "vitest";

/** What something costs, line by line. */
interface Cost {
  readonly item: string;
  readonly lines: readonly { readonly name: string; readonly quantity: number; readonly usd: number }[];
}

/** What a result was expected to cost before its run, and by the same items what it has cost. */
export interface Estimate {
  readonly items: readonly Cost[];
  readonly measured: readonly Cost[];
}

const TENTH = 0.1;

const sum = (costs: readonly Cost[]): number =>
  costs.flatMap(({ lines }) => lines).reduce((all, { usd }) => all + usd, 0);

/** Checks that what was measured of some lines is within a tenth of what was expected. */
export function expectLines(estimate: Estimate | undefined, names: readonly string[]): void {
  const { items = [], measured = [] } = estimate ?? {};
  expect(measured.map(({ item }) => item)).toEqual(items.map(({ item }) => item));
  const lines = items.flatMap((cost, index) =>
    cost.lines
      .filter(({ name }) => names.includes(name))
      .map(({ name, quantity }) => {
        const other = measured[index]?.lines.find((line) => line.name === name);
        return { what: `${cost.item}: ${name}`, expected: quantity, measured: other?.quantity ?? NaN };
      }),
  );
  expect(new Set(lines.map(({ what }) => what.split(": ").pop()))).toEqual(new Set(names));
  const missed = lines.filter(
    ({ expected, measured }) => !(Math.abs(measured - expected) <= TENTH * expected),
  );
  expect(missed).toEqual([]);
}

/** Checks that the price that was measured is within a tenth of the one that was expected. */
export function expectPrice(estimate: Estimate | undefined): void {
  const { items = [], measured = [] } = estimate ?? {};
  const ratio = sum(measured) / sum(items);
  expect(ratio).toBeGreaterThan(1 - TENTH);
  expect(ratio).toBeLessThan(1 + TENTH);
}
