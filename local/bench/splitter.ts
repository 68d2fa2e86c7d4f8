/**
 * Measures the splitter: what splitting an event costs in CPU, how much sooner its messages are in the queue than one at a time,
 * what concurrency brings, and whether each item is done once whatever fails. `make bench-splitter`; RUNS changes how many
 * runs with faults there are, ROUNDS how often queueing is measured.
 */
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { promisify } from "node:util";

import { Checkout, until } from "../tests/checkout";
import { type ClientConfig, clientConfig } from "../tests/clients";
import { functionProcesses } from "../tests/processes";
import { depth } from "../tests/queue";
import { RunLog } from "../tests/run-log";
import type { Environment, Result, SplitRun } from "../tests/splitter-result";
import { line, median, run, say } from "./bench";

const RUNS = Number(process.env.RUNS ?? 20);
const ROUNDS = Number(process.env.ROUNDS ?? 5);
const CONCURRENCIES = [1, 5, 10];
/** Stacks on which runs with faults take place at the same time: what is killed is delivered again only after 18 s. */
const STACKS = 4;
const FAULTY_ITEMS = 300;
/** What a request to AWS takes at least on its way, which the loopback lacks. */
const ROUND_TRIP_MS = 2;

const checkout = new Checkout();
const target = path.resolve(process.env.CARGO_TARGET_DIR ?? "target");

async function main(): Promise<void> {
  await checkout.ok("lambench local start");
  const config = await clientConfig(checkout);
  console.log(`\n${await enqueueing(config)}`);
  await speedUp();
  await faults(config);
}

/** What `bench_split` prints. */
interface Enqueued {
  readonly items: number;
  readonly cpu_us_per_item: number;
  readonly enqueue: {
    readonly in_batches_s: readonly number[];
    readonly sequential_s: readonly number[];
    readonly times_faster: readonly number[];
  };
}

/** Batches against single messages, by the function's own code, over the loopback and over a connection with latency. */
async function enqueueing(config: ClientConfig): Promise<string> {
  say(`queueing, 2 × ${ROUNDS} rounds …`);
  const near = await benchSplit(config, config.endpoint);
  const latency = await Latency.before(config.endpoint);
  const far = await benchSplit(config, latency.endpoint);
  latency.close();
  return (
    `Splitting: ${near.cpu_us_per_item.toFixed(2)} µs of CPU per item\n` +
    `${near.items} items into the queue, over the loopback: ${faster(near)}\n` +
    `${near.items} items into the queue, ${ROUND_TRIP_MS} ms away and back: ${faster(far)}`
  );
}

async function benchSplit(config: ClientConfig, endpoint: string): Promise<Enqueued> {
  const env = {
    ...process.env,
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: config.region,
    AWS_ACCESS_KEY_ID: config.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: config.credentials.secretAccessKey,
  };
  const program = path.join(target, "debug", "examples", "bench_split");
  const { stdout } = await promisify(execFile)(program, [String(ROUNDS)], { env });
  return JSON.parse(stdout) as Enqueued;
}

function faster({ enqueue }: Enqueued): string {
  const [batches, single, times] = [enqueue.in_batches_s, enqueue.sequential_s, enqueue.times_faster];
  return (
    `${median(batches).toFixed(3)} s in batches, ${median(single).toFixed(3)} s one after the other: ` +
    `${median(times).toFixed(1)} × (${Math.min(...times).toFixed(1)} to ${Math.max(...times).toFixed(1)}), ` +
    `medians of ${ROUNDS} rounds`
  );
}

/** A connection with the latency of one to AWS. */
class Latency {
  private constructor(
    private readonly server: net.Server,
    readonly endpoint: string,
  ) {}

  static async before(endpoint: string): Promise<Latency> {
    const { hostname, port } = new URL(endpoint);
    const server = net.createServer((client) => {
      const far = net.connect(Number(port), hostname);
      for (const [from, to] of [
        [client, far],
        [far, client],
      ] as const) {
        from.setNoDelay(true);
        from.on("data", (data) => setTimeout(() => to.write(data), ROUND_TRIP_MS / 2));
        from.on("error", () => to.destroy());
        from.on("close", () => to.destroy());
      }
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port: own } = server.address() as net.AddressInfo;
    return new Latency(server, `http://127.0.0.1:${own}`);
  }

  close(): void {
    this.server.close();
  }
}

/** Deploys a stack of the splitter. */
async function deploy(stack: string, settings: Readonly<Record<string, number>>): Promise<Environment> {
  say(`deploying ${stack} …`);
  await checkout.ok(`pulumi stack init ${stack} --non-interactive`);
  await checkout.ok(`pulumi config set --path 'scenarios[0]' splitter --stack ${stack}`);
  for (const [key, value] of Object.entries(settings)) {
    await checkout.ok(`pulumi config set ${key} ${value} --stack ${stack}`);
  }
  await checkout.ok(`pulumi up --yes --skip-preview --non-interactive --stack ${stack}`);
  const outputs = await checkout.ok(`pulumi stack output environment --json --stack ${stack}`);
  return (JSON.parse(outputs) as { splitter: Environment }).splitter;
}

async function lambench(stack: string, options: string): Promise<readonly SplitRun[]> {
  const command = `lambench run splitter --json --progress none --stack ${stack} ${options}`;
  const { code, stdout, stderr } = await checkout.run(command);
  if (code !== 0) throw new Error(`'${command}' ended with ${code}: ${stderr}`);
  return (JSON.parse(stdout) as Result).splitter.runs;
}

async function speedUp(): Promise<void> {
  await deploy("speed", { itemSeconds: 1 });
  say(`50 items of 1 s at concurrency ${CONCURRENCIES.join(", ")} …`);
  const runs = await lambench("speed", `--items 50 --concurrency ${CONCURRENCIES.join(",")}`);
  console.log("\n50 items of 1 s\n");
  console.log(
    line("concurrency", "invocations", "elapsed (s)", "speed-up", "efficiency", "queueing p50 (ms)", "p99"),
  );
  console.log(line(...Array<string>(7).fill("---:")));
  for (const one of runs) {
    console.log(
      line(
        one.concurrency,
        one.invocations?.counted ?? "–",
        one.elapsed_seconds?.toFixed(2) ?? "–",
        one.speed_up?.toFixed(2) ?? "–",
        one.efficiency?.toFixed(3) ?? "–",
        one.queueing_ms?.p50.toFixed(0) ?? "–",
        one.queueing_ms?.p99.toFixed(0) ?? "–",
      ),
    );
  }
}

/** What happened to the items of a run with faults. */
interface Faulty {
  readonly items: number;
  readonly kills: number;
  readonly figures: SplitRun;
  /** Entries of the run log that are ended. */
  readonly ended: number;
}

async function faults(config: ClientConfig): Promise<void> {
  const settings = { timeoutSeconds: 3, itemSeconds: 0.1 };
  const all: Faulty[] = [];
  const lane = async (index: number): Promise<void> => {
    for (let next = index; next < RUNS; next += STACKS) {
      say(`run ${next + 1} of ${RUNS} with faults …`);
      all.push(next % 2 === 0 ? await killed(index, config) : await poisoned(index, config));
    }
  };
  for (let index = 0; index < STACKS; index += 1) stacks.push(await deploy(`faults${index}`, settings));
  await Promise.all(Array.from({ length: STACKS }, (_, index) => lane(index)));
  const sum = (count: (one: Faulty) => number): number => all.reduce((total, one) => total + count(one), 0);
  const invocations = (one: Faulty): number => one.figures.invocations?.counted ?? NaN;
  const broken = all.filter(
    ({ items, figures, ended }) =>
      figures.items.lost > 0 ||
      figures.items.done + figures.items.dead_lettered !== items ||
      ended !== figures.items.done,
  );
  console.log(
    `\n${all.length} runs with faults: ${sum((one) => one.items)} items = ${sum((one) => one.figures.items.done)} done + ` +
      `${sum((one) => one.figures.items.dead_lettered)} dead-lettered + ${sum((one) => one.figures.items.lost)} lost; ` +
      `${sum((one) => one.ended)} ended in the run log; ${sum((one) => one.kills)} environments killed, ` +
      `${sum((one) => one.figures.invocations?.split_repeats ?? 0)} splits repeated, ` +
      `${sum((one) => one.figures.invocations?.item_repeats ?? 0)} attempts at items repeated, ` +
      `${sum(invocations)} invocations; ${broken.length} runs don't add up`,
  );
  if (broken.length > 0) process.exitCode = 1;
}

const stacks: Environment[] = [];

function environment(index: number): Environment {
  const found = stacks[index];
  if (found === undefined) throw new Error(`there is no stack faults${index}`);
  return found;
}

/** Kills the function; returns how many environments that ended. */
function kill(index: number): number {
  const pids = functionProcesses(checkout, environment(index).functions.worker);
  for (const pid of pids) process.kill(pid, "SIGKILL");
  return pids.length;
}

/** The function is killed while it splits and twice while it works; items are delivered twice. */
async function killed(index: number, config: ClientConfig): Promise<Faulty> {
  const log = new RunLog(config, environment(index).runLog.table);
  const queued = depth(config, environment(index).queue.url);
  // What was delivered again in the run before this one.
  await until("the queue is empty", 120, async () => (await queued()) === 0);
  const before = await log.runs();
  const running = lambench(`faults${index}`, `--items ${FAULTY_ITEMS}`);
  await until("it splits", 120, async () => (await queued()) > 0, 1);
  let kills = kill(index);
  const name = await newRun(log, before);
  for (const share of [0.3, 0.6]) {
    await until("items are done", 120, async () => (await log.done(name)) > share * FAULTY_ITEMS);
    kills += kill(index);
    await deliverAgain(index, name);
  }
  return await faulty(running, FAULTY_ITEMS, kills, log);
}

/** One of five items cannot be done, and the function is killed once. */
async function poisoned(index: number, config: ClientConfig): Promise<Faulty> {
  const log = new RunLog(config, environment(index).runLog.table);
  const file = path.join(checkout.root, "functions", "splitter", "fixtures", "five-tags.json");
  const event = JSON.parse(fs.readFileSync(file, "utf8")) as {
    detail: { requestParameters: { tagSet: { items: { key: string }[] } } };
  };
  event.detail.requestParameters.tagSet.items[index % 5] = { key: "lambench:poison" };
  checkout.write(`poisoned${index}.json`, JSON.stringify(event));
  const before = await log.runs();
  const running = lambench(`faults${index}`, `--event poisoned${index}.json --item-seconds 1`);
  const name = await newRun(log, before);
  await until("items are under way", 120, async () => {
    const entries = await log.entries(name);
    return entries.some(({ item, started_us }) => item !== "split" && started_us !== undefined);
  });
  return await faulty(running, 5, kill(index), log);
}

/** The run that wasn't there before. */
async function newRun(log: RunLog, before: ReadonlySet<string>): Promise<string> {
  let name: string | undefined;
  await until("the event has arrived", 120, async () => {
    name = [...(await log.runs())].find((one) => !before.has(one));
    return name !== undefined;
  });
  return name ?? "";
}

async function faulty(
  running: Promise<readonly SplitRun[]>,
  items: number,
  kills: number,
  log: RunLog,
): Promise<Faulty> {
  const [figures] = await running;
  if (figures === undefined) throw new Error("the result has no run");
  return { items, kills, figures, ended: await log.done(figures.run) };
}

/** Messages of two items are delivered twice, as SQS allows. */
async function deliverAgain(index: number, run: string): Promise<void> {
  for (const item of ["0001", "0002"]) {
    const detail = {
      eventName: "CreateTags",
      run,
      requestParameters: { tagSet: { items: [{ key: `Item-${item}`, value: "lambench" }] } },
    };
    checkout.write(`again${index}.json`, JSON.stringify({ source: "lambench.splitter", detail }));
    const attributes = { Run: run, Item: item };
    const text = Object.entries(attributes).map(
      ([name, value]) => `${name}={DataType=String,StringValue=${value}}`,
    );
    await checkout.ok(
      `aws sqs send-message --queue-url ${environment(index).queue.url} --message-body file://again${index}.json ` +
        `--message-attributes '${text.join(",")}'`,
    );
  }
}

run(checkout, main);
