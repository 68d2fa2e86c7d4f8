/** What workers did in a stage, or for an action. */
export interface Figures {
  readonly action: string;
  readonly completions: number;
  readonly repeats: number;
  readonly lost: number;
  readonly late: number;
  readonly errors: Readonly<Record<string, number>>;
  readonly latency_ms: { readonly p50: number; readonly p99: number } | null;
}

/** One run of a load test: a ramp's or a queue's. */
export interface Run {
  readonly run: string;
  readonly driver: string;
  readonly action?: string;
  readonly stages?: readonly (Figures & { readonly clients: number })[];
  readonly actions?: readonly Figures[];
  readonly sent?: number;
  readonly done?: number;
  readonly dead_lettered?: number;
  readonly reasons?: Readonly<Record<string, number>>;
  readonly ledger: {
    readonly completions: number;
    readonly rows: number | null;
    readonly unfinished: number;
  };
}

/** The part of a result file that these tests read. */
export interface Result {
  readonly environment: { readonly kind: string };
  readonly failed_checks: readonly string[];
  readonly aurora: { readonly runs: readonly Run[] };
}

/** The output `environment.aurora`, as far as the tests need it. */
export interface Environment {
  readonly cluster: { readonly arn: string; readonly writer: string; readonly database: string };
  readonly queues: Readonly<Record<string, { readonly url: string; readonly deadLetterUrl: string }>>;
  readonly workers: Readonly<Record<string, { readonly queue: string; readonly ramp: string }>>;
}
