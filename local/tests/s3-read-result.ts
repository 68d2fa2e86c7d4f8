import type { Estimate } from "./estimate";

/** The part of a result file that tests and benchmarks of s3-read read. */
export interface Result {
  readonly environment: { readonly kind: string; readonly settings: { readonly memory: number } };
  readonly samples: readonly { readonly name: string }[];
  readonly cost: readonly { readonly item: string; readonly usd: number | null }[];
  readonly estimate?: Estimate;
  readonly failed_checks: readonly string[];
  readonly "s3-read": {
    readonly runs: readonly ReadRun[];
  };
}

/** All objects by one variant. */
export interface ReadRun {
  readonly run: string;
  readonly variant: Variant;
  readonly memory_mb: number;
  readonly listing: {
    readonly listed: number;
    readonly skipped: number;
    readonly sent: number;
    readonly seconds: number;
    readonly division?: {
      readonly parts: number;
      readonly senders: { readonly count: number; readonly lost: number; readonly unsent: number };
    };
  };
  readonly objects: {
    readonly read: number;
    readonly dead_lettered: number;
    readonly failures: Readonly<Record<string, number>>;
    readonly lost: number;
    readonly first_try: number;
  };
  readonly bytes: number;
  readonly mb_per_second: number | null;
  readonly mb_per_second_per_function: number | null;
  readonly invocations: readonly { readonly function: string; readonly max_memory_mb: number }[];
}

export type Variant = "signed" | "sdk";
export const VARIANTS: readonly Variant[] = ["signed", "sdk"];

/** The part of the stack's `environment` output that tests and benchmarks read. */
export interface Environment {
  readonly bucket: string;
  readonly table: { readonly name: string };
  readonly variants: Readonly<
    Record<
      Variant,
      {
        readonly generator: string;
        readonly reader: string;
        readonly queue: { readonly url: string; readonly deadLetterUrl: string };
      }
    >
  >;
}
