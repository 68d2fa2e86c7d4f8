/**
 * Measures s3-read: what reading costs beside hashing, how fast the generator sends, what the readers use in the local
 * environment, and whether everything that was sent is read or reaches the dead-letter queue while S3 fails and readers are killed.
 * `make bench-s3-read`; OBJECTS and MIB change how many objects are read, and how large they are.
 */
import { execFile } from "node:child_process";
import * as path from "node:path";
import { promisify } from "node:util";

import { Checkout } from "../tests/checkout";
import { cpuSeconds, functionProcesses } from "../tests/processes";
import { S3Model } from "../tests/s3-model";
import { type Environment, type ReadRun, type Result, type Variant, VARIANTS } from "../tests/s3-read-result";
import { deploy, line, run, say } from "./bench";

const OBJECTS = Number(process.env.OBJECTS ?? 400);
const MIB = Number(process.env.MIB ?? 4);
const HASHES = ["md5", "crc32", "sha256"];
const HASHED_MB = 512;
const ROUNDS = 7;
const SENT = 100_000;
/** About what SQS takes for a request. */
const SQS_MS = 5;
const KILL_INTERVAL_MS = 2000;
/** Together, three of ten requests. */
const FAULTS = (["503", "reset", "truncate"] as const).map((kind) => ({
  operations: ["GetObject"],
  kind,
  rate: 0.1,
}));

interface Hashing {
  readonly bare_cpu_s_per_gb: number;
  readonly signed: HashingCost;
  readonly sdk: HashingCost;
  readonly peak_rss_mb: number;
}
interface HashingCost {
  readonly cpu_s_per_gb: number;
  readonly ratio_to_bare: number;
}
interface Sending {
  readonly one_message_per_call_per_second: number;
  readonly signed: Sent;
  readonly sdk: Sent;
}
interface Sent {
  readonly seconds: number;
  readonly per_second: number;
  readonly times_one_message_per_call: number;
  readonly cpu_us_per_message: number;
}

const checkout = new Checkout();

async function main(): Promise<void> {
  await hashing();
  await sending();
  const environment = await deploy<Environment>(checkout, "s3-read", {
    objectCount: OBJECTS,
    objectSizeMib: MIB,
    timeoutSeconds: 5,
    concurrency: 4,
  });
  await reading(environment);
  await disturbed(environment);
}

/** What a compiled example prints. */
async function example<T>(name: string, ...words: readonly (string | number)[]): Promise<T> {
  const target = process.env.CARGO_TARGET_DIR ?? "target";
  const program = path.resolve(target, "debug", "examples", name);
  const { stdout } = await promisify(execFile)(program, words.map(String), { maxBuffer: 1 << 20 });
  return JSON.parse(stdout) as T;
}

async function hashing(): Promise<void> {
  console.log(`\nCPU per GB from a socket to the hash, fastest of ${ROUNDS} rounds with ${HASHED_MB} MB\n`);
  console.log(line("hash", "bare loop (s)", "signed (s)", "ratio", "sdk (s)", "ratio", "RSS peak (MB)"));
  console.log(line("---", ...Array<string>(6).fill("---:")));
  for (const hash of HASHES) {
    say(`${hash} …`);
    const found = await example<Hashing>("bench_hash", hash, HASHED_MB, ROUNDS);
    const columns = ({ cpu_s_per_gb, ratio_to_bare }: HashingCost): string[] => [
      cpu_s_per_gb.toFixed(2),
      ratio_to_bare.toFixed(2),
    ];
    console.log(
      line(
        hash,
        found.bare_cpu_s_per_gb.toFixed(2),
        ...columns(found.signed),
        ...columns(found.sdk),
        found.peak_rss_mb.toFixed(1),
      ),
    );
  }
}

async function sending(): Promise<void> {
  say(`sending ${SENT} messages …`);
  const found = await example<Sending>("bench_send", SENT, SQS_MS);
  const single = found.one_message_per_call_per_second;
  console.log(
    `\n${SENT} objects listed and sent, S3 and SQS answering after ${SQS_MS} ms; one message per call: ${single.toFixed(0)}/s\n`,
  );
  console.log(line("variant", "messages/s", "times one per call", "seconds", "CPU per message (µs)"));
  console.log(line("---", ...Array<string>(4).fill("---:")));
  for (const variant of VARIANTS) {
    const { per_second, times_one_message_per_call, seconds, cpu_us_per_message } = found[variant];
    console.log(
      line(
        variant,
        per_second.toFixed(0),
        times_one_message_per_call.toFixed(0),
        seconds.toFixed(1),
        cpu_us_per_message.toFixed(1),
      ),
    );
  }
}

/** All objects by both variants. */
async function readAll(variant: Variant): Promise<ReadRun> {
  const { code, stdout, stderr } = await checkout.run(
    `lambench run s3-read --json --progress none --stack s3-read --variant ${variant}`,
  );
  if (code !== 0) throw new Error(`${variant} has failed (${code}): ${stderr}\n${stdout}`);
  const [run] = (JSON.parse(stdout) as Result)["s3-read"].runs;
  if (run === undefined) throw new Error(`${variant} has no run`);
  return run;
}

async function reading(environment: Environment): Promise<void> {
  console.log(`\nIn the local environment: ${OBJECTS} objects of ${MIB} MiB, md5, four functions at once\n`);
  console.log(
    line("variant", "MB/s", "MB/s per function", "CPU per GB (s)", "read again (s)", "RSS peak (MB)"),
  );
  console.log(line("---", ...Array<string>(5).fill("---:")));
  for (const variant of VARIANTS) {
    say(`${variant} …`);
    // The readers' environments still exist when a run is over, and there were none before the first run.
    const cpu = (): number => cpuSeconds(functionProcesses(checkout, environment.variants[variant].reader));
    const { bytes, mb_per_second, mb_per_second_per_function } = await readAll(variant);
    const first = cpu();
    const { invocations } = await readAll(variant);
    const again = cpu() - first;
    const reader = invocations.find((one) => one.function === "reader");
    console.log(
      line(
        variant,
        mb_per_second?.toFixed(0) ?? "–",
        mb_per_second_per_function?.toFixed(1) ?? "–",
        (first / (bytes / 1e9)).toFixed(2),
        (again / (bytes / 1e9)).toFixed(2),
        reader?.max_memory_mb ?? "–",
      ),
    );
  }
}

/** Runs in which S3 fails and readers die. */
async function disturbed(environment: Environment): Promise<void> {
  console.log("\nThree of ten GETs fail (503, reset, truncated), and a reader is killed every 2 s\n");
  console.log(
    line("variant", "sent", "read", "dead-lettered", "lost", "took several requests", "readers killed"),
  );
  console.log(line("---", ...Array<string>(6).fill("---:")));
  const s3 = await S3Model.of(checkout);
  await s3.setFaults(FAULTS);
  for (const variant of VARIANTS) {
    say(`${variant}, disturbed …`);
    let killed = 0;
    const killer = setInterval(() => {
      const [pid] = functionProcesses(checkout, environment.variants[variant].reader);
      if (pid === undefined) return;
      process.kill(pid, "SIGKILL");
      killed += 1;
    }, KILL_INTERVAL_MS);
    const { listing, objects } = await readAll(variant).finally(() => {
      clearInterval(killer);
    });
    const repeated = objects.read - objects.first_try;
    console.log(
      line(variant, listing.sent, objects.read, objects.dead_lettered, objects.lost, repeated, killed),
    );
  }
  await s3.setFaults([]);
}

run(checkout, main);
