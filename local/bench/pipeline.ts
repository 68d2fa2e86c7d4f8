/**
 * Measures the pipeline: which rates it sustains and how long messages take, whether anything is lost or stored twice
 * while the database is away, and what a record costs each function. `make bench-pipeline`; SECONDS and MESSAGES change how
 * long each rate lasts and how many messages the outage is tried with.
 */
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";

import { Checkout } from "../tests/checkout";
import { clientConfig } from "../tests/clients";
import { Database } from "../tests/database";
import type { Environment, Latency, Result } from "../tests/pipeline-result";
import { cpuSeconds, functionProcesses, peakMemory } from "../tests/processes";
import { deploy, line, median, run, say } from "./bench";

const SECONDS = Number(process.env.SECONDS ?? 30);
const MESSAGES = Number(process.env.MESSAGES ?? 20_000);
const RATES = [75, 150, 200, 300];
/** How long the functions warm up before the measurement, s. */
const RAMP_SECONDS = 5;
/** Requests per second while the database is away. */
const OUTAGE_RATE = 150;
const OUTAGE_SECONDS = 10;
const BATCH = 100;
const BATCHES = 50;
const COLD_STARTS = 11;

const checkout = new Checkout();

async function main(): Promise<void> {
  const environment = await deploy<Environment>(checkout, "pipeline", {});
  const database = await Database.of(checkout, environment.cluster.database);
  console.log(
    `\nOpen loop, ${SECONDS} s at each rate; latency from the time at which a request was due, ms\n`,
  );
  console.log(
    line("offered/s", "accepted/s", "completions/s", "HTTP p50", "p99", "end to end p50", "p99", "lost"),
  );
  console.log(line(...Array<string>(8).fill("---:")));
  for (const rate of RATES) console.log(await row(rate));
  console.log(`\n${await outage(database)}`);
  console.log(
    `\nEach function by itself, ${BATCHES} batches of ${BATCH} records; ${COLD_STARTS} cold starts\n`,
  );
  console.log(line("function", "CPU per record (ms)", "RSS peak (MB)", "init, median (ms)"));
  console.log(line("---", "---:", "---:", "---:"));
  // Functions downstream get what a function writes, so they come first.
  for (const name of ["downstream", "midstream", "upstream"] as const) {
    console.log(await cost(name, environment.functions[name]));
  }
}

async function load(rate: number, seconds: number): Promise<Result> {
  const { code, stdout, stderr } = await checkout.run(
    `lambench run pipeline --json --progress none --stack pipeline --rate ${rate} --duration ${seconds}s --ramp ${RAMP_SECONDS}s`,
  );
  if (stdout === "") throw new Error(`the load of ${rate}/s has failed (${code}): ${stderr}`);
  return JSON.parse(stdout) as Result;
}

/** One line of the table of rates. */
async function row(rate: number): Promise<string> {
  say(`${rate} requests/s …`);
  const { requests, messages, hops } = (await load(rate, SECONDS)).pipeline;
  return line(
    rate,
    requests.accepted_per_second.toFixed(1),
    messages.per_second.toFixed(1),
    ...percentiles(requests.latency_ms),
    ...percentiles(hops["end-to-end"] ?? null),
    messages.lost,
  );
}

function percentiles(latency: Latency | null): string[] {
  return latency === null ? ["–", "–"] : [latency.p50.toFixed(1), latency.p99.toFixed(1)];
}

/** Stops the database during a run, and counts what is in the table afterwards. */
async function outage(database: Database): Promise<string> {
  const seconds = Math.ceil(MESSAGES / OUTAGE_RATE);
  say(`${MESSAGES} messages, the database away for ${OUTAGE_SECONDS} s …`);
  const count = (what: string): Promise<number> => database.number(`SELECT ${what} FROM messages`);
  const before = await count("count(*)");
  const running = load(OUTAGE_RATE, seconds);
  while ((await count("count(*)")) < before + MESSAGES / 2) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  await database.away(checkout, OUTAGE_SECONDS);
  const { pipeline, failed_checks } = await running;
  const { requests, messages } = pipeline;
  const rows = (await count("count(*)")) - before;
  const twice = (await count("count(*)")) - (await count("count(DISTINCT id)"));
  return (
    `Database away for ${OUTAGE_SECONDS} s: ${requests.sent} sent, ${requests.accepted} accepted, ${rows} rows, ` +
    `lost ${messages.lost}, twice ${twice}, ${messages.dead_lettered} dead-lettered, ` +
    `${messages.duplicates} duplicate deliveries absorbed, ${failed_checks.length} failed checks`
  );
}

/** What a function costs by itself, invoked directly. */
async function cost(role: "upstream" | "midstream" | "downstream", name: string): Promise<string> {
  say(`${role} by itself …`);
  const client = new LambdaClient(await clientConfig(checkout));
  const before = Date.now();
  for (let start = 0; start < COLD_STARTS; start += 1) {
    for (const pid of functionProcesses(checkout, name)) process.kill(pid, "SIGKILL");
    await invoke(client, name, event(role, `cold-${start}`));
  }
  const init = await initDurations(name, before);
  const pids = functionProcesses(checkout, name);
  const used = cpuSeconds(pids);
  const records = role === "upstream" ? 1 : BATCH;
  const batches = role === "upstream" ? BATCH * BATCHES : BATCHES;
  for (let batch = 0; batch < batches; batch += 1) {
    await invoke(client, name, event(role, `cost-${batch}`));
  }
  const cpu = ((cpuSeconds(pids) - used) * 1000) / (batches * records);
  const memory = Math.max(...pids.map(peakMemory));
  return line(role, cpu.toFixed(3), memory.toFixed(1), `${median(init).toFixed(1)} (of ${init.length})`);
}

/** Durations of the initializations since a time, from REPORT lines, ms. */
async function initDurations(name: string, since: number): Promise<number[]> {
  const lines = await checkout.ok(
    `aws logs filter-log-events --log-group-name /aws/lambda/${name} --start-time ${since} ` +
      `--filter-pattern '"Init Duration"' --query 'events[].message' --output json`,
  );
  return (JSON.parse(lines) as string[])
    .map((line) => /Init Duration: ([\d.]+) ms/.exec(line)?.[1])
    .filter((ms) => ms !== undefined)
    .map(Number);
}

/** Invokes a function, which must succeed. */
async function invoke(client: LambdaClient, name: string, payload: object): Promise<void> {
  const answer = await client.send(
    new InvokeCommand({ FunctionName: name, Payload: Buffer.from(JSON.stringify(payload)) }),
  );
  const said = Buffer.from(answer.Payload ?? []).toString();
  if (answer.FunctionError !== undefined || /"itemIdentifier"|"statusCode":[45]/.test(said)) {
    throw new Error(`${name}: ${said}`);
  }
}

/** What a function gets: a request, or a batch of records with new ids. */
function event(role: "upstream" | "midstream" | "downstream", batch: string): object {
  const now = Date.now() * 1000;
  const text = "x".repeat(100);
  if (role === "upstream") return request({ id: `bench-${batch}`, message: text, timestamp: now });
  const records = Array.from({ length: BATCH }, (_, index) => ({
    id: `bench-${role}-${batch}-${index}`,
    index,
  }));
  return {
    Records: records.map(({ id, index }) =>
      role === "midstream"
        ? kinesisRecord(index, { id, message: text, timestamp: now, arrived_us: now })
        : dynamodbRecord(index, {
            id: { S: id },
            message: { S: text },
            ...Object.fromEntries(
              Object.entries({ timestamp: now, arrived_us: now, midstream_us: now, copies: 1 }).map(
                ([key, value]) => [key, { N: String(value) }],
              ),
            ),
          }),
    ),
  };
}

function request(message: object): object {
  return {
    version: "2.0",
    routeKey: "POST /messages",
    rawPath: "/messages",
    rawQueryString: "",
    headers: { "content-type": "application/json" },
    requestContext: { http: { method: "POST", path: "/messages" }, stage: "$default" },
    body: JSON.stringify(message),
    isBase64Encoded: false,
  };
}

function kinesisRecord(index: number, message: object): object {
  return {
    eventID: `shardId-000000000000:${index}`,
    eventName: "aws:kinesis:record",
    eventSource: "aws:kinesis",
    eventVersion: "1.0",
    awsRegion: "us-east-1",
    eventSourceARN: "arn:aws:kinesis:us-east-1:000000000000:stream/x",
    kinesis: {
      kinesisSchemaVersion: "1.0",
      partitionKey: "x",
      sequenceNumber: String(index + 1),
      data: Buffer.from(JSON.stringify(message)).toString("base64"),
      approximateArrivalTimestamp: Date.now() / 1000,
    },
  };
}

function dynamodbRecord(index: number, image: { id: object } & Record<string, object>): object {
  return {
    eventID: String(index),
    eventName: "INSERT",
    eventSource: "aws:dynamodb",
    eventVersion: "1.1",
    awsRegion: "us-east-1",
    eventSourceARN: "arn:aws:dynamodb:us-east-1:000000000000:table/x/stream/x",
    dynamodb: {
      ApproximateCreationDateTime: Date.now() / 1000,
      Keys: { id: image.id },
      NewImage: image,
      SequenceNumber: String(index + 1),
      SizeBytes: 300,
      StreamViewType: "NEW_IMAGE",
    },
  };
}

run(checkout, main);
