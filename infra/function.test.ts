import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";

import { functionName } from "./function";
import { newRole } from "./role";
import type { Target } from "./target";

describe("a function's name", () => {
  const target = (stack: string): Target => ({ project: "lambench", stack }) as Target;

  it("leaves room for what makes the name of its role unique: IAM takes 64 characters", () => {
    const rest = "aurora-worker-queue-data-api";
    expect(functionName(target("s".repeat(18)), rest)).toHaveLength(56);
    expect(() => functionName(target("s".repeat(19)), rest)).toThrow(
      /\(57 characters\) cannot be a function's name: at most 56 .* Shorten the stack's name, 's{19}', or 'aurora-/,
    );
  });

  it("has letters, digits, hyphens and underscores", () => {
    expect(() => functionName(target("my.stack"), "merge")).toThrow("cannot be a function's name");
  });
});

describe("a role", () => {
  beforeAll(async () => {
    const mocks = { newResource: () => ({ id: "id", state: {} }), call: () => ({}) };
    await pulumi.runtime.setMocks(mocks, "lambench", "production");
  });

  it("is refused where its name would be too long", () => {
    expect(() => newRole("r".repeat(57), "states.amazonaws.com", {})).toThrow(
      "(57 characters) cannot be a role's name: at most 56. Shorten the stack's name, 'production'",
    );
  });
});
