import * as fs from "node:fs";
import * as path from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { applySteps, PAGE, parseSteps } from "./adding-a-scenario";
import { Checkout } from "./checkout";
import { rebuild } from "./rebuild";

describe("a scenario made by docs/adding-a-scenario.md, step by step", () => {
  let checkout: Checkout;
  let artefact: string;

  /** Builds the scenario's function and a command that knows it. */
  const build = async (): Promise<void> => {
    const built = await rebuild(checkout, "relay", ["relay-worker", "lambench"]);
    fs.mkdirSync(path.dirname(artefact), { recursive: true });
    fs.copyFileSync(path.join(built, "relay-worker"), artefact);
  };
  const up = "pulumi up --yes --skip-preview --non-interactive --stack relay";

  beforeAll(async () => {
    checkout = new Checkout();
    applySteps(checkout.root, parseSteps(fs.readFileSync(path.join(checkout.root, PAGE), "utf8")));
    artefact = path.join(checkout.artefact("relay-worker"), "bootstrap");
    await build();
    await checkout.ok("lambench local start");
    await checkout.ok("pulumi stack init relay --non-interactive");
    await checkout.ok(up);
  });
  afterAll(async () => {
    fs.rmSync(path.dirname(artefact), { recursive: true, force: true });
    await checkout.remove();
  });

  it("is deployed by its own name, and receives every message that is sent", async () => {
    const printed = await checkout.ok(
      "target/debug/lambench run relay --messages 50 --stack relay --progress none --json",
    );
    const result = JSON.parse(printed) as {
      failed_checks: string[];
      relay: { sent: number; received: number };
    };
    expect(result.failed_checks).toEqual([]);
    expect(result.relay).toMatchObject({ sent: 50, received: 50 });
  });

  it("shows its result like any other", async () => {
    const shown = await checkout.ok("target/debug/lambench show results/relay/*.json");
    expect(shown).toContain("50 messages sent = 50 received");
  });

  it("has a trigger and results that work as printed", async () => {
    await checkout.ok('eval "$(pulumi stack output relayTrigger --stack relay)"');
    expect(await checkout.ok('eval "$(pulumi stack output relayResults --stack relay)"')).toContain(
      "queued_us",
    );
  });

  it("leaves nothing behind", async () => {
    await checkout.ok("pulumi destroy --yes --skip-preview --non-interactive --stack relay");
  });
});
