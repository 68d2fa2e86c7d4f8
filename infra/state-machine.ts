import * as fs from "node:fs";

import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

import { ServiceRole } from "./role";

/** Arguments of {@link StateMachine}. */
export interface StateMachineArgs {
  /** What it is called on AWS. */
  readonly name: string;
  /** A definition in Amazon States Language, with `${name}` where a value goes. */
  readonly file: string;
  /** The values, besides `partition`. A string that is nothing but `${name}` becomes the value itself, number or string. */
  readonly values: Readonly<Record<string, pulumi.Input<string> | number>>;
  /** The functions it invokes. */
  readonly functionArns: readonly pulumi.Input<string>[];
}

/** A state machine whose definition stands in a file, and whose role may invoke its functions and nothing else. */
export class StateMachine extends pulumi.ComponentResource {
  readonly arn: pulumi.Output<string>;

  constructor(name: string, args: StateMachineArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lambench:infra:StateMachine", name, {}, opts);
    const role = new ServiceRole(
      name,
      {
        name: args.name,
        service: "states.amazonaws.com",
        statements: [{ actions: ["lambda:InvokeFunction"], resources: args.functionArns }],
      },
      { parent: this },
    );
    const { partition } = aws.getPartitionOutput({}, { parent: this });
    const machine = new aws.sfn.StateMachine(
      name,
      {
        name: args.name,
        roleArn: role.arn,
        definition: pulumi.output({ partition, ...args.values }).apply(substitute(args.file)),
      },
      { parent: this },
    );
    this.arn = machine.arn;
    this.registerOutputs({ arn: this.arn });
  }
}

/** Puts values into a definition; a name without a value is our own mistake and throws. */
function substitute(file: string): (values: Readonly<Record<string, string | number>>) => string {
  const template = fs.readFileSync(file, "utf8");
  return (values) => {
    const value = (name: string): string | number => {
      const found = values[name];
      if (found === undefined) throw new Error(`${file} has \${${name}}, which nothing sets`);
      return found;
    };
    const revive = (_key: string, node: unknown): unknown => {
      if (typeof node !== "string") return node;
      const whole = /^\$\{(\w+)\}$/.exec(node)?.[1];
      if (whole !== undefined) return value(whole);
      return node.replace(/\$\{(\w+)\}/g, (_match, name: string) => String(value(name)));
    };
    return JSON.stringify(JSON.parse(template, revive));
  };
}
