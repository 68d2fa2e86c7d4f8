import type { Page } from "playwright-core";

/** A picture as the page has it. */
export interface Drawing {
  readonly title: string;
  /** Points, and values in rows; from the left and from the top, as everything here. */
  readonly marks: readonly [x: number, y: number][];
  readonly rings: number;
  readonly guides: number;
  readonly bars: readonly [x: number, width: number][];
  /** Bars in lanes: their left ends, the middles of their heights, and their widths. */
  readonly spans: readonly Span[];
  /** The points that each curve is drawn through. */
  readonly curves: readonly (readonly [x: number, y: number][])[];
  readonly x: Axis;
  readonly y: Axis;
}

export interface Span {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  /** The class of its colour. */
  readonly color: string;
}

/** Where a value stands, as a reader finds out: by the ticks at both ends. */
export class Axis {
  constructor(
    private readonly ticks: readonly Tick[],
    private readonly isLog: boolean,
  ) {}

  place(value: number): number {
    const [[from, first], [to, last]] = [this.ticks.at(0) ?? [NaN, ""], this.ticks.at(-1) ?? [NaN, ""]];
    const [low, high] = [first, last].map((label) => this.scaled(Number(label.replaceAll(",", ""))));
    return from + ((this.scaled(value) - (low ?? NaN)) / ((high ?? NaN) - (low ?? NaN))) * (to - from);
  }

  private scaled(value: number): number {
    return this.isLog ? Math.log(value) : value;
  }
}

type Tick = readonly [place: number, label: string];

interface Raw extends Omit<Drawing, "x" | "y" | "curves"> {
  readonly curves: readonly string[];
  readonly axes: { readonly name: string; readonly isX: boolean }[];
  readonly xTicks: readonly Tick[];
  readonly yTicks: readonly Tick[];
}

/** The pictures of each result of the page, those of single memory sizes left out. */
export async function drawings(page: Page): Promise<Drawing[][]> {
  const sections = await page.locator("main > section[id]").evaluateAll(read);
  return sections.map((figures) => figures.map(valued));
}

/** It runs in the page. */
function read(sections: (SVGElement | HTMLElement)[]): Raw[][] {
  const number = (element: Element, name: string): number => Number(element.getAttribute(name));
  const color = (element: Element): string =>
    [...element.classList].find((name) => /^c\d$/.test(name)) ?? "none";
  return sections.map((section) =>
    [...section.querySelectorAll(".pictures > figure:not(details figure)")].flatMap((figure) => {
      const svg = figure.querySelector(":scope > svg");
      if (!svg) return [];
      const all = (selector: string): Element[] => [...svg.querySelectorAll(selector)];
      const texts = (selector: string): [Element, string][] =>
        all(selector).map((text) => [text, text.textContent]);
      return [
        {
          title: figure.querySelector("h3")?.textContent ?? "",
          marks: all(".mark").map((mark): [number, number] => {
            const [x, y] = (mark.getAttribute("d") ?? "").slice(1).split("m", 1)[0]?.split(" ") ?? [];
            return [Number(x), Number(y)];
          }),
          rings: all(".ring").length,
          guides: all(".guide").length,
          bars: all("rect.bar").map((bar): [number, number] => [number(bar, "x"), number(bar, "width")]),
          spans: [
            ...all("rect.span").map((span) => ({
              x: number(span, "x"),
              y: number(span, "y") + number(span, "height") / 2,
              width: number(span, "width"),
              color: color(span),
            })),
            // Many are a path for each colour.
            ...all("path.spans").flatMap((path) =>
              [...(path.getAttribute("d") ?? "").matchAll(/M([\d.]+) ([\d.]+)h([\d.]+)/g)].map(
                ([, x, y, width]) => ({
                  x: Number(x),
                  y: Number(y),
                  width: Number(width),
                  color: color(path),
                }),
              ),
            ),
          ],
          curves: all(".course").map((course) => course.getAttribute("d") ?? ""),
          axes: texts(".name").map(([text, name]) => ({ name, isX: text.classList.contains("end") })),
          xTicks: texts(".middle").map(([text, label]): [number, string] => [number(text, "x"), label]),
          // The text's baseline is a little below its tick.
          yTicks: texts(".end:not(.name)").map(([text, label]): [number, string] => [
            number(text, "y") - 4,
            label,
          ]),
        },
      ];
    }),
  );
}

function valued({ axes, xTicks, yTicks, curves, ...raw }: Raw): Drawing {
  const isLog = (isX: boolean): boolean =>
    axes.some((one) => one.isX === isX && one.name.endsWith("(logarithmic)"));
  const point = (text: string): [number, number] => {
    const [x = NaN, y = NaN] = text.split(" ").map(Number);
    return [x, y];
  };
  return {
    ...raw,
    curves: curves.map((path) => path.slice(1).split("L").map(point)),
    x: new Axis(xTicks, isLog(true)),
    y: new Axis(yTicks, isLog(false)),
  };
}
