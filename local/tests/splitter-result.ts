import type { Estimate } from "./estimate";
import type { Incomplete } from "./results";

/** What happened to the items at one concurrency. */
export interface SplitRun {
  readonly run: string;
  readonly concurrency: number;
  readonly reply: { readonly statusCode: number; readonly count: number; readonly body: string } | null;
  readonly items: {
    readonly done: number;
    readonly dead_lettered: number;
    readonly reasons: Readonly<Record<string, number>>;
    readonly lost: number;
    readonly unsent?: number;
    readonly interrupted?: number;
  };
  readonly senders?: {
    readonly count: number;
    readonly lost: number;
    readonly unsent: number;
    readonly seconds: number;
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
  readonly peak_concurrency: number;
  readonly queueing_ms: { readonly p50: number; readonly p99: number } | null;
  readonly timeline?: {
    readonly environments: readonly string[];
    readonly items: readonly {
      readonly id: string;
      readonly environment: number;
      readonly started_seconds: number;
      readonly ended_seconds: number;
      readonly attempt: number;
      readonly is_cold: boolean;
    }[];
    readonly left_out: number;
  };
}

/** The part of a splitter's result file that tests and benchmarks read. */
export interface Result {
  readonly environment: { readonly kind: string };
  readonly incomplete?: Incomplete;
  readonly samples: readonly { readonly name: string }[];
  readonly cost: readonly { readonly item: string; readonly usd: number | null }[];
  readonly estimate?: Estimate;
  readonly warnings: readonly string[];
  readonly failed_checks: readonly string[];
  readonly splitter: { readonly runs: readonly SplitRun[] };
}

/** The part of the stack's `environment` output that tests and benchmarks read. */
export interface Environment {
  readonly queue: { readonly url: string; readonly deadLetterUrl: string };
  readonly runLog: { readonly table: string };
  readonly functions: { readonly worker: string };
  readonly load: { readonly function: string };
}
