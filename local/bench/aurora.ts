/**
 * Measures the aurora workers against pgbench, on the same PostgreSQL, in the same run, in alternating order:
 * the driver by itself (one thread per client, no Lambda), the ramp through Step Functions and Lambda, and what a warm queue
 * worker costs besides its driver. `make bench-aurora`; SECONDS and PAIRS change how long each measurement is and how often
 * it is repeated.
 */
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { promisify } from "node:util";

import { Checkout } from "../tests/checkout";
import { cpuSeconds, functionProcesses } from "../tests/processes";
import { deploy, line, median, run, say } from "./bench";

const SECONDS = Number(process.env.SECONDS ?? 10);
const PAIRS = Number(process.env.PAIRS ?? 3);
const CLIENTS = [1, 4, 16];
/** pgbench's advice: at least as many branches as clients. */
const SCALE = 16;
const ROWS = 100_000;
/** What a program may print: the workers write their metrics, bytes. */
const MAX_OUTPUT = 256 << 20;
const RUN = "lambench run aurora --stack aurora --json --progress none --driver sqlx";

interface Outcome {
  readonly completions: number;
  readonly errors: Readonly<Record<string, number>>;
}

interface Environment {
  readonly cluster: {
    readonly identifier: string;
    readonly writer: string;
    readonly reader: string;
    readonly port: number;
    readonly database: string;
  };
  readonly workers: Readonly<Record<string, { readonly queue: string }>>;
}

interface QueueResult {
  readonly aurora: {
    readonly runs: readonly {
      readonly actions: readonly { readonly completions: number; readonly cpu_ms: number }[];
    }[];
  };
}

interface RampResult {
  readonly aurora: { readonly runs: readonly { readonly stages: readonly { readonly tps: number }[] }[] };
}

const checkout = new Checkout();

async function main(): Promise<void> {
  const environment = await deploy<Environment>(checkout, "aurora", {
    rows: ROWS,
    scale: SCALE,
    concurrency: 2,
  });
  const database = await login(environment);
  console.log(
    `\nTPS, median of ${PAIRS} runs of ${SECONDS} s; ratio to pgbench -M prepared: median (min to max) of the pairs\n`,
  );
  console.log("| action | clients | pgbench | driver | ratio | through Lambda |");
  console.log("|--------|--------:|--------:|-------:|-------|---------------:|");
  for (const action of ["TPCB", "SELECT"]) {
    for (const clients of CLIENTS) console.log(await row(action, clients, database));
  }
  console.log(`\n${await queueCost(environment)}`);
}

/** The environment of pgbench and of the driver's benchmark: where the database is, and its owner's password. */
async function login({ cluster }: Environment): Promise<NodeJS.ProcessEnv> {
  const arn = await checkout.ok(
    `aws rds describe-db-clusters --db-cluster-identifier ${cluster.identifier} ` +
      "--query 'DBClusters[0].MasterUserSecret.SecretArn' --output text",
  );
  const secret = JSON.parse(
    await checkout.ok(
      `aws secretsmanager get-secret-value --secret-id ${arn.trim()} --query SecretString --output text`,
    ),
  ) as { username: string; password: string };
  const { postgres } = JSON.parse(await checkout.ok("lambench local env --json")) as {
    postgres: { caFile: string };
  };
  return {
    ...process.env,
    PGHOST: cluster.writer,
    PGPORT: String(cluster.port),
    PGDATABASE: cluster.database,
    PGUSER: secret.username,
    PGPASSWORD: secret.password,
    PGSSLMODE: "verify-full",
    PGSSLROOTCERT: postgres.caFile,
    CLUSTER_WRITER: cluster.writer,
    CLUSTER_READER: cluster.reader,
    CLUSTER_PORT: String(cluster.port),
    DATABASE: cluster.database,
    STATEMENT_TIMEOUT_MS: "10000",
    ROWS: String(ROWS),
    SCALE: String(SCALE),
  };
}

/** One line of the table: pairs of runs, each pair in the other order than the one before. */
async function row(action: string, clients: number, database: NodeJS.ProcessEnv): Promise<string> {
  const [pgbenches, drivers]: [number[], number[]] = [[], []];
  for (let pair = 0; pair < PAIRS; pair += 1) {
    say(`${action}, ${clients} clients, pair ${pair + 1} of ${PAIRS} …`);
    const both = [
      async () => pgbenches.push(await pgbench(action, clients, database)),
      async () => drivers.push(await driver(action, clients, database)),
    ];
    for (const one of pair % 2 === 0 ? both : both.reverse()) await one();
  }
  const ratios = drivers.map((tps, pair) => tps / (pgbenches[pair] ?? NaN));
  const ratio = `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`;
  const cells = [
    action,
    clients,
    median(pgbenches).toFixed(0),
    median(drivers).toFixed(0),
    ratio,
    (await ramp(action, clients)).toFixed(0),
  ];
  return line(...cells);
}

/** Transactions per second of pgbench, with the same statements. */
async function pgbench(action: string, clients: number, env: NodeJS.ProcessEnv): Promise<number> {
  const script = action === "TPCB" ? ["--builtin", "tpcb-like"] : ["--file", selectScript()];
  const size = ["--client", String(clients), "--jobs", String(clients), "--time", String(SECONDS)];
  const { stdout } = await promisify(execFile)(
    program("pgbench"),
    ["--no-vacuum", "--protocol", "prepared", ...size, ...script],
    { env, maxBuffer: MAX_OUTPUT },
  );
  const tps = /^tps = ([\d.]+)/m.exec(stdout)?.[1];
  if (tps === undefined || !stdout.includes("number of failed transactions: 0 ")) {
    throw new Error(`pgbench has failed:\n${stdout}`);
  }
  return Number(tps);
}

/** pgbench's script for the action SELECT: the worker's own statement. */
function selectScript(): string {
  const statement = fs.readFileSync(path.join(checkout.root, "sql/aurora/statements/select.sql"), "utf8");
  const code = statement.replaceAll(/^--.*\n/gm, "").trim();
  checkout.write("select.pgbench", `\\set id random(1, ${ROWS})\n${code.replaceAll("$1", ":id")};\n`);
  return path.join(checkout.root, "select.pgbench");
}

/** Completions per second of the worker's loop, each client a thread, without Lambda. */
async function driver(action: string, clients: number, env: NodeJS.ProcessEnv): Promise<number> {
  const target = path.resolve(__dirname, "..", "..", process.env.CARGO_TARGET_DIR ?? "target");
  const bench = path.join(target, "debug", "examples", "bench_worker");
  const { stdout } = await promisify(execFile)(bench, [action, String(clients), String(SECONDS)], {
    env,
    maxBuffer: MAX_OUTPUT,
  });
  const outcome = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Outcome;
  if (Object.keys(outcome.errors).length > 0) throw new Error(`the driver has failed: ${stdout}`);
  return outcome.completions / SECONDS;
}

/** Completions per second of a stage of the ramp, measured inside the workers. */
async function ramp(action: string, clients: number): Promise<number> {
  const { aurora } = JSON.parse(
    await checkout.ok(`${RUN} --action ${action} --from ${clients} --to ${clients} --seconds ${SECONDS}`),
  ) as RampResult;
  return aurora.runs[0]?.stages[0]?.tps ?? NaN;
}

/** CPU time per statement that a warm queue worker uses besides its driver's loop. */
async function queueCost({ workers }: Environment): Promise<string> {
  const run = `${RUN} --mode queue --action SELECT --messages 40 --statements 100`;
  await checkout.ok(run); // warms the workers up
  const pids = functionProcesses(checkout, workers.sqlx?.queue ?? "");
  const before = cpuSeconds(pids);
  const result = JSON.parse(await checkout.ok(run)) as QueueResult;
  const all = (cpuSeconds(pids) - before) * 1000;
  const [action] = result.aurora.runs[0]?.actions ?? [];
  if (!action) throw new Error("the queue's run has no action");
  const beyond = (all - action.cpu_ms) / action.completions;
  return (
    `Warm queue worker, ${action.completions} SELECTs in 40 messages: ${all.toFixed(0)} ms CPU of its processes, ` +
    `${action.cpu_ms.toFixed(0)} ms in the driver's loop: ${beyond.toFixed(3)} ms a statement beyond the driver`
  );
}

/** A program of PostgreSQL, from where the local environment takes them as well. */
function program(name: string): string {
  return process.env.PG_BIN === undefined ? name : path.join(process.env.PG_BIN, name);
}

run(checkout, main);
