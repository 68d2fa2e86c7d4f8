import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

import type { Statement } from "./policy";

/**
 * A table in which functions write what exactly happened: an entry for each item of a run, with when it was queued,
 * started and ended, and how often it was tried (`lambda_kit::run_log`). A run is spread over eight partitions (its name, `#` and
 * a number), since one takes 1,000 writes per second. Entries expire by their attribute `expires`.
 */
export class RunLog extends pulumi.ComponentResource {
  readonly table: pulumi.Output<string>;
  readonly arn: pulumi.Output<string>;

  /** @param args what the table is called on AWS */
  constructor(name: string, args: { readonly name: string }, opts?: pulumi.ComponentResourceOptions) {
    super("lambench:infra:RunLog", name, {}, opts);
    const table = new aws.dynamodb.Table(
      name,
      {
        name: args.name,
        billingMode: "PAY_PER_REQUEST",
        hashKey: "run",
        rangeKey: "item",
        attributes: [
          { name: "run", type: "S" },
          { name: "item", type: "S" },
        ],
        ttl: { attributeName: "expires", enabled: true },
      },
      { parent: this },
    );
    this.table = table.name;
    this.arn = table.arn;
    this.registerOutputs({ arn: this.arn });
  }

  /** What a function needs to write the log, and to see what it says of an item. */
  writerStatements(): Statement[] {
    const actions = ["UpdateItem", "PartiQLInsert", "Query"].map((action) => `dynamodb:${action}`);
    return [{ actions, resources: [this.arn] }];
  }
}
