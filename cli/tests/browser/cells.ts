import { expect } from "vitest";

/** What a cell has to say: a word, a number for each one in it, or `null` for what was not measured. */
export type Content = string | number | null | undefined | readonly (number | null | undefined)[];

const NUMBER = /-?\d[\d,]*(?:\.\d+)?/g;
const NONE = "–";

/** Compares a cell with what a result has: numbers with as many digits as are shown. */
export function expectCell(where: string, cell: string, content: Content): void {
  if (typeof content === "string") {
    expect(cell, where).toBe(content);
    return;
  }
  const all = typeof content === "object" && content !== null ? content : [content];
  const measured = all.filter((one) => typeof one === "number");
  if (measured.length === 0) {
    expect(cell, where).toBe(NONE);
    return;
  }
  const shown = cell.match(NUMBER) ?? [];
  expect(shown.length, `${where}: numbers in '${cell}' for ${measured.join(", ")}`).toBe(measured.length);
  measured.forEach((value, index) => {
    expectNumber(where, shown[index] ?? "", value);
  });
}

function expectNumber(where: string, shown: string, value: number): void {
  const places = shown.split(".")[1]?.length ?? 0;
  const rounded = 0.5 * 10 ** -places * (1 + 1e-6);
  const difference = Math.abs(Number(shown.replaceAll(",", "")) - value);
  expect(difference, `${where}: ${shown} for ${value}`).toBeLessThanOrEqual(
    rounded + Math.abs(value) * 1e-12,
  );
  // Rounding must not hide what there is: three digits, or what a unit as small as this one has.
  const digits = shown.replaceAll(/[-.,]|^0+/g, "").replace(/^0+/, "").length;
  expect(
    digits >= 2 || places >= 2 || Number.isInteger(value) || value > 0.9,
    `${where}: ${shown} for ${value}`,
  ).toBe(true);
}
