import type { Scenario } from "../infra/scenario";
import { archive } from "./archive";
import { aurora } from "./aurora";
import { pipeline } from "./pipeline";
import { s3Read } from "./s3-read";
import { splitter } from "./splitter";

/** A scenario with some settings. */
export interface Variant {
  readonly name: string;
  readonly scenario: Scenario;
  readonly settings: Readonly<Record<string, string>>;
}

/** Every scenario, and again with those settings that change which resources and permissions it has. */
export const VARIANTS: readonly Variant[] = [
  { name: "archive", scenario: archive, settings: {} },
  { name: "aurora", scenario: aurora, settings: {} },
  { name: "aurora with a reader", scenario: aurora, settings: { readers: "1" } },
  { name: "pipeline", scenario: pipeline, settings: {} },
  { name: "pipeline by the Data API", scenario: pipeline, settings: { driver: "data-api" } },
  { name: "pipeline with enhanced fan-out", scenario: pipeline, settings: { fanOut: "on" } },
  { name: "s3-read", scenario: s3Read, settings: {} },
  { name: "s3-read of an existing bucket", scenario: s3Read, settings: { bucket: "my.photos" } },
  { name: "splitter", scenario: splitter, settings: {} },
];

/** The binaries of all functions and of the contenders in Rust. */
export const BINARIES: readonly string[] = [
  ...["preflight", "verify", "cleanup"].map((name) => `archive-${name}`),
  ...["copy-plan", "sdk-stream", "stream", "fill-bucket"],
  ...["migrate", "worker-queue", "worker-ramp", "merge", "tally"].map((name) => `aurora-${name}`),
  ...["upstream", "midstream", "downstream", "migrate", "tally"].map((name) => `pipeline-${name}`),
  ...["generator", "reader"].map((name) => `s3-read-${name}`),
  "splitter-worker",
];
