import { expect } from "vitest";

import type { Success } from "./archive-result";

/** Where a contender's time went, to the last part: rounding makes the mean a whole number. */
export function expectWholeTime({ duration_ms, time }: Success): void {
  const cpu = time?.cpu;
  expect(cpu?.computing_ms).toBeGreaterThan(0);
  const parts = [time?.init_ms, cpu?.computing_ms, cpu?.throttled_ms, cpu?.waited_ms, time?.rest_ms];
  expect(Math.min(...parts.map((ms) => ms ?? NaN))).toBeGreaterThanOrEqual(0);
  const sum = parts.reduce<number>((all, ms) => all + (ms ?? NaN), 0);
  expect(Math.abs(sum - duration_ms)).toBeLessThanOrEqual(0.51);
}
