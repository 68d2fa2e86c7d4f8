import validate from "asl-validator";
import { describe, expect, it } from "vitest";

import { describeEachVariant } from "./variants";

/** What Step Functions takes as a definition (quotas), characters. */
const MAX_DEFINITION = 1_048_576;

describe("the state machines of each stack", async () => {
  await describeEachVariant(({ stack }) => {
    it("are valid by the Amazon States Language's schema, paths and transitions", () => {
      for (const { name, inputs } of stack.resources("aws:sfn/stateMachine:StateMachine")) {
        const definition = inputs.definition as string;
        expect(definition.length, name).toBeLessThan(MAX_DEFINITION);
        const { errors } = validate(JSON.parse(definition) as object);
        expect(errors, name).toEqual([]);
      }
    });
  });
});

describe("the check of definitions", () => {
  const task = { Type: "Task", Resource: "arn:aws:states:::lambda:invoke", End: true };

  it.each([
    [
      "a state that is not there",
      { StartAt: "One", States: { One: { ...task, End: undefined, Next: "Two" } } },
    ],
    ["a state without an end", { StartAt: "One", States: { One: { ...task, End: undefined } } }],
    [
      "an expression that is no JSONata",
      { StartAt: "One", States: { One: { ...task, Output: "{% $a + %}" } } },
    ],
  ])("finds %s", (_what, definition) => {
    const { isValid } = validate(
      JSON.parse(JSON.stringify({ QueryLanguage: "JSONata", ...definition })) as Parameters<
        typeof validate
      >[0],
    );
    expect(isValid).toBe(false);
  });
});
