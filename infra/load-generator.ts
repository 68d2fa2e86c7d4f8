import * as path from "node:path";

import type * as pulumi from "@pulumi/pulumi";

import type { RustFunction } from "./function";
import { StateMachine } from "./state-machine";

/** An inline Map runs 40 iterations at once at most (Step Functions Developer Guide); one in another, 1,600. */
const GROUP_SIZE = 40;

/** Arguments of {@link loadGenerator}. */
export interface LoadGeneratorArgs {
  /** What the state machine is called on AWS. */
  readonly name: string;
  /** What is invoked as each worker with `{load, worker, start_at_ms}`, and answers with its report. */
  readonly worker: RustFunction;
  /** Of the worker, MB. */
  readonly memory: number;
}

/** What generates load on Lambda, for the output `environment`. */
export interface LoadGenerator {
  /** The ARN of the state machine that starts the workers. */
  readonly stateMachine: pulumi.Output<string>;
  /** The function that is a worker. */
  readonly function: string;
  /** Its memory, MB. */
  readonly memory: number;
  /** Workers that an inner Map starts. */
  readonly groupSize: number;
}

/**
 * The state machine that starts workers which send a load together. Its input is `{load, workers, start_delay_ms}`; their reports
 * are read from the execution's history.
 *
 * Aurora's ramp has a definition of its own: it goes on by stages, and merges the outcomes of each, which are small, on its way.
 */
export function loadGenerator(
  name: string,
  args: LoadGeneratorArgs,
  opts: pulumi.ComponentResourceOptions,
): LoadGenerator {
  const { worker, memory } = args;
  const machine = new StateMachine(
    name,
    {
      name: args.name,
      file: path.join(__dirname, "load-generator.asl.json"),
      values: { groupSize: GROUP_SIZE, workerArn: worker.arn },
      functionArns: [worker.arn],
    },
    opts,
  );
  return { stateMachine: machine.arn, function: worker.name, memory, groupSize: GROUP_SIZE };
}
