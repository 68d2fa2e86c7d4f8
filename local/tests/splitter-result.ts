/** What happened to the items at one concurrency. */
export interface SplitRun {
  readonly run: string;
  readonly concurrency: number;
  readonly reply: { readonly status_code: number; readonly count: number; readonly body: string } | null;
  readonly items: {
    readonly done: number;
    readonly dead_lettered: number;
    readonly reasons: Readonly<Record<string, number>>;
    readonly lost: number;
  };
  readonly invocations: {
    readonly counted: number;
    readonly expected: number;
    readonly split_repeats: number;
    readonly item_repeats: number;
    readonly others: number;
  } | null;
  readonly elapsed_seconds: number | null;
  readonly speed_up: number | null;
  readonly efficiency: number | null;
  readonly at_once: number;
  readonly queueing_ms: { readonly p50: number; readonly p99: number } | null;
  readonly price: {
    readonly per_million_usd: number | null;
    readonly one_invocation_usd: number | null;
    readonly log_usd: number | null;
  };
}

/** The part of a splitter's result file that tests and benchmarks read. */
export interface Result {
  readonly environment: { readonly kind: string };
  readonly samples: readonly { readonly name: string }[];
  readonly warnings: readonly string[];
  readonly splitter: { readonly runs: readonly SplitRun[]; readonly violations: readonly string[] };
}

/** The part of the stack's `environment` output that tests and benchmarks read. */
export interface Environment {
  readonly queue: { readonly url: string; readonly deadLetterUrl: string };
  readonly runLog: { readonly table: string };
  readonly function: string;
}
