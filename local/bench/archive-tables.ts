import type { Run } from "./archive-contest";
import type { Row } from "./archive-file";
import { line, median } from "./bench";

/** With this memory a function has one vCPU on Lambda, and others their share of it, MB; here no function is limited. */
const PROCESSOR_MB = 1769;

/** How long, with how much CPU and memory. */
export function times(rows: readonly Row[]): string {
  const heads = ["runs", "wall (s)", "min to max", "CPU (s)", "CPU per GB (s)"];
  heads.push("CPU at Lambda's share (s)", "RSS peak (MB)", "load before");
  return table(rows, heads, (row, mid) => {
    const wall = row.runs.map((run) => run.wall_seconds);
    return [
      row.runs.length,
      median(wall).toFixed(2),
      `${Math.min(...wall).toFixed(2)} to ${Math.max(...wall).toFixed(2)}`,
      mid((run) => run.cpu_seconds).toFixed(2),
      mid((run) => run.cpu_seconds / gigabytes(run)).toFixed(2),
      // That of several functions, if the contender fans out, each of which has a share of its own.
      mid(
        (run) => (run.cpu_seconds * Math.max(1, PROCESSOR_MB / row.memory_mb)) / (row.workers ?? 1),
      ).toFixed(2),
      Math.max(...row.runs.map((run) => run.peak_mb)).toFixed(1),
      load(mid((run) => run.load_average)),
    ];
  });
}

/** How many requests, and what all of it costs. */
export function prices(rows: readonly Row[]): string {
  const heads = [
    "writes",
    "per object",
    "per GB",
    "reads",
    "per object",
    "503",
    "Lambda",
    "requests",
    "together",
  ];
  return table(rows, heads, (row, mid) => [
    mid((run) => run.writes).toFixed(0),
    mid((run) => run.writes / row.objects).toFixed(2),
    mid((run) => run.writes / gigabytes(run)).toFixed(1),
    mid((run) => run.reads).toFixed(0),
    mid((run) => run.reads / row.objects).toFixed(2),
    mid((run) => run.slow_downs).toFixed(0),
    usd(mid((run) => run.lambda_usd)),
    usd(mid((run) => run.requests_usd)),
    usd(mid((run) => run.lambda_usd + run.requests_usd)),
  ]);
}

/** How long a contest of one run takes the user. */
export function contests(rows: readonly Row[]): string {
  const heads = ["`lambench run archive` (s)", "of which the run", "verifying"];
  return table(rows, heads, (_, mid) => [
    mid((run) => run.contest_seconds).toFixed(1),
    mid((run) => run.wall_seconds).toFixed(1),
    mid((run) => run.verify_seconds).toFixed(1),
  ]);
}

/** The median of a value of a row's runs. */
type Median = (value: (run: Run) => number) => number;

/** One line per case; `cells` are the columns below `heads`. */
function table(
  rows: readonly Row[],
  heads: readonly string[],
  cells: (row: Row, mid: Median) => readonly (string | number)[],
): string {
  return [
    line("objects", "contender", "MB", ...heads),
    line("---:", "---", "---:", ...heads.map(() => "---:")),
    ...rows.map((row) => {
      const mid: Median = (value) => median(row.runs.map(value));
      const workers = row.workers === undefined ? "" : `, ${row.workers} functions`;
      return line(row.objects, `${row.contender}${workers}`, row.memory_mb, ...cells(row, mid));
    }),
  ].join("\n");
}

/** Older rows don't have it. */
function load(average: number): string {
  return Number.isNaN(average) ? "–" : average.toFixed(1);
}

/** USD for 1,000 archives. */
function usd(one: number): string {
  return (one * 1000).toFixed(4);
}

/** Size of a run's archive, GB of 1,000,000,000 bytes. */
export function gigabytes(run: Run): number {
  return run.archive_bytes / 1e9;
}
