/** The part of a memory sweep's result file that tests read; `Own` is what the scenario has of each size. */
export interface Sweep<Own> {
  readonly memory_sweep: {
    readonly points: readonly (Own & { readonly memory_mb: number })[];
    readonly choices: readonly Choices[];
  };
}

/** The sizes that stand out, MB. */
export interface Choices {
  readonly name: string;
  readonly fastest: number | null;
  readonly cheapest: number | null;
  readonly balanced: number | null;
}
