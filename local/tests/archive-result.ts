import type { Incomplete } from "./results";

/** What the execution of the state machine returns, as far as tests read it. */
export interface Execution {
  readonly contenders: readonly {
    readonly arn: string;
    readonly runs: readonly { readonly elapsed_ms: number; readonly verdict?: { readonly valid: boolean } }[];
  }[];
}

/** The part of a contest's result file that tests and benchmarks read. */
export interface Result {
  readonly failed_checks: readonly string[];
  readonly warnings: readonly string[];
  readonly environment: { readonly kind: string; readonly settings: Readonly<Record<string, unknown>> };
  readonly incomplete?: Incomplete;
  readonly archive: {
    readonly options: Options;
    readonly success: readonly Success[];
    readonly failure: readonly { readonly arn: string; readonly reason: string }[];
  };
}

/** What was chosen for a contest. */
export interface Options {
  readonly contenders: readonly string[];
  readonly runs_per_contender: number;
  readonly warmup_runs: number;
  readonly cold_only: boolean;
}

/** A contender all of whose archives were right. */
export interface Success {
  readonly arn: string;
  readonly runs_count: number;
  readonly cold_runs: number | null;
  readonly duration_ms: number;
  readonly memory_mb: number;
  readonly max_memory_mb: number | null;
  readonly run_price_usd: number;
  readonly requests_price_usd: number | null;
  readonly total_price_usd: number | null;
  readonly archive_bytes: number;
  readonly time?: {
    readonly init_ms: number;
    readonly cpu: {
      readonly computing_ms: number;
      readonly throttled_ms: number;
      readonly waited_ms: number;
    } | null;
    readonly rest_ms: number;
  };
  readonly s3: {
    readonly writes: number;
    readonly reads: number;
    readonly sent_bytes: number | null;
    readonly received_bytes: number | null;
    readonly slow_downs: number | null;
  } | null;
  readonly invocations: readonly number[];
  readonly predicted: Predicted | null;
}

/** What the planner said of a run before the contest. */
export interface Predicted {
  readonly seconds: number;
  readonly lambda_usd: number;
  readonly total_usd: number;
  readonly invocations: number;
  readonly s3_writes: number;
  readonly s3_reads: number;
}

/** What `lambench plan archive --json` prints. */
export interface Planned {
  readonly objects: number;
  readonly designs: readonly (Predicted & {
    readonly contender: string;
    readonly memory_mb: number;
    readonly best: readonly string[];
  })[];
}

/** A contender's short name, on the stack `dev`. */
export function contender({ arn }: { readonly arn: string }): string {
  return arn.split(":lambench-dev-")[1] ?? arn;
}

/** The part of the stack's `environment` output that tests and benchmarks read. */
export interface Environment {
  readonly bucket: string;
  readonly contenders: readonly string[];
  readonly functions: { readonly fillBucket: string; readonly verify: string };
  readonly fillCommand: string;
}
