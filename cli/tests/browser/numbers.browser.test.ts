import { beforeAll, describe, expect, it } from "vitest";

import { expectCell } from "./cells";
import { RESULTS, Report } from "./report";
import { sizes } from "./result";
import { kinds, type Kind } from "./tables";

/** A table as the page has it. */
interface Table {
  readonly caption: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

describe("every cell of every table says what the result's file has", () => {
  let report: Report;
  /** Those of each section: a result's, the last one all list prices. */
  let sections: Table[][];
  beforeAll(async () => {
    report = await Report.make();
    const page = await report.open();
    sections = await page.locator("main > section").evaluateAll((all) =>
      all.map((section) =>
        [...section.querySelectorAll("table")].map((table) => {
          const texts = (row: HTMLTableRowElement | undefined): string[] =>
            [...(row?.cells ?? [])].map((cell) => cell.textContent);
          return {
            caption: table.caption?.textContent ?? "",
            header: texts(table.rows[0]),
            rows: [...(table.tBodies[0]?.rows ?? [])].map(texts),
          };
        }),
      ),
    );
    return async () => {
      await report.close();
    };
  });

  it.each(RESULTS.map((result, index) => [result.run.scenario, result, index] as const))(
    "%s",
    (_, result, index) => {
      const tables = sections[index] ?? [];
      expect(tables.length).toBeGreaterThan(3);
      for (const table of tables) compareWithOne(table, [result, ...sizes(result)].map(kinds));
    },
  );

  it("prices", () => {
    const prices = RESULTS.flatMap(({ cost }) =>
      cost.flatMap(({ lines }) => lines.map(({ price }) => price)),
    );
    const rows = sections.at(-1)?.[0]?.rows ?? [];
    const expected = new Set(
      prices.map(({ usd, unit, source, date }) => [usd, unit, source, date].join(" | ")),
    );
    const shown = rows.map(([usd, ...others]) => [Number(usd), ...others].join(" | "));
    expect(shown.toSorted()).toEqual([...expected].sort());
  });
});

/** A table is of the whole result, or in a memory sweep of one of its sizes. */
function compareWithOne(table: Table, [all, ...others]: readonly Kind[][]): void {
  try {
    compare(table, all ?? []);
  } catch (error) {
    if (others.length === 0) throw error;
    compareWithOne(table, others);
  }
}

function compare({ caption, header, rows }: Table, all: readonly Kind[]): void {
  const kind = all.find(({ begins }) => header.join(" | ").startsWith(begins));
  if (kind === undefined) throw new Error(`tables.ts knows no table with the columns ${header.join(" | ")}`);
  const count = typeof kind.rows === "number" ? kind.rows : kind.rows(caption);
  if (!Number.isNaN(count)) expect(rows.length, `${caption}: rows`).toBe(count);
  const columns = header.map((name, place) => {
    const before = header.slice(0, place).filter((other) => other === name).length;
    const column = kind.columns[before > 0 ? `${name} #${before + 1}` : name];
    if (column === undefined) throw new Error(`${caption}: tables.ts does not say what '${name}' is`);
    return column;
  });
  rows.forEach((cells, index) => {
    expect(cells.length).toBe(columns.length);
    columns.forEach((column, place) => {
      const where = `${caption}, ${cells[0]}, ${header[place]}`;
      expectCell(where, cells[place] ?? "", column({ caption, cells, index }));
    });
  });
}
