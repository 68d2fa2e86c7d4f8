import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import type { Run } from "./archive-contest";
import type { Case } from "./archive-plan";

/** A case, and what its runs took. */
export interface Row extends Omit<Case, "runs"> {
  readonly measured_at: string;
  /** With `-dirty` if there were changes. */
  readonly git_commit: string;
  readonly runs: readonly Run[];
}

/** The published file: what was measured last of each case, with the S3 model's constants of the time. */
interface Published {
  readonly kind: "local";
  readonly scenario: "archive";
  readonly machine: { readonly processors: number; readonly architecture: string };
  readonly s3_profile: object;
  readonly rows: readonly Row[];
}

const ROOT = path.resolve(__dirname, "..", "..");
const FILE = path.join(ROOT, "results", "bench", "archive.json");

/**
 * Adds a row to the published file, in place of an older one of the same case; rows of another S3 don't stay.
 * @returns all rows of the file
 */
export function publish(profile: object, row: Row): readonly Row[] {
  const machine = { processors: os.availableParallelism(), architecture: os.arch() };
  const head = { kind: "local", scenario: "archive", machine, s3_profile: profile } as const;
  const old = fs.existsSync(FILE) ? (JSON.parse(fs.readFileSync(FILE, "utf8")) as Published) : undefined;
  const { rows: before = [], ...other } = old ?? {};
  const kept = JSON.stringify(other) === JSON.stringify(head) ? before.filter((one) => !same(one, row)) : [];
  const rows = [...kept, row].sort((a, b) => order(a).localeCompare(order(b)));
  fs.mkdirSync(path.dirname(FILE), { recursive: true });
  fs.writeFileSync(FILE, `${JSON.stringify({ ...head, rows } satisfies Published, null, 1)}\n`);
  return rows;
}

/** The commit that is checked out. */
export function commit(): string {
  const git = (...args: string[]): string =>
    execFileSync("git", args, { cwd: ROOT, encoding: "utf8" }).trim();
  const changed = git("status", "--porcelain", "--untracked-files=no") !== "";
  return `${git("rev-parse", "HEAD")}${changed ? "-dirty" : ""}`;
}

function same(a: Row, b: Row): boolean {
  return order(a) === order(b);
}

function order({ objects, contender, memory_mb }: Row): string {
  return `${String(objects).padStart(6, "0")} ${contender} ${String(memory_mb).padStart(5, "0")}`;
}
