import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";

import { drawings, type Axis, type Drawing, type Span } from "./drawing";
import { RESULTS, Report } from "./report";
import {
  contendersOfSizes,
  seconds,
  type Contender,
  type ItemTime,
  type Result,
  type Second,
  type Summary,
  type Timeline,
} from "./result";

/** What a picture has to show of a result. */
interface Expected {
  readonly marks?: readonly (readonly [x: number, y?: number])[];
  readonly rings?: number;
  readonly guides?: number;
  readonly bars?: readonly number[];
  readonly curves?: readonly Summary[];
  readonly timeline?: Timeline;
  /** The points of each line without marks. */
  readonly courses?: readonly (readonly (readonly [x: number, y: number])[])[];
}

/** Places have one digit behind the point, those of ticks as well. */
const ROUNDED = 0.2;
/** A bar in a lane is so wide at least. */
const LEAST_WIDTH = 0.5;
/** Points of a curve between a percentile and the one with a nine more. */
const PER_NINE = 12;

describe("each picture has the values of its result, where its axes say that they are", () => {
  let report: Report;
  let page: Page;
  let drawn: Drawing[][];
  beforeAll(async () => {
    report = await Report.make();
    page = await report.open();
    drawn = await drawings(page);
    return async () => {
      await report.close();
    };
  });

  it.each(RESULTS.map((result, index) => [result.run.scenario, result, index] as const))(
    "%s",
    (_, result, index) => {
      const pictures = drawn[index] ?? [];
      const all = expected(result);
      expect(pictures.map(({ title }) => title).sort()).toEqual([...all.keys()].sort());
      for (const picture of pictures) compare(picture, all.get(picture.title) ?? {});
    },
  );
});

function compare(
  picture: Drawing,
  { marks = [], rings, guides, bars = [], curves = [], courses = [], timeline }: Expected,
): void {
  const { title, x, y } = picture;
  expect(picture.marks.length, `${title}: points`).toBe(marks.length);
  expect(picture.bars.length, `${title}: bars`).toBe(bars.length);
  if (rings !== undefined) expect(picture.rings, `${title}: rings`).toBe(rings);
  if (guides !== undefined) expect(picture.guides, `${title}: dashed lines`).toBe(guides);
  const stands = (place: number | undefined, axis: Axis, value: number): void => {
    expect(Math.abs((place ?? NaN) - axis.place(value)), `${title}: ${value}`).toBeLessThan(ROUNDED);
  };
  marks.forEach(([horizontal, vertical], index) => {
    stands(picture.marks[index]?.[0], x, horizontal);
    if (vertical !== undefined) stands(picture.marks[index]?.[1], y, vertical);
  });
  bars.forEach((length, index) => {
    const [, width] = picture.bars[index] ?? [];
    stands(x.place(0) + (width ?? NaN), x, length);
  });
  // The points of some pictures are connected.
  if (curves.length > 0) expect(picture.curves.length, `${title}: curves`).toBe(curves.length);
  curves.forEach((summary, index) => {
    const points = picture.curves[index] ?? [];
    expect(points.length, `${title}: points of ${summary.name}`).toBe(pointsOf(summary.count));
    [summary.min, summary.p90, summary.p99, summary.p99_9].forEach((value, nines) => {
      if (10 ** nines < summary.count) stands(points[nines * PER_NINE]?.[1], y, value);
    });
    stands(points.at(-1)?.[1], y, summary.max);
  });
  if (courses.length > 0) expect(picture.curves.length, `${title}: lines`).toBe(courses.length);
  courses.forEach((course, index) => {
    const points = picture.curves[index] ?? [];
    expect(points.length, `${title}: points of line ${index}`).toBe(course.length);
    course.forEach(([horizontal, vertical], place) => {
      stands(points[place]?.[0], x, horizontal);
      stands(points[place]?.[1], y, vertical);
    });
  });
  compareSpans(picture, timeline?.items ?? []);
}

/** Each item is a bar: in its environment's lane, from its start to its end, in the colour of its kind. */
function compareSpans({ title, spans, x, y }: Drawing, items: readonly ItemTime[]): void {
  expect(spans.length, `${title}: bars in lanes`).toBe(items.length);
  const isSpan = (item: ItemTime, span: Span): boolean => {
    const [start, end] = [x.place(item.started_seconds), x.place(item.ended_seconds)];
    const lane = y.place(item.environment + 1);
    return (
      span.color === `c${(item.is_cold ? 1 : 0) + (item.attempt > 1 ? 2 : 0)}` &&
      Math.abs(span.x - start) < ROUNDED &&
      Math.abs(span.width - Math.max(end - start, LEAST_WIDTH)) < ROUNDED &&
      // One lane has no second one to compare its place with.
      (Number.isNaN(lane) || Math.abs(span.y - lane) < ROUNDED)
    );
  };
  const left = [...spans];
  for (const item of items) {
    const found = left.findIndex((span) => isSpan(item, span));
    expect(found, `${title}: a bar of ${JSON.stringify(item)}`).not.toBe(-1);
    left.splice(found, 1);
  }
}

/** From the smallest of so many values to the greatest one. */
function pointsOf(count: number): number {
  return (
    Array.from({ length: 9 * PER_NINE }, (_, index) => 10 ** (index / PER_NINE)).filter(
      (inverse) => inverse < count,
    ).length + 1
  );
}

function expected(result: Result): Map<string, Expected> {
  const all = [
    contest(result.archive?.success),
    load(result),
    delivery(result),
    reading(result),
    splitting(result),
    sweep(result),
  ];
  return new Map([...all.flat(), ...cpu(result)]);
}

type Titled = [title: string, expected: Expected];

function contest(success: readonly Contender[] | undefined): Titled[] {
  if (!success) return [];
  const runs = success.flatMap((one) => one.durations_ms.map((ms): [number] => [ms / 1000]));
  return [...prices(success), ["Runs", { marks: runs }], ...timesSpent(success)];
}

function timesSpent(success: readonly Contender[]): Titled[] {
  const known = success.flatMap(({ time }) => (time ? [time] : []));
  const bars = known.flatMap(({ init_ms, cpu: used, rest_ms }) =>
    [init_ms, used?.computing_ms ?? 0, used?.throttled_ms ?? 0, used?.waited_ms ?? 0, rest_ms]
      .filter((ms) => ms > 0)
      .map((ms) => ms / 1000),
  );
  return known.length > 0 ? [["Where the time goes", { bars }]] : [];
}

function prices(success: readonly Contender[]): Titled[] {
  const against = (usd: (one: Contender) => number | null): Expected => {
    const marks = success.map((one): [number, number] => [one.duration_ms / 1000, (usd(one) ?? NaN) * 1000]);
    const unbeaten = marks.filter(
      ([time, price]) =>
        !marks.some(([other, less]) => other <= time && less <= price && (other < time || less < price)),
    );
    return { marks, rings: unbeaten.length, guides: unbeaten.length > 1 ? 1 : 0 };
  };
  return [
    ["Price of Lambda's time against time", against((one) => one.run_price_usd)],
    ["Price with S3 requests against time", against((one) => one.total_price_usd)],
  ];
}

function load({ aurora }: Result): Titled[] {
  if (!aurora) return [];
  const actions = [...new Set(aurora.runs.map((run) => run.action))];
  return actions.flatMap((action) => {
    const stages = aurora.runs.filter((run) => run.action === action).flatMap((run) => run.stages);
    const of = (name: string, value: (stage: (typeof stages)[number]) => number | undefined): Titled[] => {
      const marks = stages.flatMap((stage): [number, number][] => {
        const y = value(stage);
        return y === undefined ? [] : [[stage.clients, y]];
      });
      return marks.length > 0 ? [[`${action}: ${name} against clients`, { marks }]] : [];
    };
    return [
      ...of("TPS", (stage) => stage.tps),
      ...of("p99 latency, ms", (stage) => stage.latency_ms?.p99),
      ...of("highest ACUs", (stage) => stage.acus?.max),
    ];
  });
}

function delivery({ pipeline, summary }: Result): Titled[] {
  if (!pipeline) return [];
  const { "end-to-end": whole, ...hops } = pipeline.hops;
  const way = ["api", "stream", "table", "row"];
  const bars = (["p50", "p99"] as const).flatMap((percentile) => [
    ...way.map((hop) => hops[hop]?.[percentile] ?? NaN),
    whole?.[percentile] ?? NaN,
  ]);
  const isWhole = ({ name }: Summary): boolean => name.startsWith("http") || name === "end-to-end";
  return [
    ["Each hop's time", { bars }],
    ...bySecond(seconds(pipeline)),
    ["From a request's due time to its row, and to its answer", { curves: summary.filter(isWhole) }],
    ["Each hop", { curves: summary.filter((one) => !isWhole(one)) }],
  ];
}

function bySecond(all: readonly Second[]): Titled[] {
  if (all.length === 0) return [];
  const lines: ((one: Second) => number)[] = [
    (one) => one.accepted,
    (one) => one.rows,
    (one) => one.refused + one.unknown,
    (one) => one.dead_lettered,
  ];
  const courses = lines
    .map((of) => all.map((one): [number, number] => [one.second, of(one)]))
    .filter((course) => course.some(([, count]) => count > 0));
  return [["Requests and rows by second", { guides: 1, courses }]];
}

function reading(result: Result): Titled[] {
  const runs = result["s3-read"]?.runs;
  if (!runs) return [];
  const price = ({ variant }: (typeof runs)[number]): number =>
    result.cost.find(({ item }) => item === `${variant}: a GB`)?.usd ?? NaN;
  const named = (what: string): Summary[] => result.summary.filter(({ name }) => name.includes(what));
  return [
    [
      "What one function reads while it reads",
      { bars: runs.map((run) => run.mb_per_second_per_function ?? NaN) },
    ],
    ["What reading a GB costs", { bars: runs.map(price) }],
    ["First byte, warm and cold", { curves: named("first byte") }],
    ["Last byte, warm and cold", { curves: named("total") }],
  ];
}

function splitting({ splitter, summary }: Result): Titled[] {
  if (!splitter) return [];
  const marks = splitter.runs.map((run): [number, number] => [run.concurrency, run.speed_up ?? NaN]);
  return [
    ["Speed-up against concurrency", { marks, guides: 1 }],
    [
      "From sending an item's message to its start",
      { curves: summary.filter(({ name }) => name.endsWith(": queueing")) },
    ],
    ...splitter.runs.flatMap(({ concurrency, timeline }): Titled[] =>
      timeline ? [[`Items by environment: concurrency ${concurrency}`, { timeline }]] : [],
    ),
  ];
}

function sweep(result: Result): Titled[] {
  const swept = result.memory_sweep;
  if (!swept) return [];
  const names = [...new Set(swept.points.flatMap((point) => point.figures.map(({ name }) => name)))];
  const of = (title: string, figure: "speed" | "usd"): Titled => {
    const marks = names.flatMap((name) =>
      swept.points.flatMap((point): [number, number][] => {
        const value = point.figures.find((one) => one.name === name)?.[figure] ?? null;
        return value === null ? [] : [[point.memory_mb, value]];
      }),
    );
    return [`What memory buys: ${title}`, { marks }];
  };
  const contenders = contendersOfSizes(result);
  const own = contenders.length > 0 ? prices(contenders) : [];
  return [of(swept.compared.speed, "speed"), of(`USD for ${swept.compared.price}`, "usd"), ...own];
}

function cpu(result: Result): Titled[] {
  const functions = result.cpu?.functions.filter(({ invocations }) => invocations > 0) ?? [];
  const bars = functions.flatMap((one) =>
    [one.duration_ms, one.cpu_ms, one.throttled_ms, one.waited_ms].map((sum) => sum / one.invocations),
  );
  return bars.length > 0 ? [["What functions had of this machine's processors", { bars }]] : [];
}
