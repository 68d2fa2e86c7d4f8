import * as fs from "node:fs";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { Checkout, type Ended, said, settings, until } from "./checkout";
import { expectLines, expectPrice } from "./estimate";
import { leakedResources } from "./leaked-resources";
import type { Sweep } from "./memory-sweep";
import { kill } from "./processes";
import { showsResults } from "./results";
import type { RunLog } from "./run-log";
import { Running } from "./running";
import type { Result, SplitRun } from "./splitter-result";
import { Sandbox } from "./splitter-sandbox";
import { expectAllSent, expectAThirdUnsent } from "./splitter-senders";
import { expectTimeline } from "./splitter-timeline";

const FIXTURES = "functions/splitter/fixtures";
/** The fewest seconds that a function may have: what is killed comes again after six times as long. */
const TIMEOUT_SECONDS = 3;
const CONCURRENCY = 10;
const FROM_FUNCTIONS = "--from functions --workers 3 --items 300 --item-seconds 0.01";
/** What splitting reaches at least where nothing else computes. */
const EFFICIENCY = 0.5;

const up = (stack: string): string => `pulumi up --yes --skip-preview --non-interactive --stack ${stack}`;
const run = (options: string, stack = "splitter"): string =>
  `lambench run splitter --json --progress none --stack ${stack} ${options}`;

describe("the splitter, with the commands a user types", () => {
  let checkout: Checkout;
  let sandbox: Sandbox;
  let log: RunLog;
  /**
   * A run whose poisoned item takes its time to get into the dead-letter queue, and until it can be looked at again there:
   * on a stack of its own, beside the other tests.
   */
  let poisoned: Promise<Ended>;

  const deploy = async (stack: string): Promise<Sandbox> => {
    await checkout.ok(`pulumi stack init ${stack} --non-interactive`);
    const all = settings({ "scenarios[0]": "splitter", timeoutSeconds: TIMEOUT_SECONDS, itemSeconds: 0.2 });
    await checkout.ok(`${up(stack)} --config-path ${all}`);
    return await Sandbox.of(checkout, stack);
  };
  const result = async (options: string): Promise<Result> =>
    JSON.parse(await checkout.ok(run(options))) as Result;
  /**
   * A sweep over concurrencies that found the machine free: one that shared it with other programs is repeated, since it
   * measured them as well; the last of three counts in any case.
   */
  const sweep = async (options: string): Promise<Result> => {
    for (let left = 2; ; left--) {
      const measured = await result(options);
      if (left === 0 || measured.splitter.runs.every(({ efficiency }) => (efficiency ?? 0) > EFFICIENCY))
        return measured;
    }
  };
  const unchanged = (): Promise<string> =>
    checkout.ok("pulumi preview --expect-no-changes --non-interactive --stack splitter");
  /** Runs the event with the poisoned item. */
  const runPoisoned = async (deployed: Sandbox): Promise<Ended> => {
    const ended = await checkout.run(run("--event poisoned.json", "poisoned"));
    if (ended.code !== 0) return ended;
    const [only] = (JSON.parse(ended.stdout) as Result).splitter.runs;
    await until("the poisoned item can be looked at again", 40, () =>
      deployed.isDeadLetter(({ Run, Item }) => Run === only?.run && Item === "0002"),
    );
    return ended;
  };

  beforeAll(async () => {
    checkout = new Checkout();
    await checkout.ok("lambench local start");
    const [main, other] = await Promise.all([deploy("splitter"), deploy("poisoned")]);
    sandbox = main;
    log = main.log;
    const event = JSON.parse(fs.readFileSync(`${checkout.root}/${FIXTURES}/five-tags.json`, "utf8")) as {
      detail: { requestParameters: { tagSet: { items: { key: string }[] } } };
    };
    event.detail.requestParameters.tagSet.items[2] = { key: "lambench:poison" };
    checkout.write("poisoned.json", JSON.stringify(event));
    poisoned = runPoisoned(other);
    poisoned.catch(() => undefined); // the test that awaits it says so
    expect(other.worker).not.toBe(main.worker);
  });
  afterAll(async () => {
    await checkout.remove();
  });

  it("deploys once: a refresh and a preview right after find nothing to do", async () => {
    await checkout.ok("pulumi preview --refresh --expect-no-changes --non-interactive --stack splitter");
  });

  it("splits the event of its trigger, and prints what became of the items", async () => {
    await checkout.ok('eval "$(pulumi stack output splitterTrigger --stack splitter)"');
    await until("all five tags are done", 30, async () => {
      const done = (await log.entries()).filter((entry) => entry.ended_us !== undefined);
      return done.length === 6;
    });
    const printed = await checkout.ok('eval "$(pulumi stack output splitterResults --stack splitter)"');
    for (const item of ["0000", "0001", "0002", "0003", "0004", "split"]) expect(printed).toContain(item);
    // Another event's entries come in place of these, not beside them.
    const [first] = await log.runs();
    await checkout.ok('eval "$(pulumi stack output splitterTrigger --stack splitter)"');
    await until("the second event's tags are done too", 30, async () => {
      const done = (await log.entries()).filter((entry) => entry.ended_us !== undefined);
      return done.length === 12;
    });
    const again = await checkout.ok('eval "$(pulumi stack output splitterResults --stack splitter)"');
    expect(again).toContain("split");
    expect(again).not.toContain(first);
  });

  it.each([
    ["one-tag.json", 200, 1, "handled 1 tag"],
    ["five-tags.json", 202, 5, "split '5' tags into '5' queued messages"],
    ["ignored.json", 202, 0, "event was ignored, not a type of interest"],
  ])("answers %s with %i and does its items", async (file, statusCode, count, body) => {
    const { splitter } = await result(`--event ${FIXTURES}/${file}`);
    const [only] = splitter.runs;
    expect(only?.reply).toEqual({ statusCode, count, body });
    expect(only?.items).toMatchObject({ done: count, dead_lettered: 0, lost: 0 });
    expect(only?.invocations?.counted).toBe(count === 1 ? 1 : count + 1);
  });

  it("fails on an event that the function cannot understand, and says why: it is in the dead-letter queue", async () => {
    const ended = await checkout.run(run(`--event ${FIXTURES}/malformed.json`));
    expect(ended.code).toBe(1);
    const { splitter, failed_checks } = JSON.parse(ended.stdout) as Result;
    expect(splitter.runs[0]?.reply).toEqual({ statusCode: 400, count: 0, body: "invalid event argument" });
    expect(failed_checks.join()).toContain(
      "the event is in the dead-letter queue: invalid event argument: it cannot be read",
    );
  });

  it("splits into messages of 300 KB, and puts an event aside whose messages no queue takes", async () => {
    const tags = (...bytes: number[]): string =>
      JSON.stringify({
        id: `sizes-${bytes.join("-")}`,
        source: "aws.ec2",
        detail: {
          eventName: "CreateTags",
          itemSeconds: 0,
          requestParameters: {
            tagSet: { items: bytes.map((length, index) => ({ key: `${index}`, value: "v".repeat(length) })) },
          },
        },
      });
    checkout.write("large.json", tags(300_000, 300_000, 600_000, 600_000));
    const { splitter } = await result("--event large.json");
    expect(splitter.runs[0]?.items).toMatchObject({ done: 4, dead_lettered: 0, lost: 0 });
    checkout.write("too-large.json", tags(10, 1_100_000));
    const ended = await checkout.run(run("--event too-large.json"));
    expect(ended.code).toBe(1);
    const refused = JSON.parse(ended.stdout) as Result;
    expect(refused.failed_checks.join()).toContain("the queue takes 1048576 at most");
    expect(await log.entries(refused.splitter.runs[0]?.run)).toEqual([]);
  });

  it("refuses a second run while one is under way, and a killed one is no obstacle", async () => {
    const killed = new Running(checkout.start(run("--items 40 --item-seconds 1")));
    await until("it splits", 30, async () =>
      (await log.entries()).some(({ item, ended_us }) => item !== "split" && ended_us === undefined),
    );
    const second = await checkout.run(run("--items 2"));
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(
      /is already running this stack|and two at once would count each other's work/,
    );
    killed.kill("SIGKILL");
    await killed.ended;
    await sandbox.queue.purge();
    // The next test counts the invocations in its window: none of these may reach into it.
    await until("the killed run's items have ended", 30, async () =>
      (await log.entries()).every(
        ({ started_us, ended_us }) => started_us === undefined || ended_us !== undefined,
      ),
    );
  });

  it("counts what a function that is killed was to send as not sent, and the rest stands", async () => {
    // None has run before: those that there are have been started to send, and wait for the others.
    const senders = (): number[] => sandbox.senders();
    expect(senders()).toEqual([]);
    const running = checkout.run(run(FROM_FUNCTIONS));
    await until("all three functions are there", 60, () => Promise.resolve(senders().length === 3));
    expect(kill(senders().slice(0, 1))).toBe(1);
    expectAThirdUnsent(await running);
  });

  it("does items that functions send without an event, each once, and tells what these cost apart", async () => {
    const measured = await result(FROM_FUNCTIONS);
    expectAllSent(measured);
    const entries = await log.entries(measured.splitter.runs[0]?.run);
    expect(entries).toHaveLength(300);
    expect(
      entries.every(({ queued_us, ended_us }) => queued_us !== undefined && ended_us !== undefined),
    ).toBe(true);
  });

  it("says what concurrency brings and costs, and leaves the queue as it was", async () => {
    const {
      splitter,
      environment: { kind },
      samples,
      cost,
      failed_checks,
    } = await sweep(`--items 50 --concurrency 1,4,${CONCURRENCY}`);
    expect(kind).toBe("local");
    expect(failed_checks).toEqual([]);
    for (const one of splitter.runs) {
      expect(one.items).toMatchObject({ done: 50, dead_lettered: 0, lost: 0 });
      expect(one.invocations).toMatchObject({ counted: one.concurrency === 1 ? 50 : 51, others: 0 });
      expect(one.peak_concurrency).toBe(one.concurrency);
      expect(one.efficiency).toBeGreaterThan(EFFICIENCY);
      expectTimeline(one);
      const usd = (what: string): number =>
        cost.find(({ item }) => item === `concurrency ${one.concurrency}: ${what}`)?.usd ?? NaN;
      expect(usd("a million items")).toBeGreaterThan(usd("a million items in one invocation"));
      expect(usd("run log of a million items")).toBeGreaterThan(0);
    }
    const [serial, some, more] = splitter.runs;
    expect(serial?.queueing_ms).toBeNull();
    expect(some?.queueing_ms?.p50).toBeGreaterThan(more?.queueing_ms?.p50 ?? NaN);
    expect(more?.speed_up).toBeGreaterThan(2 * (serial?.speed_up ?? NaN));
    expect(samples.map(({ name }) => name)).toContain(`concurrency ${CONCURRENCY}: queueing`);
    expect(await sandbox.allowed()).toBe(CONCURRENCY);
    await unchanged();
  });

  it("knows beforehand what a run uses, and its price within a tenth if it has run before", async () => {
    const options = "--items 20 --item-seconds 1 --concurrency 1,10";
    expectLines((await result(options)).estimate, ["Lambda requests", "SQS", "EventBridge", "run log"]);
    expectPrice((await result(options)).estimate);
    const shown = await checkout.ok("lambench show splitter/latest --stack splitter");
    expect(shown).toMatch(/^estimated: [0-9.]+ USD, measured: [0-9.]+ USD$/m);
    const estimate = await checkout.ok(`lambench estimate splitter ${options} --stack splitter`);
    expect(estimate).toMatch(/^assumption: .*: from results\/splitter\/.*-splitter\.json/m);
  });

  it("names the memory sizes that are the best, and gives the function its own back", async () => {
    const sweep = await result("--items 6 --item-seconds 0.1 --concurrency 2 --memory 128,256");
    const { points, choices } = (sweep as Result & Sweep<Result>).memory_sweep;
    expect(points.map((point) => [point.memory_mb, point.splitter.runs[0]?.items.done])).toEqual([
      [128, 6],
      [256, 6],
    ]);
    // Items that only wait take as long with any memory: which size is the fastest is chance.
    expect(choices).toMatchObject([{ name: "concurrency 2", cheapest: 128 }]);
    expect([128, 256]).toContain(choices[0]?.fastest);
    expect(sweep.failed_checks).toEqual([]);
    expect(await sandbox.memory()).toBe(128);
  });

  it("gives the queue its concurrency and the function its memory back when it is interrupted", async () => {
    const command = "lambench run splitter --items 20 --concurrency 3 --memory 256,512 --stack splitter";
    const sweep = new Running(checkout.start(command));
    await until("the queue has another concurrency", 30, async () => (await sandbox.allowed()) === 3);
    expect(await sandbox.memory()).toBe(256);
    sweep.kill("SIGINT");
    const { code, stderr } = await sweep.ended;
    expect(code, stderr).toBe(130);
    expect([await sandbox.allowed(), await sandbox.memory()]).toEqual([CONCURRENCY, 128]);
  });

  it("stops on Ctrl-C with an empty queue, and has the items that were done in an incomplete result", async () => {
    const command = "lambench run splitter --items 200 --item-seconds 0.5 --concurrency 2 --stack splitter";
    const running = new Running(checkout.start(`${command} --json --progress counter`));
    await running.says(/^([3-9]|\d\d+)\/200 items/m);
    running.kill("SIGINT");
    const { code, stdout, stderr } = await running.ended;
    expect(code, stderr).toBe(130);
    expect(stderr).toContain("press Ctrl-C again to abort");
    const { splitter, incomplete, failed_checks } = JSON.parse(stdout) as Result;
    const { done, interrupted = 0, lost } = splitter.runs[0]?.items ?? { done: 0, lost: NaN };
    expect(failed_checks).toEqual([]);
    expect([done > 0, interrupted > 0, lost, done + interrupted]).toEqual([true, true, 0, 200]);
    expect(incomplete).toEqual({
      reason: "interrupted",
      missing: [`concurrency 2: ${interrupted} of 200 items`],
    });
    expect(await sandbox.depth()).toBe(0);
    expect(await sandbox.allowed()).toBe(CONCURRENCY);
  });

  it("shows a run while it goes on, and leaves the page of its result", async () => {
    const options = "--items 20 --item-seconds 0.5 --concurrency 2 --live --quiet";
    const running = new Running(checkout.start(`lambench run splitter ${options} --stack splitter`));
    await running.says(/live page: \S+\n/);
    const address = /live page: (\S+)/.exec(running.stderr)?.[1] ?? "";
    expect((await fetch(new URL("/", address))).status).toBe(403);
    const events = await (await fetch(`${address}/events`)).text();
    const page = await (await fetch(address)).text();
    const { code, stdout, stderr } = await running.ended;
    expect(code, stderr).toBe(0);
    const counts = [...events.matchAll(/<h2>(\d+)\/20 items, 2 at once/g)].map(([, done]) => Number(done));
    expect(new Set(counts).size).toBeGreaterThan(1);
    expect(counts).toEqual(counts.toSorted((one, other) => one - other));
    expect(events.trimEnd()).toMatch(/event: end\ndata: .*$/);
    const result = stdout.trim();
    await checkout.ok(`lambench report ${result} --html again.html`);
    const read = (file: string): string => fs.readFileSync(`${checkout.root}/${file}`, "utf8");
    expect(page).toBe(read("again.html"));
    expect(page).toBe(read(result.replace(/\.json$/, ".html")));
    expect(stderr).toContain(`page: ${result.replace(/\.json$/, ".html")}`);
    expect((await checkout.run("lambench list splitter")).stderr).not.toContain("warning");
  });

  it("puts a message that would be split again aside, with the reason", async () => {
    const event = fs.readFileSync(`${checkout.root}/${FIXTURES}/five-tags.json`, "utf8");
    await sandbox.queue.send(event);
    await until("it is in the dead-letter queue", 30, () =>
      sandbox.isDeadLetter(({ Reason }) => Reason?.includes("it isn't split again") === true),
    );
  });

  it("does each item once, although it is killed while it splits and while it works, and gets things twice", async () => {
    const items = 600;
    // What an earlier test sent may be gone from the queue only now.
    await until("the queue is empty", 30, async () => (await sandbox.depth()) === 0);
    const warm = sandbox.processes();
    const running = checkout.run(run(`--items ${items} --item-seconds 0.02`));
    // A split takes a fraction of a second, and so does looking for processes: the warm ones are known beforehand.
    await until("it splits", 60, async () => (await sandbox.depth()) > 0, 1);
    expect(kill(warm) + kill(sandbox.processes())).toBeGreaterThan(0);
    const name = await log.beingSplit();
    if (name === undefined) throw new Error("the split was over before it could be killed");
    await until("items are done", 60, async () => (await log.done(name)) > 100);
    kill(sandbox.processes());
    for (const Item of ["0001", "0001", "0599"]) {
      const detail = {
        eventName: "CreateTags",
        run: name,
        requestParameters: { tagSet: { items: [{ key: `Item-${Item}`, value: "lambench" }] } },
      };
      const again = JSON.stringify({ source: "lambench.splitter", detail });
      await sandbox.queue.send(again, { Run: name, Item });
    }
    const ended = await running;
    if (ended.code !== 0) throw new Error(said(ended));
    const { splitter, failed_checks } = JSON.parse(ended.stdout) as Result;
    const [only] = splitter.runs;
    expect(failed_checks).toEqual([]);
    expect(only?.items).toMatchObject({ done: items, dead_lettered: 0, lost: 0 });
    expect(only?.invocations?.split_repeats).toBeGreaterThan(0);
    expect(only?.invocations?.counted).toBeGreaterThan(items + 1);
    const entries = (await log.entries(name)).filter(({ item }) => item !== "split");
    expect(entries.filter(({ ended_us }) => ended_us !== undefined)).toHaveLength(items);
    const retried = only?.timeline?.items.filter(({ attempt }) => attempt > 1) ?? [];
    expect(retried).toHaveLength(entries.filter(({ attempts }) => attempts > 1).length);
  });

  it("dead-letters a poisoned item after four receives, and does the others", async () => {
    const ended = await poisoned;
    if (ended.code !== 0) throw new Error(said(ended));
    const { splitter, warnings } = JSON.parse(ended.stdout) as Result;
    const [only] = splitter.runs as [SplitRun];
    expect(only.items).toMatchObject({ done: 4, dead_lettered: 1, lost: 0 });
    expect(only.invocations).toEqual({
      counted: 9,
      expected: 6,
      split_repeats: 0,
      item_repeats: 3,
      others: 0,
    });
    expect(warnings.join()).toContain("1 item in the dead-letter queue");
  });

  it.each([
    ["--items 40000", "EventBridge takes less than 1000000 bytes: use --items"],
    ["--item-seconds 3", "pulumi config set --path splitter.timeoutSeconds 9 --stack splitter"],
    ["--concurrency 0", "1..=1000"],
    ["--event nothing.json", "cannot read nothing.json"],
  ])("refuses %s before anything is sent, and says what would be right", async (options, advice) => {
    const ended = await checkout.run(run(options));
    expect(ended.code).not.toBe(0);
    expect(ended.stderr).toContain(advice);
  });

  it("says in a shell that means AWS how to mean the local environment", async () => {
    const aws = "env -u AWS_ENDPOINT_URL -u PULUMI_BACKEND_URL -u PULUMI_ACCESS_TOKEN";
    const ended = await checkout.run(`${aws} lambench run splitter --stack splitter --progress none`);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain("this shell means AWS");
    expect(ended.stderr).toContain('eval "$(lambench local env)"');
    const unnamed = await checkout.run("lambench run splitter --stack ''");
    expect(unnamed.code).toBe(2);
    expect(unnamed.stderr).toContain("a value is required for '--stack");
  });

  it("shows its results again, side by side and as a document", async () => {
    await showsResults(checkout, "splitter");
  });

  it("destroys everything it made", async () => {
    await Promise.all(
      ["splitter", "poisoned"].map((stack) =>
        checkout.ok(`pulumi destroy --yes --skip-preview --non-interactive --stack ${stack}`),
      ),
    );
    expect(
      await leakedResources(checkout, [
        "rules",
        "tables",
        "queues",
        "functions",
        "eventSourceMappings",
        "roles",
        "logGroups",
        "alarms",
      ]),
    ).toEqual({});
  });
});
