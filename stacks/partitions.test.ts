import { describe, expect, it } from "vitest";

import { describeEachVariant } from "./variants";

const CHINA = { partition: "aws-cn", region: "cn-north-1" };

describe("each stack in China", async () => {
  await describeEachVariant((deployed) => {
    it("names no resource of another partition", () => {
      const arns = JSON.stringify([deployed.stack.declared, deployed.outputs]).match(/arn:[\w*-]+:/g) ?? [];
      expect(arns.length).toBeGreaterThan(10);
      expect([...new Set(arns)].filter((arn) => arn !== "arn:aws-cn:" && arn !== "arn:*:")).toEqual([]);
    });
  }, CHINA);
});
