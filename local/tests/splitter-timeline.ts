import { expect } from "vitest";

import type { SplitRun } from "./splitter-result";

/** Each item in one environment, one after the other in each. */
export function expectTimeline({ items, peak_concurrency, timeline }: SplitRun): void {
  const all = timeline?.items ?? [];
  expect(new Set(all.map(({ id }) => id)).size).toBe(items.done);
  expect(timeline?.left_out).toBe(0);
  const environments = timeline?.environments ?? [];
  // One does an item at a time, and others may come in place of idle ones.
  expect(environments.length).toBeGreaterThanOrEqual(peak_concurrency);
  expect(new Set(environments).size).toBe(environments.length);
  environments.forEach((_, index) => {
    const own = all.filter(({ environment }) => environment === index);
    expect(own.length).toBeGreaterThan(0);
    own.slice(1).forEach((item, place) => {
      expect(item.started_seconds).toBeGreaterThanOrEqual(own[place]?.ended_seconds ?? NaN);
    });
  });
}
