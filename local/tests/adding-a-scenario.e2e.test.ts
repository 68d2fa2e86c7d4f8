import * as fs from "node:fs";
import * as path from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { applySteps, PAGE, parseSteps } from "./adding-a-scenario";
import { Checkout } from "./checkout";

/**
 * The packages of a checkout with the same version as another's would be taken for that one's: Cargo tells them apart by name
 * and version. So this one's have another version, and what is compiled of other packages is used by both.
 */
const VERSION = /^version = "\d+\.\d+\.\d+"$/m;

/** Our packages that the command and the scenario are made of. They run for seconds: optimizing them would take a minute. */
const OURS = ["lambench", "lambda-kit", "archive", "fill-bucket", "results", "protocol"];

describe("a scenario made by docs/adding-a-scenario.md, step by step", () => {
  let checkout: Checkout;
  let artefact: string;

  /** Builds the scenario's function and a command that knows it, with the compiled dependencies of this checkout. */
  const build = async (): Promise<void> => {
    const manifest = fs.readFileSync(path.join(checkout.root, "Cargo.toml"), "utf8");
    expect(manifest).toMatch(VERSION);
    checkout.write("Cargo.toml", manifest.replace(VERSION, 'version = "0.1.0-relay"'));
    const own = path.join(checkout.root, "target");
    const quick = OURS.map((name) => `--config profile.dev.package.${name}.opt-level=0`).join(" ");
    await checkout.ok(
      `CARGO_BUILD_BUILD_DIR="$CARGO_TARGET_DIR" CARGO_TARGET_DIR=${own} ` +
        `cargo build --offline --workspace --bin relay-worker --bin lambench ${quick}`,
    );
    fs.mkdirSync(path.dirname(artefact), { recursive: true });
    fs.copyFileSync(path.join(own, "debug/relay-worker"), artefact);
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
