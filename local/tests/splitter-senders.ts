import { expect } from "vitest";

import { type Ended, said } from "./checkout";
import { expectLines } from "./estimate";
import type { Result } from "./splitter-result";

/** Of 300 items that three functions were to send, one of which was killed: what it was to send is not sent, the rest stands. */
export function expectAThirdUnsent(ended: Ended): void {
  expect(ended.code, said(ended)).toBe(1);
  const { splitter, failed_checks } = JSON.parse(ended.stdout) as Result;
  const [only] = splitter.runs;
  expect(only?.items).toMatchObject({ done: 200, unsent: 100, dead_lettered: 0, lost: 0 });
  expect(only?.senders).toMatchObject({ count: 3, lost: 1, unsent: 100 });
  expect(failed_checks).toMatchObject([
    expect.stringMatching(
      /: 100 items not known to have been sent; 1 of 3 functions ended without a report$/,
    ),
  ]);
}

/** All of 300 items that three functions sent are done, each once, and what these cost stands apart. */
export function expectAllSent({ splitter, cost, failed_checks, estimate }: Result): void {
  expect(failed_checks).toEqual([]);
  const [only] = splitter.runs;
  expect(only?.items).toMatchObject({ done: 300, dead_lettered: 0, lost: 0 });
  expect(only?.senders).toMatchObject({ count: 3, lost: 0, unsent: 0 });
  expect(only?.invocations).toMatchObject({ counted: 300, expected: 300, split_repeats: 0 });
  expect(only?.queueing_ms?.p50).toBeGreaterThan(0);
  const [usd] = cost.filter(({ item }) => item.endsWith(": the load generator, for this run"));
  expect(usd?.usd).toBeGreaterThan(0);
  // Of Step Functions, the emulator counts fewer transitions (docs/results.md).
  expectLines(estimate, ["Lambda requests", "SQS", "run log"]);
}
