import jsonata from "jsonata";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { archive } from ".";
import { MockedStack } from "../testing";
import { binaries } from "../variants";

/** What these tests read of a state. */
interface State {
  readonly Output?: unknown;
  readonly Items?: string;
  readonly ItemSelector?: unknown;
  readonly Seconds?: unknown;
  readonly Choices?: readonly { Condition: string; Output?: unknown; Next: string }[];
  readonly Default?: string;
  readonly ItemProcessor?: States;
}

interface States {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

const CONTENDERS = ["arn:aws:lambda:eu-west-1:1:function:lambench-full-rust-stream"];

/** A template's value, as Step Functions makes it of a state's input and context. */
async function evaluate(template: unknown, input: unknown, context: unknown = {}): Promise<unknown> {
  if (typeof template === "string") {
    const expression = /^\{%(.*)%\}$/s.exec(template)?.[1];
    if (expression === undefined) return template;
    const states = { input, context, result: [] };
    const value = (await jsonata(expression).evaluate({}, { states })) as unknown;
    return JSON.parse(JSON.stringify(value)) as unknown;
  }
  if (typeof template !== "object" || template === null) return template;
  const entries = Object.entries(template).map(
    async ([name, value]) => [name, await evaluate(value, input, context)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

describe("the archive contest's state machine", () => {
  const stack = new MockedStack(binaries());
  let machine: States;
  const state = (name: string): State => {
    const inner = machine.States.Contenders?.ItemProcessor?.States ?? {};
    const found = machine.States[name] ?? inner[name];
    if (found === undefined) throw new Error(`there is no state ${name}`);
    return found;
  };

  /** The choice that a state makes: the next state, and what it gets. */
  const choice = async (
    name: string,
    input: unknown,
    context: unknown = {},
  ): Promise<readonly [string, unknown]> => {
    const { Choices = [], Default = "" } = state(name);
    for (const { Condition, Output, Next } of Choices) {
      if ((await evaluate(Condition, input, context)) === true) return [Next, await evaluate(Output, input)];
    }
    return [Default, input];
  };
  const checked = async (input: object): Promise<readonly [string, unknown]> =>
    choice("CheckInput", await evaluate(state("Input").Output, input));
  const refusal = async (input: object): Promise<string> => {
    const [next, output] = await checked(input);
    expect(next).toBe("Failed");
    return (output as { Cause: string }).Cause;
  };

  beforeAll(async () => {
    await stack.mock();
    await stack.deploy(archive, { runsPerContender: "3" });
    const [found] = stack.resources("aws:sfn/stateMachine:StateMachine");
    machine = JSON.parse(found?.inputs.definition as string) as States;
  });
  afterAll(() => {
    stack.remove();
  });

  it("runs what the stack's settings say if its execution is told nothing", async () => {
    expect(machine.StartAt).toBe("Input");
    const input = (await evaluate(state("Input").Output, {})) as { contenders: string[] };
    expect(input).toMatchObject({ runs_per_contender: 3, warmup_runs: 0 });
    expect(input.contenders.map((arn) => arn.split(":function:")[1])).toEqual([
      "lambench-full-python-naive",
      "lambench-full-rust-copy-plan",
      "lambench-full-rust-fan-out",
      "lambench-full-rust-sdk-stream",
      "lambench-full-rust-stream",
    ]);
    expect((await checked({}))[0]).toBe("Preflight");
  });

  it("runs what its execution is told instead", async () => {
    const input = { contenders: CONTENDERS, runs_per_contender: 50, warmup_runs: 2 };
    expect(await checked(input)).toEqual(["Preflight", input]);
  });

  it.each([0, 51, 2.5, "3", null])("refuses %j runs per contender", async (runs) => {
    const cause = "runs_per_contender must be a whole number from 1 to 50";
    expect(await refusal({ runs_per_contender: runs })).toBe(cause);
  });

  it.each([-1, 51, 0.5, "1", null])("refuses %j warm-up runs", async (runs) => {
    expect(await refusal({ warmup_runs: runs })).toBe("warmup_runs must be a whole number from 0 to 50");
  });

  it("refuses what would fill the history before the last run ends", async () => {
    const contenders = Array.from({ length: 27 }, (_, index) => `${CONTENDERS[0] ?? ""}-${String(index)}`);
    const all = { contenders, runs_per_contender: 50 };
    expect((await checked(all))[0]).toBe("Preflight");
    expect(await refusal({ ...all, warmup_runs: 10 })).toBe(
      "the history of an execution holds 25000 events, too few for 27 contenders with 60 runs each",
    );
  });

  it("warms each contender up before the runs that count, whose archives have other keys", async () => {
    const context = {
      Execution: { Name: "x" },
      Map: { Item: { Value: 0 } },
      State: { EnteredTime: "1970-01-01T00:00:00Z" },
    };
    const keyOf = async (input: unknown): Promise<unknown> =>
      ((await evaluate(state("Runs").ItemSelector, input, context)) as { key: string }).key;
    const cold = { arn: CONTENDERS[0], warmup_runs: 2, runs_per_contender: 3 };
    expect(await evaluate(state("Runs").Items, cold)).toEqual([0, 1]);
    expect(await keyOf(cold)).toBe("archives/x/rust-stream-warmup-0.zip");
    const warmed = await evaluate(state("Runs").Output, cold, context);
    expect((await choice("AnyFailed", warmed))[0]).toBe("WarmedUp");

    const warm = await evaluate(state("WarmedUp").Output, warmed);
    expect(await evaluate(state("Runs").Items, warm)).toEqual([0, 1, 2]);
    expect(await keyOf(warm)).toBe("archives/x/rust-stream-0.zip");
    const counted = await evaluate(state("Runs").Output, warm, context);
    expect((await choice("AnyFailed", counted))[0]).toBe("Verify");
  });

  it("pauses before and after the runs if it is told to, and else not", async () => {
    const counted = { arn: CONTENDERS[0], is_warmup: false, runs: [{ run: 0, elapsed_ms: 1 }] };
    for (const [input, before, after] of [
      [{}, "Contenders", "Verify"],
      [{ pause_seconds: 240 }, "PauseBefore", "PauseAfter"],
    ] as const) {
      const context = { Execution: { Input: input } };
      expect((await choice("AnyPause", {}, context))[0]).toBe(before);
      expect((await choice("AnyFailed", counted, context))[0]).toBe(after);
    }
    expect(
      await evaluate(state("PauseAfter").Seconds, {}, { Execution: { Input: { pause_seconds: 240 } } }),
    ).toBe(240);
  });

  it("starts no run that counts after a warm-up run that failed, and says that it was one", async () => {
    const runs = [{ run: 0, elapsed_ms: 1, error: "Runtime.ExitError", cause: "exit status 1" }];
    const failed = { arn: CONTENDERS[0], is_warmup: true, started_ms: 1, ended_ms: 2, runs };
    expect((await choice("AnyFailed", failed))[0]).toBe("KeepOneCause");
    expect(await evaluate(state("KeepOneCause").Output, failed)).toEqual(failed);
  });
});
