import { describe, expect, it } from "vitest";

import { migrationSteps } from "./migration";

describe("migrationSteps", () => {
  it("is one invocation where all rows fit into its time", () => {
    expect(migrationSteps({ rows: 100_000, scale: 10 })).toEqual([{ rows: 100_000, scale: 10 }]);
    expect(migrationSteps({ rows: 1, scale: 1 })).toEqual([{ rows: 1, scale: 1 }]);
  });

  it.each([
    { rows: 100_000, scale: 1000 },
    { rows: 10_000_000, scale: 1000 },
    { rows: 10_000_000, scale: 1 },
  ])("is several of at most ten million rows each for $rows rows and scale $scale", (content) => {
    const steps = migrationSteps(content);
    expect(steps.at(-1)).toEqual(content);
    const sizes = steps.map(({ rows, scale }) => rows + scale * 100_000);
    const added = sizes.map((size, index) => size - (sizes[index - 1] ?? 0));
    // The first has one branch of the scale even where the rows alone are ten million.
    expect(Math.max(...added)).toBeLessThanOrEqual(10_100_000);
    expect(Math.min(...added)).toBeGreaterThan(0);
  });
});
