import * as fs from "node:fs";
import * as path from "node:path";

import { describe, expect, it } from "vitest";

import { ROOT } from "../infra/artefact";
import type { Scenario } from "../infra/scenario";
import type { Setting } from "../infra/settings";
import { SHARED_SETTINGS } from "../infra/unknown-keys";

const folders = fs
  .readdirSync(__dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** The first three cells of each row of a page's settings table: key, default and range. */
function documented(page: string): string[][] {
  const [, section = ""] = page.split(/^## Settings$/m);
  const rows = (section.split(/^## /m)[0] ?? "").split("\n").filter((line) => line.startsWith("| `"));
  return rows.map((row) =>
    row
      .split("|")
      .slice(1, 4)
      .map((cell) => cell.trim()),
  );
}

/** The same cells as a scenario declares them. */
function declared([name, setting]: [string, Setting]): string[] {
  const key = `\`${name}\``;
  if ("choices" in setting) {
    return [key, `\`${setting.default}\``, setting.choices.map((choice) => `\`${choice}\``).join(", ")];
  }
  if ("pattern" in setting) return [key, "", setting.form];
  return [key, String(setting.default), setting.range.join(" – ")];
}

describe("the settings that a scenario's page shows", () => {
  it.each(folders)("are those that %s has, with the same defaults and ranges", async (folder) => {
    const [scenario] = Object.values((await import(`./${folder}/index.ts`)) as Record<string, Scenario>);
    const page = fs.readFileSync(path.join(ROOT, "docs", "scenarios", `${folder}.md`), "utf8");
    const shared = SHARED_SETTINGS.map((name) => `\`${name}\``);
    const rows = documented(page).filter(([key = ""]) => !shared.includes(key));
    expect(rows).toEqual(Object.entries(scenario?.settings ?? {}).map(declared));
  });
});
