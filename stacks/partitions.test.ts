import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { MockedStack } from "./testing";
import { binaries, variants } from "./variants";

const CHINA = { partition: "aws-cn", region: "cn-north-1" };

describe("each stack in China", async () => {
  describe.each(await variants())("$name", ({ scenario, settings }) => {
    const stack = new MockedStack(binaries(), CHINA);
    let outputs: Record<string, unknown>;

    beforeAll(async () => {
      await stack.mock();
      outputs = await stack.deploy(scenario, settings);
    });
    afterAll(() => {
      stack.remove();
    });

    it("names no resource of another partition", () => {
      const arns = JSON.stringify([stack.declared, outputs]).match(/arn:[\w*-]+:/g) ?? [];
      expect(arns.length).toBeGreaterThan(10);
      expect([...new Set(arns)].filter((arn) => arn !== "arn:aws-cn:" && arn !== "arn:*:")).toEqual([]);
    });
  });
});
