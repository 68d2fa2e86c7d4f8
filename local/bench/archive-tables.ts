import type { Run } from "./archive-contest";
import type { Row } from "./archive-file";
import { line, median } from "./bench";

/** Lambda gives a function of so much memory one processor, and others their share of it, MB; here nobody is limited. */
const PROCESSOR_MB = 1769;

/** How long, with how much CPU and memory. */
export function times(rows: readonly Row[]): string {
  const table = [
    line(
      "objects",
      "contender",
      "MB",
      "runs",
      "wall (s)",
      "min to max",
      "CPU (s)",
      "CPU a GB (s)",
      "CPU at Lambda's share (s)",
      "RSS peak (MB)",
      "load before",
    ),
    line("---:", "---", ...Array<string>(9).fill("---:")),
  ];
  for (const row of rows) {
    const of = (value: (run: Run) => number): number[] => row.runs.map(value);
    const wall = of((run) => run.wall_seconds);
    table.push(
      line(
        row.objects,
        row.contender,
        row.memory_mb,
        row.runs.length,
        median(wall).toFixed(2),
        `${Math.min(...wall).toFixed(2)} to ${Math.max(...wall).toFixed(2)}`,
        median(of((run) => run.cpu_seconds)).toFixed(2),
        median(of((run) => run.cpu_seconds / gigabytes(run))).toFixed(2),
        median(of((run) => run.cpu_seconds * Math.max(1, PROCESSOR_MB / row.memory_mb))).toFixed(2),
        Math.max(...of((run) => run.peak_mb)).toFixed(1),
        load(median(of((run) => run.load_average))),
      ),
    );
  }
  return table.join("\n");
}

/** How many requests, and what all of it costs. */
export function prices(rows: readonly Row[]): string {
  const table = [
    line(
      "objects",
      "contender",
      "MB",
      "writes",
      "an object",
      "a GB",
      "reads",
      "an object",
      "503",
      "Lambda",
      "requests",
      "together",
    ),
    line("---:", "---", ...Array<string>(10).fill("---:")),
  ];
  for (const row of rows) {
    const mid = (value: (run: Run) => number): number => median(row.runs.map(value));
    table.push(
      line(
        row.objects,
        row.contender,
        row.memory_mb,
        mid((run) => run.writes).toFixed(0),
        mid((run) => run.writes / row.objects).toFixed(2),
        mid((run) => run.writes / gigabytes(run)).toFixed(1),
        mid((run) => run.reads).toFixed(0),
        mid((run) => run.reads / row.objects).toFixed(2),
        mid((run) => run.slow_downs).toFixed(0),
        usd(mid((run) => run.lambda_usd)),
        usd(mid((run) => run.requests_usd)),
        usd(mid((run) => run.lambda_usd + run.requests_usd)),
      ),
    );
  }
  return table.join("\n");
}

/** How long a contest of one run takes the user. */
export function contests(rows: readonly Row[]): string {
  const table = [
    line("objects", "contender", "MB", "`lambench run archive` (s)", "of which the run", "judging"),
    line("---:", "---", ...Array<string>(4).fill("---:")),
  ];
  for (const row of rows) {
    const mid = (value: (run: Run) => number): string => median(row.runs.map(value)).toFixed(1);
    const [contest, wall] = [mid((run) => run.contest_seconds), mid((run) => run.wall_seconds)];
    table.push(
      line(
        row.objects,
        row.contender,
        row.memory_mb,
        contest,
        wall,
        mid((run) => run.judge_seconds),
      ),
    );
  }
  return table.join("\n");
}

/** Rows from before it was taken down don't have it. */
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
