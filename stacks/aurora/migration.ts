import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

import type { RustFunction } from "../../infra/function";

/** Accounts of pgbench for each unit of its scale. */
const ACCOUNTS = 100_000;
/**
 * Rows that one invocation makes at most: in Lambda's 15 minutes, less the 20 s that it keeps for the clean-up, that takes
 * 11,400 rows per second.
 */
const ROWS_PER_INVOCATION = 10_000_000;

/** What the database is to hold. */
export interface Content {
  readonly rows: number;
  readonly scale: number;
}

/** What the database holds after each of the invocations that fill it: each adds what fits into its time. */
export function migrationSteps({ rows, scale }: Content): Content[] {
  // The first has one unit of the scale even where the rows alone fill it.
  const count = Math.max(1, Math.ceil((rows + (scale - 1) * ACCOUNTS) / ROWS_PER_INVOCATION));
  return Array.from({ length: count }, (_, index) => {
    const room = (index + 1) * ROWS_PER_INVOCATION - rows;
    // Each step has all rows, which fit into the first: only the accounts grow.
    return { rows, scale: Math.min(scale, 1 + Math.floor(room / ACCOUNTS)) };
  });
}

/**
 * Fills the database by one invocation after the other; returns the last. They run again when the settings or the function
 * change, and add only what is missing.
 */
export function migrateDatabase(
  { migrate, content }: { migrate: RustFunction; content: Content },
  { parent, dependsOn }: { parent: pulumi.Resource; dependsOn: pulumi.Resource[] },
): aws.lambda.Invocation {
  const invoke = (step: Content, number: number, after: pulumi.Resource[]): aws.lambda.Invocation =>
    new aws.lambda.Invocation(
      number === 1 ? "migrate" : `migrate-${number}`,
      {
        functionName: migrate.name,
        input: JSON.stringify({ rows: step.rows, scale: step.scale }),
        triggers: { code: migrate.resource.sourceCodeHash },
      },
      { parent, dependsOn: after },
    );
  const [first, ...others] = migrationSteps(content) as [Content, ...Content[]];
  return others.reduce(
    (before, step, index) => invoke(step, index + 2, [before]),
    invoke(first, 1, [migrate, ...dependsOn]),
  );
}
