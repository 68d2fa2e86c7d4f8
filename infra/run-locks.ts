import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

import type { Target } from "./target";

/**
 * A table with an item for each scenario of the stack that is being run: two runs at once would count each other's work. A run
 * renews its item while it lasts; one that isn't renewed any more is no lock.
 * @returns the table's name
 */
export function runLocks(
  target: Target,
  provider: pulumi.ProviderResource | undefined,
): pulumi.Output<string> {
  const table = new aws.dynamodb.Table(
    "locks",
    {
      name: `${target.project}-${target.stack}-locks`,
      billingMode: "PAY_PER_REQUEST",
      hashKey: "scenario",
      attributes: [{ name: "scenario", type: "S" }],
      ttl: { attributeName: "expires", enabled: true },
    },
    provider && { provider },
  );
  return table.name;
}
