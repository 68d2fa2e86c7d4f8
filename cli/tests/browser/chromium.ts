import * as fs from "node:fs";
import * as path from "node:path";

import { chromium, type Browser } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** Starts the machine's own Chromium; nothing is downloaded. */
export async function launch(): Promise<Browser> {
  return await chromium.launch({ executablePath: installed() });
}

function installed(): string {
  const folders = (process.env.PATH ?? "").split(path.delimiter);
  const programs = NAMES.flatMap((name) => folders.map((folder) => path.join(folder, name)));
  const found = programs.find((program) => fs.existsSync(program));
  if (found === undefined) {
    throw new Error(
      `no browser on the PATH (${NAMES.join(", ")}). Install Chromium: sudo apt-get install chromium, or on macOS: ` +
        "brew install --cask chromium",
    );
  }
  return found;
}
