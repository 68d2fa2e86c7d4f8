import { describe, expect, it } from "vitest";

import { namePrefix } from "./name-prefix";

describe("the start of a name", () => {
  it("is the name and a hyphen", () => {
    expect(namePrefix("lambench-dev-archive-verify", 64)).toBe("lambench-dev-archive-verify-");
  });

  it("is cut to what leaves room for the provider's 26 characters: 38 of a role's 64, 37 of a bucket's 63", () => {
    const name = "lambench-production-aurora-worker-queue-data-api";
    expect(namePrefix(name, 64)).toBe("lambench-production-aurora-worker-que-");
    expect(namePrefix(name, 63)).toHaveLength(37);
  });
});
