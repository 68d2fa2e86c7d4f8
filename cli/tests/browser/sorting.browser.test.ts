import type { Locator } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";

import { Report } from "./report";

describe("a table of the page", () => {
  let report: Report;
  beforeAll(async () => {
    report = await Report.make();
    return async () => {
      await report.close();
    };
  });

  it("is sorted by a click on a header, and the other way round by a second one", async () => {
    const page = await report.open();
    const table = page.locator("table", { hasText: "time ± σ" }).first();
    const price = table.getByRole("columnheader", { name: "USD/1,000 runs" });
    const header = table.getByRole("columnheader", { name: "contender" });
    await price.getByRole("button").click();
    expect(await price.getAttribute("aria-sort")).toBe("ascending");
    expect(ascending(await column(table, 2))).toBe(true);
    await price.getByRole("button").click();
    expect(await price.getAttribute("aria-sort")).toBe("descending");
    expect(ascending((await column(table, 2)).reverse())).toBe(true);
    await header.getByRole("button").focus();
    await page.keyboard.press("Enter");
    expect(await header.getAttribute("aria-sort")).toBe("ascending");
    expect([null, "none"]).toContain(await price.getAttribute("aria-sort"));
    const names = await column(table, 1);
    expect(names).toEqual(names.toSorted((one, other) => one.localeCompare(other)));
    await page.close();
  });

  it("keeps its rows whatever it is sorted by, numbers by their value and what was not measured last", async () => {
    const page = await report.open();
    const sorted = await page.locator("table").evaluateAll((tables) =>
      tables.flatMap((table) => {
        const body = (table as HTMLTableElement).tBodies[0];
        const rows = (): string[][] =>
          [...(body?.rows ?? [])].map((row) => [...row.cells].map((cell) => cell.textContent));
        const before = rows();
        return [...table.querySelectorAll("th")].map((header, index) => {
          header.querySelector("button")?.click();
          const after = rows();
          return {
            name: `${table.querySelector("caption")?.textContent ?? ""}: ${header.textContent}`,
            isNumber: header.classList.contains("n"),
            isSame: JSON.stringify(before.toSorted()) === JSON.stringify(after.toSorted()),
            cells: after.map((row) => row[index] ?? ""),
          };
        });
      }),
    );
    expect(sorted.length).toBeGreaterThan(100);
    for (const { name, isNumber, isSame, cells } of sorted) {
      expect(isSame, name).toBe(true);
      if (isNumber) expect(ascending(cells), `${name}: ${cells.join("; ")}`).toBe(true);
    }
    await page.close();
  });
});

async function column(table: Locator, index: number): Promise<string[]> {
  return await table
    .locator("tbody tr")
    .evaluateAll((rows, at) => rows.map((row) => row.children[at]?.textContent ?? ""), index);
}

/** Whether the numbers that cells begin with grow; cells without a number have to come last. */
function ascending(cells: readonly string[]): boolean {
  const numbers = cells.map((cell) => {
    const found = /^-?[\d,]+(\.\d+)?/.exec(cell);
    return found ? Number(found[0].replaceAll(",", "")) : Infinity;
  });
  return numbers.every((number, index) => index === 0 || (numbers[index - 1] ?? NaN) <= number);
}
