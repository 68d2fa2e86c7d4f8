import type { Estimate } from "./estimate";
import type { Incomplete } from "./results";

/** Latency by percentile, ms. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

/** The part of a pipeline's result file that tests and benchmarks read. */
export interface Result {
  readonly environment: { readonly kind: string };
  readonly incomplete?: Incomplete;
  readonly samples: readonly { readonly name: string }[];
  readonly cost: readonly { readonly item: string; readonly usd: number | null }[];
  readonly estimate?: Estimate;
  readonly limits: readonly {
    readonly what: string;
    readonly needed: number;
    readonly allowed: number;
    readonly source: string;
  }[];
  readonly warnings: readonly string[];
  readonly failed_checks: readonly string[];
  readonly pipeline: Delivery;
}

/** A part of a load with a rate of its own. */
export interface Stage {
  readonly name: string;
  readonly rate: number;
  readonly due: number;
  readonly unsent: number;
  readonly accepted: number;
  readonly stored: number;
  readonly latency_ms: Latency | null;
  readonly end_to_end_ms: Latency | null;
  readonly drain_seconds: number | null;
}

/** What happened to the messages. */
export interface Delivery {
  readonly requests: {
    readonly sent: number;
    readonly accepted: number;
    readonly refused: Readonly<Record<string, number>>;
    readonly unsent: number;
    readonly throttled: number;
    readonly accepted_per_second: number;
    readonly latency_ms: Latency | null;
  };
  readonly messages: {
    readonly stored: number;
    readonly unaccepted_stored: number;
    readonly dead_lettered: number;
    readonly lost: number;
    readonly duplicates: number;
    readonly per_second: number;
  };
  readonly hops: Readonly<Record<string, Latency>>;
  readonly stages?: readonly Stage[];
  readonly knee?: { readonly rate: number; readonly kind: string };
  readonly spike?: { readonly http_back_seconds: number | null };
  readonly search?: {
    readonly held: number | null;
    readonly end: string;
    readonly trials: readonly (Stage & { readonly run: string; readonly outcome: unknown })[];
  };
  readonly functions: readonly {
    readonly function: string;
    readonly invocations: number;
    readonly max_init_ms: number | null;
    readonly max_memory_mb: number;
  }[];
  readonly seconds: readonly Second[];
  readonly generator: {
    readonly cpu_ms_per_request: number;
    readonly workers?: { readonly count: number; readonly lost: number; readonly unreported: number };
  };
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

/** The part of the stack's `environment` output that tests and benchmarks read. */
export interface Environment {
  readonly api: { readonly url: string };
  readonly stream: { readonly name: string };
  readonly table: { readonly name: string };
  readonly deadLetters: { readonly midstream: string; readonly downstream: string };
  readonly functions: Readonly<Record<"upstream" | "midstream" | "downstream" | "tally", string>>;
  readonly load: { readonly function: string };
  readonly cluster: { readonly database: string };
}
