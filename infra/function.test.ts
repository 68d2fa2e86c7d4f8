import { describe, expect, it } from "vitest";

import { functionName } from "./function";
import type { Target } from "./target";

describe("a function's name", () => {
  const target = (stack: string): Target => ({ project: "lambench", stack }) as Target;

  it("is no longer than Lambda takes", () => {
    const rest = "aurora-worker-queue-data-api";
    expect(functionName(target("s".repeat(26)), rest)).toHaveLength(64);
    expect(() => functionName(target("s".repeat(27)), rest)).toThrow(
      /\(65 characters\) cannot be a function's name: at most 64 .* Shorten the stack's name, 's{27}', or 'aurora-/,
    );
  });

  it("has letters, digits, hyphens and underscores", () => {
    expect(() => functionName(target("my.stack"), "merge")).toThrow("cannot be a function's name");
  });
});
