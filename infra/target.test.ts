import * as pulumi from "@pulumi/pulumi";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";

import { readTarget } from "./target";

describe("readTarget", () => {
  beforeAll(async () => {
    await pulumi.runtime.setMocks(
      { newResource: () => ({ id: "id", state: {} }), call: () => ({}) },
      "lambench",
      "dev",
    );
  });
  beforeEach(() => {
    pulumi.runtime.setAllConfig({});
  });

  it("means AWS and its cheaper architecture without an endpoint", () => {
    expect(readTarget(new pulumi.Config("lambench"), {})).toMatchObject({
      endpoint: undefined,
      architecture: "arm64",
      logRetentionDays: 7,
    });
  });

  it("follows AWS_ENDPOINT_URL, with the architecture of the machine that runs the functions", () => {
    const target = readTarget(new pulumi.Config("lambench"), { AWS_ENDPOINT_URL: "http://127.0.0.1:4566" });
    expect(target.endpoint).toBe("http://127.0.0.1:4566");
    expect(target.architecture).toBe(process.arch === "x64" ? "x86_64" : "arm64");
  });

  it("refuses an architecture that Lambda doesn't have", () => {
    pulumi.runtime.setAllConfig({ "lambench:architecture": "riscv" });
    expect(() => readTarget(new pulumi.Config("lambench"), {})).toThrow(
      "architecture is 'riscv', but must be arm64, x86_64 or auto",
    );
  });

  it("refuses a retention that CloudWatch Logs doesn't have", () => {
    pulumi.runtime.setAllConfig({ "lambench:logRetentionDays": "8" });
    expect(() => readTarget(new pulumi.Config("lambench"), {})).toThrow(
      /logRetentionDays is '8', but CloudWatch Logs allows 1, 3/,
    );
  });
});
