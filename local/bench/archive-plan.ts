/** The stack of the benchmark. */
export const STACK = "archive";

/** A contender with a memory size, on a bucket with a number of objects. */
export interface Case {
  /** `<lang>/<id>`. */
  readonly contender: string;
  readonly memory_mb: number;
  readonly objects: number;
  readonly runs: number;
  /** Functions that share the archive, of a contender that fans out: as many as two processors carry. */
  readonly workers?: number;
}

const CONTENDERS: Readonly<Record<string, readonly number[]>> = {
  "rust/copy-plan": [128, 512],
  "rust/fan-out": [512],
  "rust/stream": [128, 512],
  "python/naive": [512],
};
/** The variable WORKERS of those that have it. */
const WORKERS: Readonly<Record<string, number>> = { "rust/fan-out": 6 };
/** Runs by number of objects: verifying 15 GB takes minutes. */
const RUNS: Readonly<Record<number, number>> = { 200: 5, 3000: 1 };

/** What is measured: everything, unless OBJECTS, CONTENDERS and RUNS say otherwise. */
export function cases(env: NodeJS.ProcessEnv): Case[] {
  const objects = env.OBJECTS?.split(",").map(Number) ?? Object.keys(RUNS).map(Number);
  const contenders = env.CONTENDERS?.split(",") ?? Object.keys(CONTENDERS);
  return objects.flatMap((count) =>
    contenders.flatMap((contender) =>
      (CONTENDERS[contender] ?? [512]).map((memory) => ({
        contender,
        memory_mb: memory,
        objects: count,
        runs: Number(env.RUNS ?? RUNS[count] ?? 1),
        workers: WORKERS[contender],
      })),
    ),
  );
}
