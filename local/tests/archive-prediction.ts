import { expect } from "vitest";

import type { Planned, Success } from "./archive-result";

/** What was predicted of a contender is what its design's plan says, and what it did; nothing of one without a design. */
export function expectPrediction(
  { predicted, s3 }: Success,
  design: Planned["designs"][number] | undefined,
): void {
  expect(predicted === null).toBe(design === undefined);
  if (predicted !== null) expect([design, s3?.reads]).toMatchObject([predicted, predicted.s3_reads]);
}

/** The table of a contest whose contenders have designs, but for those in Python. */
export function expectPredictionsAreShown(shown: string): void {
  expect(shown).toMatch(/^\| contender +\| figure +\| +predicted \| +measured \| +ratio \|$/m);
  expect(shown).toMatch(/^\| rust-stream +\| time +\| +[0-9.]+ s \| +[0-9.]+ s \| +[0-9.]+ × \|$/m);
  expect(shown).not.toMatch(/^\| python-\w+ +\| time /m);
}
