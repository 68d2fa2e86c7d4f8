import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { pathToFileURL } from "node:url";

import type { Browser, BrowserContextOptions, Page } from "playwright-core";

import { launch } from "./chromium";
import { derived } from "./derived";
import { disturbed } from "./disturbed";
import { EXAMPLES, writePage } from "./examples";
import type { Result } from "./result";

const OF_EXAMPLES = EXAMPLES.map((file) => JSON.parse(fs.readFileSync(file, "utf8")) as Result);

const DERIVED: readonly string[] = [
  ...derived(EXAMPLES),
  ...OF_EXAMPLES.filter(({ run }) => run.scenario === "pipeline").map(disturbed),
].map((result) => JSON.stringify(result));

/** The results of the documentation, and those made of them, in the order in which they are on the page. */
export const RESULTS: readonly Result[] = [
  ...OF_EXAMPLES,
  ...DERIVED.map((text) => JSON.parse(text) as Result),
];

/** The page that `lambench report --html` makes of these results, and a browser to open it. */
export class Report {
  private constructor(
    private readonly browser: Browser,
    private readonly folder: string,
    private readonly file: string,
  ) {}

  static async make(): Promise<Report> {
    const browser = await launch();
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lambench-report-"));
    const file = path.join(folder, "report.html");
    const others = DERIVED.map((text, index) => {
      const result = path.join(folder, `derived-${index}.json`);
      fs.writeFileSync(result, text);
      return result;
    });
    writePage(file, [...EXAMPLES, ...others]);
    return new Report(browser, folder, file);
  }

  /** Opens it from disk, as somebody does who was sent it. `prepare` sees the tab before that. */
  async open(options: BrowserContextOptions = {}, prepare: (page: Page) => void = () => {}): Promise<Page> {
    const page = await this.browser.newPage(options);
    prepare(page);
    await page.goto(pathToFileURL(this.file).href);
    return page;
  }

  async close(): Promise<void> {
    await this.browser.close();
    fs.rmSync(this.folder, { recursive: true });
  }
}
