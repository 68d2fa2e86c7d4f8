import * as fs from "node:fs";
import * as path from "node:path";

/** The page that says how a scenario is added, below the root of a checkout. */
export const PAGE = "docs/adding-a-scenario.md";

/** What a block of the page does to a file. */
export interface Step {
  readonly file: string;
  readonly text: string;
  /** The line of an existing file that the text goes after, or replaces; none for a new file. */
  readonly edit?: { readonly place: "after" | "in place of"; readonly line: string };
}

/** A file's name above a block, and the line of the file that the block is about. */
const NAMED = /^\*\*`([^`]+)`\*\*(?:, (after|in place of) the line with `([^`]+)`:)?$/;
const FENCE = /^(`{3,})\w*$/;
const LISTED = /^\| `([^`]+)` \|/;

/** The blocks of the page that a file's name stands above, in their order. */
export function parseSteps(page: string): Step[] {
  const lines = page.split("\n");
  return lines.flatMap((line, index) => {
    const [named, file, place, text] = NAMED.exec(line) ?? [];
    if (named === undefined || file === undefined) return [];
    const block = blockBelow(lines, index);
    if (place === undefined || text === undefined) return [{ file, text: block }];
    return [{ file, text: block, edit: { place: place as "after" | "in place of", line: text } }];
  });
}

/** The text of the block that follows a line, with nothing but an empty line between. */
function blockBelow(lines: readonly string[], index: number): string {
  const start = index + 2;
  const fence = FENCE.exec(lines[start] ?? "")?.[1];
  const end = fence === undefined ? -1 : lines.indexOf(fence, start + 1);
  if (end < 0) throw new Error(`no block follows '${lines[index] ?? ""}' (line ${index + 1})`);
  return lines
    .slice(start + 1, end)
    .map((line) => `${line}\n`)
    .join("");
}

/** The existing files that change, as the page's table lists them. */
export function listedFiles(page: string): string[] {
  const lines = page.split("\n");
  const start = lines.findIndex((line) => line.startsWith("| existing |"));
  if (start < 0) throw new Error("the page has no table of existing files");
  const table = lines.slice(start + 2);
  const end = table.findIndex((line) => !line.startsWith("|"));
  return table.slice(0, end).flatMap((line) => LISTED.exec(line)?.[1] ?? []);
}

/** Makes the page's scenario in a checkout: writes the new files, and edits the existing ones. */
export function applySteps(root: string, steps: readonly Step[]): void {
  for (const step of steps) {
    const file = path.join(root, step.file);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(
      file,
      step.edit === undefined ? newFile(file, step.text) : edited(file, step.text, step.edit),
    );
  }
}

function newFile(file: string, text: string): string {
  if (fs.existsSync(file)) throw new Error(`${file} is there already`);
  return text;
}

function edited(file: string, text: string, { place, line }: NonNullable<Step["edit"]>): string {
  const lines = fs.readFileSync(file, "utf8").split("\n");
  const found = lines.flatMap((each, index) => (each.includes(line) ? [index] : []));
  const [at] = found;
  if (at === undefined || found.length > 1) {
    throw new Error(`${file} has ${found.length} lines with '${line}', not one`);
  }
  const kept = place === "after" ? [lines[at] ?? ""] : [];
  return [...lines.slice(0, at), ...kept, text.trimEnd(), ...lines.slice(at + 1)].join("\n");
}
