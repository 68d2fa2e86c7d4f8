/**
 * Runs all five scenarios in turn, again and again, and checks that the emulator stays as it was: its memory is flat
 * after ten minutes, the last runs are as fast as the first, no request is answered 5xx, and no message is lost. Then it
 * says how large the saved state is, and how fast the environment is with it. `make soak`; MINUTES changes how long.
 */
import * as fs from "node:fs";
import * as path from "node:path";

import { Checkout } from "../tests/checkout";
import type { Result } from "../tests/pipeline-result";
import { residentMemory } from "../tests/processes";
import { line, median, run, say } from "./bench";

const MINUTES = Number(process.env.MINUTES ?? 60);
/** Until then, memory may grow: environments start, and what has a bound reaches it. Less if the whole is short. */
const WARM_MINUTES = Math.min(10, MINUTES / 6);
const MEMORY_GROWTH = 1.1;
/** A run depends on what else the machine does; in a storm of starts it takes several times as long. */
const SLOWDOWN = 1.5;
const STACK = "soak";
const RUNS = {
  pipeline: "pipeline --rate 75 --duration 30s --ramp 5s",
  splitter: "splitter --items 50 --item-seconds 0.2",
  "s3-read": "s3-read",
  archive: "archive",
  aurora: "aurora --driver sqlx --action INSERT",
} as const;
type Scenario = keyof typeof RUNS;

/** What one round of all scenarios took. */
interface Round {
  readonly minute: number;
  readonly seconds: Readonly<Record<Scenario, number>>;
  readonly http: { readonly p50: number; readonly accepted: number };
  readonly memory: number;
}

const checkout = new Checkout();
const problems: string[] = [];

async function main(): Promise<void> {
  await deployAll();
  console.log(
    `\n${line("minute", ...Object.keys(RUNS).map((name) => `${name}, s`), "accepted/s", "HTTP p50, ms", "memory, MB")}`,
  );
  console.log(line(...Array<string>(9).fill("---:")));
  const start = Date.now();
  const minute = (): number => (Date.now() - start) / 60_000;
  const rounds: Round[] = [];
  while (minute() < MINUTES) rounds.push(await round(minute));
  check(rounds);
  console.log(`\n${await restarted()}`);
  for (const problem of problems) console.log(`FAILED: ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
}

async function deployAll(): Promise<void> {
  say("deploying all scenarios …");
  checkout.write(
    `Pulumi.${STACK}.yaml`,
    `config:\n  lambench:scenarios: [${Object.keys(RUNS).join(", ")}]\n` +
      '  lambench:objectCount: "25"\n  lambench:runsPerContender: "2"\n',
  );
  await checkout.ok("lambench local start");
  await checkout.ok(`pulumi stack init ${STACK} --non-interactive`);
  await checkout.ok(`pulumi up --yes --skip-preview --non-interactive --stack ${STACK}`);
}

async function round(minute: () => number): Promise<Round> {
  const seconds: Partial<Record<Scenario, number>> = {};
  let http = { p50: NaN, accepted: NaN };
  for (const [scenario, options] of Object.entries(RUNS) as [Scenario, string][]) {
    const begun = Date.now();
    const { code, stdout, stderr } = await checkout.run(
      `lambench run ${options} --json --progress none --stack ${STACK}`,
    );
    seconds[scenario] = (Date.now() - begun) / 1000;
    // Lost messages end a run with exit code 1.
    if (code !== 0) problems.push(`minute ${minute().toFixed(0)}, ${scenario}, exit code ${code}: ${stderr}`);
    if (scenario === "pipeline" && stdout !== "") http = measured(JSON.parse(stdout) as Result);
  }
  const done = {
    minute: minute(),
    seconds: seconds as Record<Scenario, number>,
    http,
    memory: residentMemory(await emulator()),
  };
  console.log(
    line(
      done.minute.toFixed(1),
      ...Object.values(done.seconds).map((took) => took.toFixed(1)),
      http.accepted.toFixed(1),
      http.p50.toFixed(1),
      done.memory.toFixed(0),
    ),
  );
  return done;
}

function measured({ pipeline }: Result): Round["http"] {
  const { refused, latency_ms, accepted_per_second } = pipeline.requests;
  const failed = Object.entries(refused).filter(([status, count]) => status.startsWith("5") && count > 0);
  if (failed.length > 0)
    problems.push(`requests answered 5xx: ${JSON.stringify(Object.fromEntries(failed))}`);
  return { p50: latency_ms?.p50 ?? NaN, accepted: accepted_per_second };
}

/** Compares the last rounds with the first ones after the warm-up. */
function check(rounds: readonly Round[]): void {
  const warm = rounds.filter(({ minute }) => minute >= WARM_MINUTES);
  const [before, ...after] = warm;
  if (before === undefined || after.length === 0) {
    problems.push(
      `${warm.length} rounds after minute ${WARM_MINUTES}: nothing to compare, run it for longer`,
    );
    return;
  }
  const most = Math.max(...after.map(({ memory }) => memory));
  if (most > before.memory * MEMORY_GROWTH) {
    problems.push(`memory grew from ${before.memory.toFixed(0)} to ${most.toFixed(0)} MB`);
  }
  const third = Math.ceil(warm.length / 3);
  for (const scenario of Object.keys(RUNS) as Scenario[]) {
    const of = (some: readonly Round[]): number => median(some.map(({ seconds }) => seconds[scenario]));
    const [first, last] = [of(warm.slice(0, third)), of(warm.slice(-third))];
    if (last > first * SLOWDOWN) {
      problems.push(`${scenario} took ${first.toFixed(1)} s at first, ${last.toFixed(1)} s in the end`);
    }
  }
}

/** Stops and starts the environment, and says what it had saved and how fast the pipeline is with it. */
async function restarted(): Promise<string> {
  await checkout.ok("lambench local stop");
  const state = path.join(checkout.root, ".lambench", "emulator", "state");
  const size = fs.readdirSync(state).reduce((all, name) => all + fs.statSync(path.join(state, name)).size, 0);
  const begun = Date.now();
  await checkout.ok("lambench local start");
  const seconds = (Date.now() - begun) / 1000;
  const stdout = await checkout.ok(`lambench run ${RUNS.pipeline} --json --progress none --stack ${STACK}`);
  const { p50, accepted } = measured(JSON.parse(stdout) as Result);
  return (
    `Restarted with ${(size / 1e6).toFixed(1)} MB of state in ${seconds.toFixed(1)} s: ` +
    `${accepted.toFixed(1)} accepted/s, HTTP p50 ${p50.toFixed(1)} ms`
  );
}

async function emulator(): Promise<number> {
  const services = JSON.parse(await checkout.ok("lambench local status --json")) as {
    readonly service: string;
    readonly pid: number;
  }[];
  const found = services.find(({ service }) => service === "emulator");
  if (found === undefined) throw new Error("the emulator does not run");
  return found.pid;
}

run(checkout, main);
