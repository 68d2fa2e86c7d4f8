/** What the tests read of a result file; docs/results.md says what it means. */
export interface Result extends Own {
  readonly run: { readonly scenario: string };
  readonly environment: { readonly stack: string };
  readonly summary: readonly Summary[];
  readonly cpu?: { readonly functions: readonly FunctionCpu[] };
  readonly cost: readonly Cost[];
  readonly memory_sweep?: {
    readonly compared: { readonly speed: string; readonly price: string };
    readonly points: readonly Size[];
  };
}

/** A scenario's own part. */
interface Own {
  readonly archive?: Contest;
  readonly aurora?: { readonly runs: readonly RampRun[] };
  readonly pipeline?: Delivery;
  readonly "s3-read"?: { readonly runs: readonly ReadRun[] };
  readonly splitter?: { readonly task: { readonly items: number }; readonly runs: readonly SplitRun[] };
}

export interface Percentiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p99_9: number;
}

export interface Summary extends Percentiles {
  readonly name: string;
  readonly count: number;
  readonly min: number;
  readonly max: number;
}

export interface FunctionCpu {
  readonly function: string;
  readonly share: number;
  readonly invocations: number;
  readonly duration_ms: number;
  readonly cpu_ms: number;
  readonly throttled_ms: number;
  readonly waited_ms: number;
}

export interface Cost {
  readonly item: string;
  readonly usd: number | null;
  readonly lines: readonly {
    readonly name: string;
    readonly usd: number | null;
    readonly price: {
      readonly usd: number;
      readonly unit: string;
      readonly source: string;
      readonly date: string;
    };
  }[];
}

export interface Contest {
  readonly success: readonly Contender[];
}

export interface Contender {
  readonly arn: string;
  readonly invocations?: readonly number[];
  readonly memory_mb: number;
  readonly max_memory_mb: number | null;
  readonly runs_count: number;
  readonly duration_ms: number;
  readonly duration_ms_stddev: number;
  readonly duration_ms_min: number;
  readonly duration_ms_max: number;
  readonly durations_ms: readonly number[];
  readonly cold_runs?: number | null;
  readonly cold_start_ms: number | null;
  readonly run_price_usd: number;
  readonly total_price_usd: number | null;
  readonly s3: { readonly writes: number } | null;
  readonly time?: RunTime;
}

export interface RunTime {
  readonly init_ms: number;
  readonly cpu: {
    readonly computing_ms: number;
    readonly throttled_ms: number;
    readonly waited_ms: number;
  } | null;
  readonly rest_ms: number;
}

export interface RampRun {
  readonly driver: string;
  readonly action: string;
  readonly stages: readonly Stage[];
}

export interface Stage {
  readonly clients: number;
  readonly tps: number;
  readonly latency_ms: Percentiles | null;
  readonly acus: { readonly max: number } | null;
  readonly errors: Readonly<Record<string, number>>;
  readonly lost: number;
  readonly connections: number | null;
}

/** What happened in a second of a load. */
export interface Second {
  readonly second: number;
  readonly due: number;
  readonly sent: number;
  readonly accepted: number;
  readonly refused: number;
  readonly unknown: number;
  readonly rows: number;
  readonly dead_lettered: number;
}

export interface Delivery {
  readonly requests: {
    readonly latency_ms: Percentiles | null;
    readonly cold_latency_ms: Percentiles | null;
  };
  readonly hops: Readonly<Record<string, Percentiles>>;
  readonly functions: readonly FunctionUse[];
  readonly seconds?: readonly Second[];
}

export interface FunctionUse {
  readonly function: string;
  readonly invocations: number;
  readonly billed_ms: number;
  readonly cold_starts: number;
  readonly init_ms: number | null;
  readonly max_init_ms: number | null;
  readonly max_memory_mb: number;
}

export interface ReadRun {
  readonly variant: string;
  readonly memory_mb: number;
  readonly objects: { readonly read: number };
  readonly bytes: number;
  readonly seconds: number | null;
  readonly mb_per_second: number | null;
  readonly functions: number;
  readonly mb_per_second_per_function: number | null;
  readonly first_byte_ms: Percentiles | null;
  readonly total_ms: Percentiles | null;
  readonly cold_first_byte_ms: Percentiles | null;
  readonly cold_total_ms: Percentiles | null;
}

export interface SplitRun {
  readonly concurrency: number;
  readonly items: { readonly done: number; readonly dead_lettered: number; readonly lost: number };
  readonly invocations: { readonly counted: number } | null;
  readonly elapsed_seconds: number | null;
  readonly speed_up: number | null;
  readonly efficiency: number | null;
  readonly peak_concurrency: number;
  readonly split_seconds: number | null;
  readonly queueing_ms: Percentiles | null;
  readonly timeline?: Timeline;
}

export interface Timeline {
  readonly environments: readonly string[];
  readonly items: readonly ItemTime[];
  readonly left_out: number;
}

export interface ItemTime {
  readonly id: string;
  readonly environment: number;
  readonly started_seconds: number;
  readonly ended_seconds: number;
  readonly attempt: number;
  readonly is_cold: boolean;
}

export interface Size extends Own {
  readonly memory_mb: number;
  readonly failed_checks: readonly string[];
  readonly figures: readonly {
    readonly name: string;
    readonly speed: number | null;
    readonly usd: number | null;
  }[];
}

/** All seconds of a load: in those that its result leaves out, nothing happened. */
export function seconds({ seconds: counted = [] }: Delivery): Second[] {
  const none = { due: 0, sent: 0, accepted: 0, refused: 0, unknown: 0, rows: 0, dead_lettered: 0 };
  const all: Second[] = [];
  for (const one of counted) {
    while (all.length < one.second) all.push({ second: all.length, ...none });
    all.push(one);
  }
  return all;
}

/** The contenders of all sizes that are fit for use, which a memory sweep shows side by side. */
export function contendersOfSizes({ memory_sweep: swept }: Result): Contender[] {
  const fit = (swept?.points ?? []).filter((point) => point.failed_checks.length === 0);
  return fit.length > 1 ? fit.flatMap((point) => point.archive?.success ?? []) : [];
}

/** What a memory sweep has of each size, as results of their own. */
export function sizes(result: Result): Result[] {
  const { memory_sweep: swept, summary, cost, ...others } = result;
  return (swept?.points ?? []).map((point) => {
    const prefix = `${point.memory_mb} MB: `;
    const own = <T>(all: readonly T[], name: (one: T) => string, renamed: (one: T, name: string) => T): T[] =>
      all
        .filter((one) => name(one).startsWith(prefix))
        .map((one) => renamed(one, name(one).slice(prefix.length)));
    return {
      ...others,
      ...point,
      summary: own(
        summary,
        (one) => one.name,
        (one, name) => ({ ...one, name }),
      ),
      cost: own(
        cost,
        (one) => one.item,
        (one, item) => ({ ...one, item }),
      ),
    };
  });
}

/** A contender's name: that of its function, without the stack's. */
export function contender(result: Result, arn: string): string {
  return (arn.split(":").at(-1) ?? "").replace(`lambench-${result.environment.stack}-`, "");
}
