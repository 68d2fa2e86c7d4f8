import type { Checkout } from "../tests/checkout";

/** Reports progress on standard error: standard output has the figures only. */
export function say(what: string): void {
  console.error(what);
}

/** The median of some values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? NaN)
    : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/** A line of a table. */
export function line(...cells: readonly (string | number)[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** Deploys a stack of one scenario in a checkout's local environment; returns the scenario's part of `environment`. */
export async function deploy<T>(checkout: Checkout, scenario: string, settings: Settings): Promise<T> {
  await checkout.ok("lambench local start");
  await checkout.ok(`pulumi stack init ${scenario} --non-interactive`);
  return await update(checkout, scenario, settings);
}

/** Settings of a scenario, by key. */
type Settings = Readonly<Record<string, number>>;

/** Changes settings of a stack that {@link deploy} has made, and deploys what else has changed. */
export async function update<T>(checkout: Checkout, scenario: string, settings: Settings): Promise<T> {
  for (const [key, value] of Object.entries(settings)) {
    await checkout.ok(`pulumi config set ${key} ${value} --stack ${scenario}`);
  }
  const shown = Object.entries(settings).map(([key, value]) => `${key} ${value}`);
  say(`deploying ${[scenario, ...shown].join(", ")} …`);
  await checkout.ok(`pulumi up --yes --skip-preview --non-interactive --stack ${scenario}`);
  const outputs = await checkout.ok(`pulumi stack output environment --json --stack ${scenario}`);
  const environment = (JSON.parse(outputs) as Record<string, T | undefined>)[scenario];
  if (environment === undefined) throw new Error(`the stack has no environment for ${scenario}`);
  return environment;
}

/** Runs a benchmark, and always removes its checkout. */
export function run(checkout: Checkout, main: () => Promise<void>): void {
  main()
    .catch((error: unknown) => {
      console.error(error);
      process.exitCode = 1;
    })
    .finally(() => checkout.remove());
}
