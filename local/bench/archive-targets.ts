import type { Run } from "./archive-contest";
import type { Row } from "./archive-file";
import { gigabytes } from "./archive-tables";
import { median } from "./bench";

/** What a link of the S3 model carries per second, bytes. */
const LINK = 75e6;

/** A number that is to stay below another one. */
interface Target {
  readonly what: string;
  readonly value: (run: Run, row: Row, others: readonly Row[]) => number;
  readonly limit: number;
  /** Whether each run has to reach it, or the median one. */
  readonly each?: true;
}

/** By contender and number of objects. */
const TARGETS: Readonly<Record<string, readonly Target[]>> = {
  "rust/copy-plan, 200 objects": [
    { what: "wall (s)", value: (run) => run.wall_seconds, limit: 1.5 },
    { what: "writes per object", value: (run, row) => run.writes / row.objects, limit: 5.4 },
    { what: "CPU (s)", value: (run) => run.cpu_seconds, limit: 0.12 },
    { what: "RSS peak (MB)", value: (run) => run.peak_mb, limit: 64, each: true },
    {
      what: "objects and uploads left",
      value: ({ left }) => left.objects + left.uploads,
      limit: 0,
      each: true,
    },
  ],
  "rust/copy-plan, 3000 objects": [
    { what: "wall (s)", value: (run) => run.wall_seconds, limit: 8 },
    { what: "writes per object", value: (run, row) => run.writes / row.objects, limit: 4.5 },
  ],
  "rust/fan-out, 200 objects": [
    { what: "wall (s)", value: (run) => run.wall_seconds, limit: 3.2 },
    {
      what: "whole price / that of rust/stream",
      value: (run, row, others) => usd(run) / streamed(row, others),
      limit: 1.3,
    },
  ],
  "rust/stream, 200 objects": [
    {
      what: "wall × 75 MB/s / bytes",
      value: (run) => (run.wall_seconds * LINK) / run.archive_bytes,
      limit: 1.05,
    },
    { what: "CPU per GB (s)", value: (run) => run.cpu_seconds / gigabytes(run), limit: 0.6 },
    { what: "RSS peak (MB)", value: (run) => run.peak_mb, limit: 64, each: true },
    { what: "writes per GB", value: (run) => run.writes / gigabytes(run), limit: 12 },
  ],
  "rust/stream, 3000 objects": [
    { what: "`lambench run archive` (s)", value: (run) => run.contest_seconds, limit: 480 },
  ],
};

/** What a run costs, requests included. */
function usd(run: Run): number {
  return run.lambda_usd + run.requests_usd;
}

/** What a run of `rust/stream` costs with the same objects and memory; NaN, which reaches no target, if it was not measured. */
function streamed({ objects, memory_mb }: Row, rows: readonly Row[]): number {
  const same = rows.find(
    (one) => one.contender === "rust/stream" && one.objects === objects && one.memory_mb === memory_mb,
  );
  return same === undefined ? NaN : median(same.runs.map(usd));
}

/**
 * Whether rows reach their targets, as text and as a whole.
 * @param published all rows there are, for targets that compare
 */
export function targets(
  rows: readonly Row[],
  published: readonly Row[],
): { readonly text: string; readonly reached: boolean } {
  let reached = true;
  const lines = rows.flatMap((row) => {
    const name = `${row.contender}, ${row.objects} objects`;
    return (TARGETS[name] ?? []).map(({ what, value, limit, each }) => {
      const values = row.runs.map((run) => value(run, row, published));
      const measured = each === true ? Math.max(...values) : median(values);
      const missed = !(measured <= limit);
      reached &&= !missed;
      const told = `${name}, ${row.memory_mb} MB: ${what}`.padEnd(62);
      return `${told} ${measured.toFixed(2).padStart(7)} ≤ ${limit}${missed ? "  NOT REACHED" : ""}`;
    });
  });
  return { text: lines.join("\n"), reached };
}
