import * as os from "node:os";

import type { Environment, Result, Success } from "../tests/archive-result";
import type { Checkout } from "../tests/checkout";
import { cpuSeconds, functionProcesses, peakMemory, variable } from "../tests/processes";
import type { S3Model } from "../tests/s3-model";
import { STACK } from "./archive-plan";

/** What one run of a contender took; its archive was verified. */
export interface Run {
  /** Billed duration, initialization included, s. */
  readonly wall_seconds: number;
  /** Of the function's process, initialization included, s. */
  readonly cpu_seconds: number;
  /** Most memory that the function's process had in RAM, MB. */
  readonly peak_mb: number;
  /** Size of the archive, bytes. */
  readonly archive_bytes: number;
  /** PUT, COPY, POST and LIST requests, as S3 charges for them. */
  readonly writes: number;
  /** GET, HEAD and all others that cost. */
  readonly reads: number;
  readonly slow_downs: number;
  /** Requests by S3's name of the operation, those included that S3 doesn't charge for. */
  readonly operations: Readonly<Record<string, number>>;
  readonly lambda_usd: number;
  /** S3's requests and Lambda's. */
  readonly requests_usd: number;
  /** Objects and open uploads that were there after the run, beside the source objects and the archive. */
  readonly left: { readonly objects: number; readonly uploads: number };
  /** Of the minute before the run: processes that wanted a processor, while others used them. */
  readonly load_average: number;
  /** How long validating the archive took, s. */
  readonly verify_seconds: number;
  /** How long `lambench run archive` took, s. */
  readonly contest_seconds: number;
}

/** What the contest's result has. */
type Figures = Omit<Run, keyof Used | "left" | "load_average" | "verify_seconds" | "contest_seconds">;

type Used = Pick<Run, "cpu_seconds" | "peak_mb" | "operations">;

/** What the function's process and S3 report when the contender has ended. */
interface Seen extends Used {
  readonly objects: number;
  readonly uploads: number;
}

/**
 * Runs a contest with the stack's only contender, in a new environment.
 * @param sources objects in the bucket
 * @throws if the contender is disqualified, with the reason
 */
export async function contest(
  checkout: Checkout,
  s3: S3Model,
  { contenders, functions }: Environment,
  sources: number,
): Promise<Run> {
  const name = contenders[0]?.split(":").at(-1) ?? "no contender";
  for (const pid of functionProcesses(checkout, name)) process.kill(pid, "SIGKILL");
  const command = `lambench run archive --json --progress counter --stack ${STACK}`;
  const [startedAt, [load_average = NaN]] = [Date.now(), os.loadavg()];
  const running = checkout.start(command);
  let [printed, said] = ["", ""];
  let seen: Promise<Seen> | undefined;
  running.stdout?.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  running.stderr?.on("data", (chunk: Buffer) => {
    said += chunk.toString();
    // Of four steps: preflight, run, verify, cleanup. What the run leaves has to be counted before the cleanup.
    if (seen === undefined && said.includes("2/4 ")) seen = look(checkout, s3, name);
  });
  const code = await new Promise((resolve) => running.on("close", resolve));
  const contestSeconds = (Date.now() - startedAt) / 1000;
  if (code !== 0) throw new Error(`'${command}' ended with ${String(code)}: ${said}`);
  const { success, failure } = (JSON.parse(printed) as Result).archive;
  const [figures] = success;
  if (figures === undefined) throw new Error(`${name} is out: ${failure[0]?.reason ?? "no reason"}`);
  if (seen === undefined) throw new Error(`the end of ${name} was not seen: ${said}`);
  const { objects, uploads, ...used } = await seen;
  return {
    ...of(figures),
    ...used,
    left: { objects: objects - sources - 1, uploads },
    load_average,
    verify_seconds: await billedSeconds(checkout, functions.verify),
    contest_seconds: contestSeconds,
  };
}

/** What the latest invocation of a function took, s. */
export async function billedSeconds(checkout: Checkout, name: string): Promise<number> {
  const report = await checkout.ok(
    `aws logs filter-log-events --log-group-name /aws/lambda/${name} --filter-pattern REPORT ` +
      "--query 'events[-1].message' --output text",
  );
  return Number(/Billed Duration: (\d+) ms/.exec(report)?.[1] ?? NaN) / 1000;
}

function of(figures: Success): Figures {
  const { s3, requests_price_usd: requests } = figures;
  if (s3 === null || requests === null) throw new Error("the requests to S3 were not counted");
  return {
    wall_seconds: figures.duration_ms / 1000,
    archive_bytes: figures.archive_bytes,
    writes: s3.writes,
    reads: s3.reads,
    slow_downs: s3.slow_downs ?? 0,
    lambda_usd: figures.run_price_usd,
    requests_usd: requests,
  };
}

async function look(checkout: Checkout, s3: S3Model, name: string): Promise<Seen> {
  const pids = functionProcesses(checkout, name);
  const keys = new Set(pids.map((pid) => variable(pid, "AWS_ACCESS_KEY_ID")));
  const [cpu, peak] = [cpuSeconds(pids), Math.max(...pids.map(peakMemory))];
  const { requests, store } = await s3.counters();
  const own = requests.filter(({ access_key }) => keys.has(access_key));
  return {
    cpu_seconds: cpu,
    peak_mb: peak,
    operations: Object.fromEntries(own.map((row) => [row.operation, row.requests])),
    objects: store.objects,
    uploads: store.open_uploads,
  };
}
