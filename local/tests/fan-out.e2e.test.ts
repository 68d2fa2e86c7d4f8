import * as fs from "node:fs";
import * as path from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { contender, type Result } from "./archive-result";
import { Checkout, settings } from "./checkout";

/** 200 MiB, which are three shares. */
const OBJECTS = 40;

describe("a contender whose invocations share the archive", () => {
  let checkout: Checkout;
  beforeAll(async () => {
    checkout = new Checkout();
    await checkout.ok("lambench local start");
    checkout.write("Pulumi.dev.yaml", "config:\n  lambench:scenarios: [archive]\n");
    await checkout.ok("pulumi stack init dev --non-interactive");
    const all = settings({ objectCount: OBJECTS, objectSizeMib: 5, runsPerContender: 1, runsAtOnce: 1 });
    await checkout.ok(`pulumi up --yes --skip-preview --non-interactive --stack dev ${all}`);
  });
  afterAll(async () => {
    await checkout.remove();
  });

  it("makes a valid archive by three invocations, two of which it has made itself", async () => {
    const { archive } = JSON.parse(
      await checkout.ok("lambench run archive --contender rust-fan-out --stack dev --json --progress none"),
    ) as Result;
    expect(archive.failure).toEqual([]);
    expect(archive.success.map(contender)).toEqual(["rust-fan-out"]);
    const [{ predicted, invocations } = { predicted: null, invocations: [] }] = archive.success;
    expect([predicted?.invocations, predicted?.s3_reads, invocations]).toEqual([3, OBJECTS, [3]]);
    expect(predicted?.seconds).toBeLessThan((OBJECTS * 5 * 2 ** 20) / 75e6);
    const [file = ""] = fs.readdirSync(path.join(checkout.root, "results", "archive"));
    const { run } = JSON.parse(
      fs.readFileSync(path.join(checkout.root, "results", "archive", file), "utf8"),
    ) as { run: { id: string } };
    const log = await checkout.ok(`lambench logs rust-fan-out --run ${run.id} --stack dev`);
    expect(log).toContain("shares: 3, invocations: 3");
    expect(log.match(/Answer\(\d+ parts, \d+ objects\)/g)).toHaveLength(2);
  });
});
