import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { EXAMPLES, ROOT, writePage } from "./examples";

/** Where README and docs have their pictures. */
export const PICTURES = path.join(ROOT, "docs", "pictures");

/** Width in a browser, px; a picture itself is 400 units wide. */
const SHOWN = 520;
const WIDTH = 400;
/** Height of what stands above the drawing, and of a line of the legend. */
const HEAD = 42;
const LINE = 18;
/** What a character takes at most, on average. */
const CHARACTER = 6.8;

/** A picture of the page as a file of its own. */
export interface Picture {
  readonly name: string;
  readonly title: string;
  readonly svg: string;
}

/** All pictures of the examples' page but those of single memory sizes. */
export function pictures(): Picture[] {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lambench-pictures-"));
  try {
    writePage(path.join(folder, "report.html"), EXAMPLES);
    return ofPage(fs.readFileSync(path.join(folder, "report.html"), "utf8"));
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

/** The names of the pictures that README and docs show. */
export function shown(): string[] {
  const docs = fs.readdirSync(path.join(ROOT, "docs"), { recursive: true, encoding: "utf8" });
  const pages = ["README.md", ...docs.map((name) => path.join("docs", name))].filter((name) =>
    name.endsWith(".md"),
  );
  const links = pages.flatMap((page) => [
    ...fs.readFileSync(path.join(ROOT, page), "utf8").matchAll(/\bpictures\/([\w-]+)\.svg\)/g),
  ]);
  return [...new Set(links.map((link) => link[1] ?? ""))].sort();
}

function ofPage(page: string): Picture[] {
  const style = between(page, "<style>", "</style>");
  const sections = page.split("<section id=").slice(1);
  return sections.flatMap((section, index) => {
    const example = path.basename(EXAMPLES[index] ?? "", ".json");
    const figures = [...section.matchAll(/<figure>.*?<\/figure>/gs)].filter(
      (figure) => !isFolded(section.slice(0, figure.index)),
    );
    return figures
      .filter(([figure]) => figure.includes("<svg"))
      .map(([figure]) => {
        const title = between(figure, "<h3>", "</h3>");
        const svg = standalone(style, figure, title, whose(section));
        return { name: slug(`${example} ${title}`), title, svg };
      });
  });
}

/** Whether what follows is a part of something that the page shows on demand. */
function isFolded(before: string): boolean {
  return before.split("<details").length > before.split("</details").length;
}

/** Such as `LOCAL, archive, 2026-11-30`: local figures say so wherever they are shown. */
function whose(section: string): string {
  const place = between(section, '<p class="place">', "</p>").split(":")[0] ?? "";
  const scenario = between(section, "<h2>", ",");
  const date = /\d{4}-\d\d-\d\d/.exec(section)?.[0] ?? "";
  return `${place}, ${scenario}, ${date}`;
}

function standalone(style: string, figure: string, title: string, whose: string): string {
  const [, height = "", drawing = ""] =
    /<svg viewBox="0 0 400 ([\d.]+)" role="img">(.*?)<\/svg>/s.exec(figure) ?? [];
  const entries = [...figure.matchAll(/<li><svg[^>]*>(.*?)<\/svg>(.*?)<\/li>/gs)];
  const { legend, lines } = laidOut(entries.map(([, mark = "", name = ""]) => ({ mark, name })));
  const all = Math.ceil(HEAD + Number(height) + lines * LINE + 8);
  const [says = ""] = /<title>.*?<\/title>/s.exec(drawing) ?? [];
  const content = [
    `<rect class="page" width="${WIDTH}" height="${all}"/>`,
    `<text class="title" x="4" y="16">${title}</text>`,
    `<text x="4" y="32">${whose}</text>`,
    `<g transform="translate(0 ${HEAD})">${drawing.replace(says, "")}</g>`,
    ...(lines > 0 ? [`<g transform="translate(0 ${HEAD + Number(height)})">${legend}</g>`] : []),
  ].join("\n");
  const size = `viewBox="0 0 ${WIDTH} ${all}" width="${SHOWN}" height="${Math.ceil((all * SHOWN) / WIDTH)}"`;
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img">\n${says}\n` +
    `<style>\n${needed(style, content)}\n</style>\n${content}\n</svg>\n`;
  return svg.replaceAll(/(<(\w+) [^<>]*)><\/\2>/g, "$1/>");
}

/** What the colours stand for, in as many lines as it takes. */
function laidOut(entries: readonly { mark: string; name: string }[]): { legend: string; lines: number } {
  let [x, line] = [4, 0];
  const placed = entries.map(({ mark, name }) => {
    const width = 16 + name.length * CHARACTER;
    if (x > 4 && x + width > WIDTH) [x, line] = [4, line + 1];
    const y = line * LINE + 4;
    const entry = `<g transform="translate(${x.toFixed(0)} ${y})">${mark}<text class="row" x="16" y="10">${name}</text></g>`;
    x += width + 12;
    return entry;
  });
  return { legend: placed.join("\n"), lines: entries.length > 0 ? line + 1 : 0 };
}

/** The page's rules for what a picture has, light and dark. */
function needed(style: string, content: string): string {
  const classes = new Set(
    [...content.matchAll(/class="([^"]*)"/g)].flatMap((found) => (found[1] ?? "").split(" ")),
  );
  const isUsed = (selector: string): boolean => {
    const named = [...selector.matchAll(/\.([\w-]+)/g)].map((found) => found[1] ?? "");
    return (
      selector === "svg text" ||
      (/^(svg )?\.[\w-]+$/.test(selector) && named.every((name) => classes.has(name)))
    );
  };
  const all = rules(style);
  const own = all.flatMap(({ selector, body }) => {
    const used = selector.split(",").map((one) => one.trim()).filter(isUsed); // prettier-ignore
    return used.length > 0 ? [`${used.join(",")}{${body}}`] : [];
  });
  own.push(".page{fill:var(--page)}", "svg .title{font-weight:700;fill:var(--text)}");
  const variables = (body: string): string => {
    const declarations = body
      .split(";")
      .filter((one) => own.some((rule) => rule.includes(`var(${one.split(":")[0]})`)));
    return `:root{${declarations.join(";")}}`;
  };
  const light = all.find(({ selector }) => selector === ":root")?.body ?? "";
  const dark = all.find(({ selector }) => selector.includes("(prefers-color-scheme: dark)"))?.body ?? "";
  return [
    variables(light),
    `@media (prefers-color-scheme: dark){${variables(rules(dark)[0]?.body ?? "")}}`,
    ...own,
  ].join("\n");
}

/** The rules of a style sheet, without its comments and white space. */
function rules(style: string): { selector: string; body: string }[] {
  const text = style.replaceAll(/\/\*.*?\*\//gs, "");
  return [...text.matchAll(/([^{}]+)\{((?:[^{}]|\{[^{}]*\})*)\}/g)].map(([, selector = "", body = ""]) => ({
    selector: selector.trim(),
    body: body.replaceAll(/\s+/g, " ").replaceAll(/ ?([:;,{}]) ?/g, "$1").replace(/;$/, "").trim(), // prettier-ignore
  }));
}

function slug(text: string): string {
  const words = text.replaceAll(/&#?\w+;|'/g, "").toLowerCase();
  return words.replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "");
}

function between(text: string, start: string, end: string): string {
  const [, rest = ""] = text.split(start, 2);
  return rest.split(end, 1)[0] ?? "";
}
