import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
} from "@aws-sdk/client-lambda";

import type { Checkout } from "./checkout";
import { clientConfig } from "./clients";
import { functionProcesses } from "./processes";
import { depth, Queue } from "./queue";
import { RunLog } from "./run-log";
import type { Environment } from "./splitter-result";

/** A deployed splitter, as its tests disturb and inspect it. */
export class Sandbox {
  private constructor(
    private readonly checkout: Checkout,
    private readonly environment: Environment,
    private readonly lambda: LambdaClient,
    readonly queue: Queue,
    private readonly deadLetters: Queue,
    readonly log: RunLog,
    /** How many messages the queue has, also those that are being worked on. */
    readonly depth: () => Promise<number>,
  ) {}

  /** That of a stack. */
  static async of(checkout: Checkout, stack: string): Promise<Sandbox> {
    const output = await checkout.ok(`pulumi stack output environment --json --stack ${stack}`);
    const { splitter: environment } = JSON.parse(output) as { splitter: Environment };
    const { queue, runLog } = environment;
    const config = await clientConfig(checkout);
    return new Sandbox(
      checkout,
      environment,
      new LambdaClient(config),
      new Queue(config, queue.url),
      new Queue(config, queue.deadLetterUrl),
      new RunLog(config, runLog.table),
      depth(config, queue.url),
    );
  }

  /** The function's name. */
  get worker(): string {
    return this.environment.functions.worker;
  }

  /** How many concurrent invocations the queue is allowed. */
  async allowed(): Promise<number> {
    const { EventSourceMappings: [mapping] = [] } = await this.lambda.send(
      new ListEventSourceMappingsCommand({ FunctionName: this.worker }),
    );
    return mapping?.ScalingConfig?.MaximumConcurrency ?? NaN;
  }

  /** The function's memory, MB. */
  async memory(): Promise<number | undefined> {
    const command = new GetFunctionConfigurationCommand({ FunctionName: this.worker });
    return (await this.lambda.send(command)).MemorySize;
  }

  /** Whether the dead-letter queue holds a message with such attributes. */
  async isDeadLetter(
    fits: (attributes: Readonly<Record<string, string | undefined>>) => boolean,
  ): Promise<boolean> {
    const letters = await this.deadLetters.receive(0);
    return letters.some(({ attributes }) => fits(attributes));
  }

  /** The processes that send items together now. */
  senders(): number[] {
    return functionProcesses(this.checkout, this.environment.load.function);
  }

  /** The processes that run the function now. */
  processes(): number[] {
    return functionProcesses(this.checkout, this.worker);
  }
}
