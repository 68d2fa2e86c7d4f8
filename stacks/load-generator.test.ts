import * as fs from "node:fs";
import * as path from "node:path";

import jsonata from "jsonata";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { pipeline } from "./pipeline";
import { ROOT } from "../infra/artefact";
import { MockedStack } from "./testing";
import { binaries } from "./variants";

/** What these tests read of a state. */
interface State {
  readonly Output?: string;
  readonly Items?: string;
  readonly MaxConcurrency?: number;
  readonly ItemSelector?: Readonly<Record<string, string>>;
  readonly ItemProcessor?: States;
  readonly Arguments?: { readonly FunctionName: string };
}

interface States {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

/** What a worker is told. */
interface Task {
  readonly load: Readonly<Record<string, unknown>>;
  readonly worker: number;
  readonly start_at_ms: number;
}

const WORKER = "arn:aws:lambda:eu-west-1:123456789012:function:lambench-full-pipeline-load";
/** What a function's own tests read. */
const taskOf = (file: string): Task =>
  JSON.parse(fs.readFileSync(path.join(ROOT, "functions", file), "utf8")) as Task;
const TASK = taskOf("pipeline/fixtures/load-task.json");

/** An expression's value, as Step Functions makes it of a state's input and the item of a Map. */
async function evaluate(template: string | undefined, input: unknown, item?: unknown): Promise<unknown> {
  const expression = /^\{%(.*)%\}$/s.exec(template ?? "")?.[1];
  if (expression === undefined) throw new Error(`${template ?? "nothing"} is no expression`);
  const context = { Map: { Item: { Value: item } } };
  const value = (await jsonata(expression).evaluate({}, { states: { input, context } })) as unknown;
  return JSON.parse(JSON.stringify(value)) as unknown;
}

/** What the iterations of a Map get. */
async function iterations({ Items, ItemSelector = {} }: State, input: unknown): Promise<unknown[]> {
  const items = (await evaluate(Items, input)) as unknown[];
  return Promise.all(
    items.map(async (item) => {
      const entries = Object.entries(ItemSelector).map(
        async ([name, template]) => [name, await evaluate(template, input, item)] as const,
      );
      return Object.fromEntries(await Promise.all(entries));
    }),
  );
}

describe("the load generator's state machine", () => {
  const stack = new MockedStack(binaries());
  let machine: States;
  const state = (of: States | undefined, name: string): State => {
    const found = of?.States[name];
    if (found === undefined) throw new Error(`there is no state ${name}`);
    return found;
  };

  /** What so many workers are told, by group. */
  const tasks = async (workers: number, { load } = TASK): Promise<Task[][]> => {
    const input = { load, workers, start_delay_ms: 5800 };
    const started = await evaluate(state(machine, "Countdown").Output, input);
    const groups = state(machine, "Groups");
    const each = (await iterations(groups, started)).map((group) =>
      iterations(state(groups.ItemProcessor, "Workers"), group),
    );
    return (await Promise.all(each)) as Task[][];
  };

  beforeAll(async () => {
    await stack.mock();
    await stack.deploy(pipeline);
    const [found] = stack.resources("aws:sfn/stateMachine:StateMachine");
    machine = JSON.parse(found?.inputs.definition as string) as States;
  });
  afterAll(() => {
    stack.remove();
  });

  it("tells a worker what the function reads", async () => {
    const [[task] = []] = await tasks(40);
    expect(task).toEqual({ ...TASK, worker: 0, start_at_ms: expect.any(Number) as number });
  });

  it("passes a listing's slices on as they are, with what is null in them", async () => {
    const slices = taskOf("s3-read/fixtures/slice-task.json");
    const [[, task] = []] = await tasks(2, slices);
    expect(task).toEqual({ ...slices, start_at_ms: expect.any(Number) as number });
  });

  it.each([1, 2, 39, 40, 41, 80, 1600])(
    "starts each of %i workers once, in groups of 40 at most",
    async (workers) => {
      const groups = await tasks(workers);
      expect(groups.length).toBeLessThanOrEqual(40);
      for (const group of groups) expect(group.length).toBeLessThanOrEqual(40);
      expect(groups.flat().map(({ worker }) => worker)).toEqual([...Array(workers).keys()]);
    },
  );

  it("has all workers start at one time, when they have had the time to connect", async () => {
    const before = Date.now();
    const starts = new Set((await tasks(100)).flat().map(({ start_at_ms }) => start_at_ms));
    expect(starts.size).toBe(1);
    const [start = 0] = starts;
    expect(start).toBeGreaterThanOrEqual(before + 5800);
    expect(start).toBeLessThanOrEqual(Date.now() + 5800);
  });

  it("lets all of them work at once", () => {
    const groups = state(machine, "Groups");
    const workers = state(groups.ItemProcessor, "Workers");
    expect([groups.MaxConcurrency, workers.MaxConcurrency]).toEqual([40, 40]);
    expect(state(workers.ItemProcessor, "Work").Arguments?.FunctionName).toBe(WORKER);
  });
});
