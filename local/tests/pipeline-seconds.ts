import { expect } from "vitest";

import type { Delivery, Second } from "./pipeline-result";

/** All seconds of a load have to have what it counts in all. */
export function expectSecondsToAddUp({ seconds, requests, messages }: Delivery): void {
  const sum = (counts: readonly number[]): number => counts.reduce((all, one) => all + one, 0);
  const all = (of: (one: Second) => number): number => sum(seconds.map(of));
  expect(seconds).not.toEqual([]);
  expect({
    due: all((one) => one.due),
    sent: all((one) => one.sent),
    accepted: all((one) => one.accepted),
    refused: all((one) => one.refused),
    rows: all((one) => one.rows),
  }).toEqual({
    due: requests.sent + requests.unsent,
    sent: requests.sent,
    accepted: requests.accepted,
    refused: sum(Object.values(requests.refused)),
    rows: messages.stored + messages.unaccepted_stored,
  });
}

/** The longest time between two seconds with rows, s. */
export function longestOutage({ seconds }: Delivery): number {
  const stored = seconds.filter(({ rows }) => rows > 0).map(({ second }) => second);
  return Math.max(...stored.slice(1).map((second, index) => second - (stored[index] ?? second) - 1));
}
