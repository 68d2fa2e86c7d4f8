import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";

import { RESULTS, Report } from "./report";

/** What WCAG asks of text. */
const CONTRAST = 4.5;
const PHONE = { width: 360, height: 740 };
/** A4 without Chromium's margins, px. */
const PAPER = { width: 717, height: 1046 };

describe("the page that lambench report --html writes", () => {
  let report: Report;
  beforeAll(async () => {
    report = await Report.make();
    return async () => {
      await report.close();
    };
  });

  it("opens from disk without an error, and asks no network for anything", async () => {
    const [errors, requests]: [string[], string[]] = [[], []];
    const page = await report.open({}, (tab) => {
      tab.on("console", (message) => errors.push(message.text()));
      tab.on("pageerror", (error) => errors.push(error.message));
      tab.on("request", (request) => requests.push(request.url()));
    });
    await page.locator("th button").filter({ visible: true }).first().click();
    expect(errors).toEqual([]);
    expect(requests).toEqual([page.url()]);
    expect(await page.locator("main > section[id]").count()).toBe(RESULTS.length);
    expect(await page.locator("nav a").count()).toBe(RESULTS.length);
    await page.close();
  });

  it("says in words what each picture shows, to those who cannot see it as well", async () => {
    const page = await report.open();
    const figures = await page.locator("figure").evaluateAll((all) =>
      all.map((figure) => ({
        title: figure.querySelector("h3")?.textContent ?? "",
        caption: figure.querySelector("figcaption")?.textContent ?? "",
        drawing: figure.querySelector("svg[role=img] > title")?.textContent ?? "",
        tables: figure.querySelectorAll("table caption").length,
      })),
    );
    expect(figures.length).toBeGreaterThan(RESULTS.length);
    for (const { title, caption, drawing, tables } of figures) {
      expect(caption, title).not.toBe("");
      expect(drawing, title).toBe(caption);
      expect(tables, title).toBe(1);
    }
    await page.close();
  });

  it.each(["light", "dark"] as const)("has text that can be read in %s mode", async (colorScheme) => {
    const page = await report.open({ colorScheme });
    const { background, poor } = await contrasts(page, CONTRAST);
    expect(background < 0.5 ? "dark" : "light").toBe(colorScheme);
    expect(poor).toEqual([]);
    await page.close();
  });

  it("fits a phone: only tables scroll sideways, and what is written in pictures can be read", async () => {
    const page = await report.open({ viewport: PHONE });
    await unfold(page);
    const { width, smallest } = await page.evaluate(() => ({
      width: document.documentElement.scrollWidth,
      smallest: Math.min(
        ...[...document.querySelectorAll("figure > svg")].map((svg) => (12 * svg.clientWidth) / 400),
      ),
    }));
    expect(width).toBe(PHONE.width);
    expect(smallest).toBeGreaterThanOrEqual(9);
    await page.close();
  });

  it("has pictures in which no text stands on another or is cut off", async () => {
    const page = await report.open();
    await unfold(page);
    expect(await page.locator("figure > svg").evaluateAll(hiddenTexts)).toEqual([]);
    await page.close();
  });

  it("prints on several pages, none of them empty, with the values that the screen shows on demand", async () => {
    const page = await report.open();
    const pdf = (await page.pdf({ format: "A4" })).toString("latin1");
    const pages = pdf.match(/\/Type \/Page\b/g)?.length ?? 0;
    expect(pages).toBeGreaterThan(RESULTS.length);
    expect(pdf.match(/\/Contents \d+ 0 R/g)?.length).toBe(pages);
    await page.emulateMedia({ media: "print" });
    const folded = page.locator("figure details table");
    expect(await folded.count()).toBeGreaterThan(0);
    const heights = await folded.evaluateAll((tables) =>
      tables.map((table) =>
        table.checkVisibility({ contentVisibilityAuto: true }) ? table.clientHeight : 0,
      ),
    );
    expect(Math.min(...heights)).toBeGreaterThan(0);
    await page.setViewportSize(PAPER);
    const tooWide = await page
      .locator(".scroll")
      .evaluateAll((tables) =>
        tables.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.ariaLabel),
      );
    expect(tooWide).toEqual([]);
    await page.close();
  });

  it("can be used with the keyboard alone, and shows where the focus is", async () => {
    const page = await report.open();
    const all = page.locator("a, summary, .scroll, th button").filter({ visible: true });
    const reachable = await all.evaluateAll((elements) =>
      elements.map((element, index) => {
        element.setAttribute("data-place", String(index));
        return String(index);
      }),
    );
    const reached: string[] = [];
    for (let key = 0; key < reachable.length; key++) {
      await page.keyboard.press("Tab");
      const [place, outline] = await page.evaluate(() => {
        const focused = document.activeElement ?? document.body;
        return [
          focused.getAttribute("data-place") ?? focused.tagName,
          getComputedStyle(focused).outlineStyle,
        ];
      });
      reached.push(place);
      expect(outline).not.toBe("none");
    }
    expect(reached).toEqual(reachable);
    await page.close();
  });
});

/** Opens what is shown on demand. */
async function unfold(page: Page): Promise<void> {
  await page.locator("details").evaluateAll((all) => {
    for (const details of all) details.setAttribute("open", "");
  });
}

/** How light the page is, from 0 to 1, and the texts whose contrast to it is less than a minimum. */
async function contrasts(page: Page, least: number): Promise<{ background: number; poor: string[] }> {
  return await page.evaluate((minimum) => {
    const luminance = (color: string): number => {
      const parts = (color.match(/[\d.]+/g) ?? []).slice(0, 3).map((part) => Number(part) / 255);
      const linear = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
      return 0.2126 * (linear[0] ?? 0) + 0.7152 * (linear[1] ?? 0) + 0.0722 * (linear[2] ?? 0);
    };
    const background = luminance(getComputedStyle(document.body).backgroundColor);
    const poor = new Set<string>();
    for (const element of document.querySelectorAll("body *:not(title, script, style)")) {
      const isText = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim());
      if (!isText) continue;
      const style = getComputedStyle(element);
      const own = luminance(element instanceof SVGElement ? style.fill : style.color);
      const contrast = (Math.max(own, background) + 0.05) / (Math.min(own, background) + 0.05);
      if (contrast < minimum) poor.add(`${element.tagName} ${element.className}: ${contrast.toFixed(1)}`);
    }
    return { background, poor: [...poor] };
  }, least);
}

/** Texts of drawings that overlap another one or reach beyond the drawing. It runs in the page. */
function hiddenTexts(drawings: (SVGElement | HTMLElement)[]): string[] {
  return drawings.flatMap((drawing) => {
    const whole = drawing.getBoundingClientRect();
    const texts = [...drawing.querySelectorAll("text")].map((text) => {
      const { left, right, top, bottom, height } = text.getBoundingClientRect();
      // A line has room above its letters and below them.
      return { says: text.textContent, left, right, top: top + height / 5, bottom: bottom - height / 5 };
    });
    return texts.flatMap((one, index) => {
      const isCut = one.left < whole.left || one.right > whole.right || one.bottom > whole.bottom;
      const covered = texts
        .slice(index + 1)
        .filter((other) => one.left < other.right && other.left < one.right)
        .filter((other) => one.top < other.bottom && other.top < one.bottom);
      return [
        ...(isCut ? [`${one.says} is cut off`] : []),
        ...covered.map(({ says }) => `${one.says}, ${says}`),
      ];
    });
  });
}
