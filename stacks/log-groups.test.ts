import { describe, expect, it } from "vitest";

import { describeEachVariant } from "./variants";

/** Some functions of each scenario, as `lambench logs` knows them. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  archive: ["fill-bucket", "preflight", "python-naive", "rust-stream", "verify"],
  aurora: ["tally", "worker-queue-sqlx", "worker-ramp-data-api"],
  pipeline: ["downstream", "load", "midstream", "migrate", "tally", "upstream"],
  "s3-read": ["generator-sdk", "reader-signed"],
  splitter: ["load", "worker"],
};

describe("the log groups that each stack's output names", async () => {
  await describeEachVariant((deployed) => {
    const groups = (): Record<string, string> =>
      (deployed.outputs.environment as { logGroups: Record<string, string> }).logGroups;

    it("are those of all its functions", () => {
      const functions = deployed.stack.resources("aws:lambda/function:Function");
      expect(Object.values(groups()).sort()).toEqual(
        functions.map(({ inputs }) => `/aws/lambda/${String(inputs.name)}`).sort(),
      );
    });

    it("have short names", () => {
      const [scenario = ""] = Object.keys(NAMES).filter((name) =>
        Object.values(groups()).some((group) => group.includes(`-${name}-`)),
      );
      expect(Object.keys(groups())).toEqual(expect.arrayContaining([...(NAMES[scenario] ?? ["a scenario"])]));
    });
  });
});
