import * as fs from "node:fs";

import type { ItemTime, RunTime, Timeline } from "./result";

/** A result file, as far as it is changed here. */
interface Raw {
  run: { id: string };
  archive?: { success: { time?: RunTime }[] };
  splitter?: { runs: { timeline?: Timeline }[] };
}

const LANES = 40;
/** Items that a result has at most. */
const MOST = 1000;

/**
 * Results with what the examples' short and quiet runs do not have, made of these: more items than a picture has room for,
 * attempts that failed, clocks that differ, contenders of which less is known.
 */
export function derived(examples: readonly string[]): Raw[] {
  const results = examples.map((file) => JSON.parse(fs.readFileSync(file, "utf8")) as Raw);
  return results.flatMap((result) => [...changedSplitter(result), ...changedArchive(result)]);
}

function changedSplitter(result: Raw): Raw[] {
  if (!result.splitter) return [];
  const [alone, few, many, ...others] = result.splitter.runs;
  const runs = [
    { ...alone, timeline: timeline(1, 3, 0) },
    { ...few, timeline: timeline(7, 100, 0) },
    { ...many, timeline: timeline(LANES, MOST, 234) },
    // As an older version of the function leaves it.
    ...others.map((run) => ({ ...run, timeline: undefined })),
  ];
  return [
    { ...result, run: { ...result.run, id: "derived-splitter" }, splitter: { ...result.splitter, runs } },
  ];
}

/** Items in turn in each environment; the function's clock is 5 ms behind, and each seventh item is tried again. */
function timeline(lanes: number, count: number, leftOut: number): Timeline {
  const items = Array.from({ length: count }, (_, index): ItemTime => {
    const start = Math.floor(index / lanes) * 0.25 + (index % lanes) * 0.001 - 0.005;
    return {
      id: `${index}`.padStart(4, "0"),
      environment: index % lanes,
      started_seconds: start,
      ended_seconds: start + 0.1 + (index % 3) * 0.05,
      attempt: index % 7 === 6 ? 2 : 1,
      is_cold: index < lanes,
    };
  });
  return {
    environments: Array.from({ length: lanes }, (_, lane) => `environment ${lane}`),
    items,
    left_out: leftOut,
  };
}

function changedArchive(result: Raw): Raw[] {
  if (!result.archive) return [];
  const success = result.archive.success.map((one, index) => ({ ...one, time: TIMES[index] }));
  return [
    { ...result, run: { ...result.run, id: "derived-archive" }, archive: { ...result.archive, success } },
  ];
}

/** Of contenders in their order; those behind have no REPORT lines. */
const TIMES: readonly RunTime[] = [
  { init_ms: 12.5, cpu: { computing_ms: 105.25, throttled_ms: 3.75, waited_ms: 11.5 }, rest_ms: 1360 },
  { init_ms: 0, cpu: { computing_ms: 1639, throttled_ms: 0, waited_ms: 0 }, rest_ms: 0 },
  { init_ms: 310.4, cpu: null, rest_ms: 1339.6 },
];
