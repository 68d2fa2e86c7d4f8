import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

export const ROOT = path.resolve(__dirname, "..", "..", "..");

const FOLDER = path.join(ROOT, "docs", "examples");

/** Result files of real runs, which the documentation shows. */
export const EXAMPLES: readonly string[] = fs
  .readdirSync(FOLDER)
  .filter((name) => name.endsWith(".json"))
  .sort()
  .map((name) => path.join(FOLDER, name));

/** Writes the page of all examples and of other results, as a user does; `make cli` has built the command. */
export function writePage(file: string, others: readonly string[] = []): void {
  const lambench = path.join(ROOT, ".lambench", "bin", "lambench");
  execFileSync(lambench, ["report", "--html", file, ...EXAMPLES, ...others], { cwd: ROOT });
}
