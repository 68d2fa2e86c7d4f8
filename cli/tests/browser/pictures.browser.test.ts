import * as fs from "node:fs";
import * as path from "node:path";

import type { Browser } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";

import { launch } from "./chromium";
import { PICTURES, pictures, shown, type Picture } from "./standalone";

/** What all pictures of the documentation may take, bytes. */
const MOST = 200_000;

describe("the pictures of README and docs", () => {
  let browser: Browser;
  let drawn: Picture[];
  beforeAll(async () => {
    drawn = pictures();
    browser = await launch();
    return async () => {
      await browser.close();
    };
  });

  it("are what the command draws of docs/examples: if not, run make pictures", () => {
    const committed = fs.readdirSync(PICTURES).sort();
    expect(committed).toEqual(shown().map((name) => `${name}.svg`));
    const svgs = new Map(drawn.map(({ name, svg }) => [`${name}.svg`, svg]));
    for (const name of committed) {
      expect(fs.readFileSync(path.join(PICTURES, name), "utf8"), name).toBe(svgs.get(name));
    }
    const bytes = committed.map((name) => fs.statSync(path.join(PICTURES, name)).size);
    expect(bytes.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(MOST);
  });

  it("show one of each kind", () => {
    const names = new Set(shown());
    // Those of several concurrencies are of one kind.
    const kind = ({ title }: Picture): string => title.replace(/: concurrency \d+$/, "");
    const titles = (all: readonly Picture[]): string[] => [...new Set(all.map(kind))].sort();
    expect(titles(drawn.filter(({ name }) => names.has(name)))).toEqual(titles(drawn));
  });

  it.each(["light", "dark"] as const)(
    "stand alone in %s mode, as an image of a page",
    async (colorScheme) => {
      const page = await browser.newPage({ colorScheme });
      for (const { name, svg } of drawn) {
        const image = `data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}`;
        // A corner is the picture's own background.
        const [width, height, corner] = await page.evaluate(async (source) => {
          const shownImage = new Image();
          shownImage.src = source;
          await shownImage.decode();
          const canvas = document.createElement("canvas");
          canvas.width = canvas.height = 1;
          const context = canvas.getContext("2d");
          context?.drawImage(shownImage, 0, 0);
          return [
            shownImage.naturalWidth,
            shownImage.naturalHeight,
            context?.getImageData(0, 0, 1, 1).data[0] ?? -1,
          ];
        }, image);
        expect(width, name).toBe(520);
        expect(height, name).toBeGreaterThan(50);
        expect(corner, name)[colorScheme === "dark" ? "toBeLessThan" : "toBeGreaterThan"](128);
      }
      await page.close();
    },
  );
});
