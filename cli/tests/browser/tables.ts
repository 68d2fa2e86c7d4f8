import type { Content } from "./cells";
import {
  contender,
  contendersOfSizes,
  seconds,
  type Contender,
  type Cost,
  type FunctionCpu,
  type Percentiles,
  type ItemTime,
  type Result,
  type RunTime,
  type SplitRun,
  type Summary,
  type Timeline,
} from "./result";

/** A row of a table on the page. */
export interface Row {
  readonly caption: string;
  readonly cells: readonly string[];
  /** Its place, from 0 on. */
  readonly index: number;
}

/** What a column has to say in a row. */
type Column = (row: Row) => Content;

/** A kind of table. */
export interface Kind {
  /** The names of its first columns. */
  readonly begins: string;
  /** How many it has, which may depend on its caption. */
  readonly rows: number | ((caption: string) => number);
  /** By name; `name #2` is the second column of that name. */
  readonly columns: Readonly<Record<string, Column>>;
}

/** The tables that the page may have of a result. */
export function kinds(result: Result): Kind[] {
  const own = [contest, load, delivery, reading, splitting, sweep];
  return [...own, cpu, distributions, costs].flatMap((of) => of(result));
}

const LATENCIES = "p50 / p90 / p99 / p99.9 ms";

const first = ({ cells }: Row): string => cells[0] ?? "";

function latencies(of: Percentiles | null | undefined): Content {
  return of ? [of.p50, of.p90, of.p99, of.p99_9] : null;
}

/** The one that a row is about. */
function found<T>(all: readonly T[], is: (one: T) => boolean, { caption, cells }: Row): T {
  const one = all.find(is);
  if (one === undefined) throw new Error(`${caption}: the result has nothing for ${cells.join(" | ")}`);
  return one;
}

function contest(result: Result): Kind[] {
  const success = result.archive?.success ?? contendersOfSizes(result);
  if (success.length === 0) return [];
  const of = (row: Row): Contender =>
    found(success, ({ arn }) => row.cells.slice(0, 2).includes(contender(result, arn)), row);
  const thousand = (usd: number | null): Content => (usd === null ? null : usd * 1000);
  const cheapest = Math.min(...success.map((one) => one.run_price_usd));
  const fastest = Math.min(...success.map((one) => one.duration_ms));
  const usd = ({ caption }: Row, one: Contender): number =>
    (caption.startsWith("Price with S3") ? one.total_price_usd : one.run_price_usd) ?? NaN;
  const beats = (row: Row, other: Contender, one: Contender): boolean =>
    other.duration_ms <= one.duration_ms && usd(row, other) < usd(row, one);
  const name: Column = (row) => contender(result, of(row).arn);
  const ranking: Record<string, Column> = {
    "#": ({ index }) => index + 1,
    contender: name,
    "USD/1,000 runs": (row) => thousand(of(row).run_price_usd),
    relative: (row) => of(row).run_price_usd / cheapest,
    "time ± σ": (row) => [of(row).duration_ms / 1000, of(row).duration_ms_stddev / 1000],
    "relative #2": (row) => of(row).duration_ms / fastest,
    memory: (row) => [of(row).max_memory_mb, of(row).memory_mb],
    "cold starts": (row) => {
      const { cold_runs: cold, runs_count: runs, cold_start_ms: ms } = of(row);
      return typeof cold === "number" ? [cold, runs, ms] : ms;
    },
    "S3 writes": (row) => of(row).s3?.writes,
    "with S3 requests": (row) => thousand(of(row).total_price_usd),
  };
  const priced = (row: Row): Contender =>
    found(
      success,
      (one) => contender(result, one.arn) === first(row) && `${one.memory_mb}` === row.cells[1],
      row,
    );
  const price: Record<string, Column> = {
    contender: (row) => contender(result, priced(row).arn),
    "memory MB": (row) => priced(row).memory_mb,
    time: (row) => priced(row).duration_ms / 1000,
    "USD/1,000 runs": (row) => thousand(usd(row, priced(row))),
    "on the line": (row) => (success.some((other) => beats(row, other, priced(row))) ? "no" : "yes"),
  };
  const runs: Record<string, Column> = {
    contender: name,
    runs: (row) => of(row).runs_count,
    shortest: (row) => of(row).duration_ms_min / 1000,
    mean: (row) => of(row).duration_ms / 1000,
    longest: (row) => of(row).duration_ms_max / 1000,
    "runs in their order, ms": (row) => of(row).durations_ms,
  };
  const rows = success.length;
  const spent = success.filter(({ time }) => time !== undefined);
  return [
    { begins: "# | contender", rows, columns: ranking },
    { begins: "contender | memory MB", rows, columns: price },
    { begins: "contender | runs", rows, columns: runs },
    { begins: "contender | billed ms", rows: spent.length, columns: timeSpent(name, of) },
  ];
}

function timeSpent(name: Column, of: (row: Row) => Contender): Record<string, Column> {
  const time = (row: Row): RunTime | undefined => of(row).time;
  const cpu = (row: Row, part: keyof NonNullable<RunTime["cpu"]>): number | undefined =>
    time(row)?.cpu?.[part];
  const all = (row: Row): number => {
    const measured = (["computing_ms", "throttled_ms", "waited_ms"] as const).map(
      (part) => cpu(row, part) ?? 0,
    );
    return measured.reduce((sum, ms) => sum + ms, (time(row)?.init_ms ?? NaN) + (time(row)?.rest_ms ?? NaN));
  };
  return {
    contender: name,
    "billed ms": all,
    "initialization ms": (row) => time(row)?.init_ms,
    "computing ms": (row) => cpu(row, "computing_ms"),
    "throttled ms": (row) => cpu(row, "throttled_ms"),
    "waited ms": (row) => cpu(row, "waited_ms"),
    "rest ms": (row) => time(row)?.rest_ms,
  };
}

function load({ aurora }: Result): Kind[] {
  if (!aurora) return [];
  const columns: Record<string, Column> = { clients: ({ index }) => aurora.runs[0]?.stages[index]?.clients };
  aurora.runs.forEach(({ driver, stages }, place) => {
    const again = place > 0 ? ` #${place + 1}` : "";
    columns[`${driver} TPS`] = ({ index }) => stages[index]?.tps;
    columns[`${driver} p99 latency, ms`] = ({ index }) => stages[index]?.latency_ms?.p99;
    columns[`${driver} highest ACUs`] = ({ index }) => stages[index]?.acus?.max;
    columns[LATENCIES + again] = ({ index }) => latencies(stages[index]?.latency_ms);
    columns[`errors${again}`] = ({ index }) =>
      Object.values(stages[index]?.errors ?? {}).reduce(
        (sum, count) => sum + count,
        stages[index]?.lost ?? 0,
      );
    columns[`connections${again}`] = ({ index }) => stages[index]?.connections;
  });
  return [{ begins: "clients", rows: aurora.runs[0]?.stages.length ?? 0, columns }];
}

function delivery({ pipeline }: Result): Kind[] {
  if (!pipeline) return [];
  const { hops, requests, functions } = pipeline;
  const http = { HTTP: requests.latency_ms, "HTTP, cold starts": requests.cold_latency_ms };
  const ways: Record<string, Percentiles | null> = { ...http, ...hops };
  const of = (row: Row): (typeof functions)[number] =>
    found(functions, (one) => one.function === first(row), row);
  const way: Record<string, Column> = {
    hop: (row) => found(Object.keys(ways), (name) => name === first(row), row),
    "from → to": ({ cells }) => cells[1] ?? "",
    [LATENCIES]: (row) => latencies(ways[first(row)]),
  };
  const use: Record<string, Column> = {
    function: (row) => of(row).function,
    invocations: (row) => of(row).invocations,
    "billed ms": (row) => of(row).billed_ms,
    "cold starts": (row) => of(row).cold_starts,
    "init ms (longest)": (row) => [of(row).init_ms, of(row).max_init_ms],
    "max memory MB": (row) => of(row).max_memory_mb,
  };
  const measured = Object.values(ways).filter((one) => one !== null);
  const all = seconds(pipeline);
  const bySecond: Record<string, Column> = {
    second: ({ index }) => index,
    due: ({ index }) => all[index]?.due,
    sent: ({ index }) => all[index]?.sent,
    accepted: ({ index }) => all[index]?.accepted,
    refused: ({ index }) => all[index]?.refused,
    "no answer": ({ index }) => all[index]?.unknown,
    rows: ({ index }) => all[index]?.rows,
    "dead-lettered": ({ index }) => all[index]?.dead_lettered,
  };
  return [
    { begins: "second | due", rows: all.length, columns: bySecond },
    { begins: "hop | from → to", rows: measured.length, columns: way },
    { begins: "function | invocations", rows: functions.length, columns: use },
  ];
}

function reading(result: Result): Kind[] {
  const runs = result["s3-read"]?.runs;
  if (!runs) return [];
  type Run = (typeof runs)[number];
  const of = (row: Row): Run =>
    found(runs, (run) => [run.variant, `${run.variant}, ${run.memory_mb} MB`].includes(first(row)), row);
  const price = (row: Row, what: string): Content =>
    result.cost.find(({ item }) => item === `${of(row).variant}: ${what}`)?.usd;
  const phases = (run: Run): Record<string, Percentiles | null> => ({
    "first byte": run.first_byte_ms,
    "last byte": run.total_ms,
    "first byte, cold start": run.cold_first_byte_ms,
    "last byte, cold start": run.cold_total_ms,
  });
  const measured = runs.flatMap((run) => Object.values(phases(run))).filter((one) => one !== null);
  const variant: Column = (row) => of(row).variant;
  const memory: Column = (row) => of(row).memory_mb;
  const throughput: Record<string, Column> = {
    variant,
    "memory MB": memory,
    objects: (row) => of(row).objects.read,
    GB: (row) => of(row).bytes / 1e9,
    seconds: (row) => of(row).seconds,
    "MB/s": (row) => of(row).mb_per_second,
    functions: (row) => of(row).functions,
    "MB/s per function": (row) => of(row).mb_per_second_per_function,
    "USD/1,000 objects": (row) => price(row, "1,000 objects"),
    "USD/GB": (row) => price(row, "a GB"),
  };
  const picture: Record<string, Column> = {
    variant: (row) => `${of(row).variant}, ${of(row).memory_mb} MB`,
    "MB/s per function": (row) => of(row).mb_per_second_per_function,
    "USD for a GB": (row) => price(row, "a GB"),
  };
  const bytes: Record<string, Column> = {
    variant,
    "memory MB": memory,
    "from requesting an object to its": ({ cells }) => cells[2] ?? "",
    [LATENCIES]: (row) => latencies(phases(of(row))[row.cells[2] ?? ""]),
  };
  return [
    { begins: "variant | memory MB | objects", rows: runs.length, columns: throughput },
    { begins: "variant | memory MB | from", rows: measured.length, columns: bytes },
    { begins: "variant | ", rows: runs.length, columns: picture },
  ];
}

function splitting({ splitter }: Result): Kind[] {
  if (!splitter) return [];
  const { runs, task } = splitter;
  const of = (row: Row): (typeof runs)[number] =>
    found(runs, (run) => `${run.concurrency}` === first(row), row);
  const columns: Record<string, Column> = {
    concurrency: (row) => of(row).concurrency,
    ideal: (row) => Math.min(of(row).concurrency, task.items),
    peak: (row) => of(row).peak_concurrency,
    "done / dead / lost": (row) => [of(row).items.done, of(row).items.dead_lettered, of(row).items.lost],
    invocations: (row) => of(row).invocations?.counted,
    queued: (row) => of(row).split_seconds,
    elapsed: (row) => of(row).elapsed_seconds,
    "speed-up": (row) => of(row).speed_up,
    efficiency: (row) => (of(row).efficiency ?? NaN) * 100,
    [`queueing ${LATENCIES}`]: (row) => latencies(of(row).queueing_ms),
  };
  return [{ begins: "concurrency", rows: runs.length, columns }, environments(runs)];
}

/** Environments that a table has at most. */
const MOST_ENVIRONMENTS = 20;

/** A row for each environment. */
function environments(runs: readonly SplitRun[]): Kind {
  const timeline = (caption: string): Timeline | undefined => {
    const title = (run: SplitRun): string => `Items by environment: concurrency ${run.concurrency}:`;
    return runs.find((run) => caption.startsWith(title(run)))?.timeline;
  };
  const own = ({ caption, index }: Row): ItemTime[] =>
    (timeline(caption)?.items ?? []).filter(({ environment }) => environment === index);
  const start = (row: Row): number => Math.min(...own(row).map((item) => item.started_seconds));
  const end = (row: Row): number => Math.max(...own(row).map((item) => item.ended_seconds));
  const busy = (row: Row): number =>
    own(row).reduce((sum, item) => sum + item.ended_seconds - item.started_seconds, 0);
  const columns: Record<string, Column> = {
    environment: ({ index }) => index + 1,
    items: (row) => own(row).length,
    "later attempts": (row) => own(row).filter(({ attempt }) => attempt > 1).length,
    "cold start": (row) => (own(row).some(({ is_cold }) => is_cold) ? "yes" : "no"),
    "first start, s": start,
    "last end, s": end,
    busy: (row) => (busy(row) / (end(row) - start(row))) * 100,
  };
  const rows = (caption: string): number =>
    Math.min(timeline(caption)?.environments.length ?? NaN, MOST_ENVIRONMENTS);
  return { begins: "environment", rows, columns };
}

function sweep({ memory_sweep: swept }: Result): Kind[] {
  if (!swept) return [];
  const figures = swept.points.flatMap((point) =>
    point.figures.map((one) => ({ ...one, mb: point.memory_mb })),
  );
  const of = (row: Row): (typeof figures)[number] =>
    found(figures, ({ name, mb }) => name === first(row) && `${mb}` === row.cells[1], row);
  const columns: Record<string, Column> = {
    name: (row) => of(row).name,
    "memory MB": (row) => of(row).mb,
    [swept.compared.speed]: (row) => of(row).speed,
    [`USD for ${swept.compared.price}`]: (row) => of(row).usd,
    // Rust's tests know what may be chosen.
    choice: ({ cells }) => cells[4] ?? "",
  };
  return [{ begins: "name | memory MB", rows: figures.length, columns }];
}

function cpu({ cpu: used }: Result): Kind[] {
  const functions = used?.functions.filter(({ invocations }) => invocations > 0) ?? [];
  const of = (row: Row): FunctionCpu => found(functions, (one) => one.function === first(row), row);
  const mean = (time: "duration_ms" | "cpu_ms" | "throttled_ms" | "waited_ms"): Column => {
    return (row) => of(row)[time] / of(row).invocations;
  };
  const columns: Record<string, Column> = {
    function: (row) => of(row).function,
    processors: (row) => of(row).share,
    invocations: (row) => of(row).invocations,
    "duration ms": mean("duration_ms"),
    "CPU ms": mean("cpu_ms"),
    "throttled ms": mean("throttled_ms"),
    "waited ms": mean("waited_ms"),
  };
  return [{ begins: "function | processors", rows: functions.length, columns }];
}

function distributions({ summary }: Result): Kind[] {
  const of = (row: Row): Summary => found(summary, ({ name }) => name === first(row), row);
  const columns: Record<string, Column> = {
    name: (row) => of(row).name,
    count: (row) => of(row).count,
    "p50 ms": (row) => of(row).p50,
    "p90 ms": (row) => of(row).p90,
    "p99 ms": (row) => of(row).p99,
    "p99.9 ms": (row) => of(row).p99_9,
    "max ms": (row) => of(row).max,
  };
  // The pictures' test knows how many distributions each has.
  return [{ begins: "name | count", rows: NaN, columns }];
}

function costs({ cost, archive }: Result): Kind[] {
  // Contenders' prices are for 1,000 runs.
  const [many, behind] = archive ? [1000, " run"] : [1, ""];
  const of = (row: Row): Cost => found(cost, ({ item }) => item === first(row) + behind, row);
  const shown = (usd: number | null | undefined): Content => (typeof usd === "number" ? usd * many : null);
  const columns: Record<string, Column> = {
    USD: (row) => of(row).item,
    "USD per 1,000 runs": first,
    sum: (row) => shown(of(row).usd),
  };
  for (const { name } of cost.flatMap(({ lines }) => lines)) {
    columns[name] = (row) => shown(of(row).lines.find((line) => line.name === name)?.usd);
  }
  return [{ begins: "USD", rows: cost.length, columns }];
}
