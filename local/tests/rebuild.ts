import * as fs from "node:fs";
import * as path from "node:path";

import { expect } from "vitest";

import type { Checkout } from "./checkout";

/** Our packages that tests build again. They run for seconds: optimizing them would take a minute. */
const OURS = ["lambench", "lambda-kit", "archive", "fill-bucket", "results", "protocol", "pipeline"];
const VERSION = /^version = "\d+\.\d+\.\d+"$/m;

/**
 * Builds programs of a checkout whose sources a test has changed, with the compiled dependencies of this one.
 * @param name tells the packages from those of other checkouts: Cargo knows a package by its name and version
 * @returns the folder with the programs
 */
export async function rebuild(checkout: Checkout, name: string, bins: readonly string[]): Promise<string> {
  const manifest = fs.readFileSync(path.join(checkout.root, "Cargo.toml"), "utf8");
  expect(manifest).toMatch(VERSION);
  checkout.write("Cargo.toml", manifest.replace(VERSION, `version = "0.1.0-${name}"`));
  const own = path.join(checkout.root, "target");
  const quick = OURS.map((ours) => `--config profile.dev.package.${ours}.opt-level=0`);
  const what = bins.map((bin) => `--bin ${bin}`);
  await checkout.ok(
    `CARGO_BUILD_BUILD_DIR=${checkout.compiled} CARGO_TARGET_DIR=${own} ` +
      `cargo build --offline --workspace ${[...what, ...quick].join(" ")}`,
  );
  return path.join(own, "debug");
}
