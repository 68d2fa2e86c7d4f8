/**
 * Measures the archive contest: time, CPU, memory, requests and money of each contender at 200 and at 3,000 objects, one run
 * at a time, each in a new environment, each archive verified. `make bench-archive`; OBJECTS=200 and CONTENDERS=rust/stream
 * measure a part only, RUNS changes how often. What was measured goes to results/bench/archive.json, with the S3 model's
 * constants; a part replaces its part of it. Tables have all that the file has.
 */
import * as fs from "node:fs";
import * as path from "node:path";

import type { Environment } from "../tests/archive-result";
import { Checkout } from "../tests/checkout";
import { S3Model } from "../tests/s3-model";
import { billedSeconds, contest, type Run } from "./archive-contest";
import { commit, publish, type Row } from "./archive-file";
import { type Case, cases, STACK } from "./archive-plan";
import { contests, prices, times } from "./archive-tables";
import { targets } from "./archive-targets";
import { deploy, run, say, update } from "./bench";

/** The mean size of an object, and some more; bytes. */
const OBJECT_BYTES = 5.3e6;
/** What stays free for others, bytes. */
const SPARE_BYTES = 5e9;

const checkout = new Checkout();
const git_commit = commit();
const contenders = path.join(checkout.root, "contenders");
const kept = path.join(checkout.root, ".lambench", "contenders");

async function main(): Promise<void> {
  // One contender at a time: whose folder is gone is not deployed, and 3,000 objects' archive has 15 GB.
  fs.renameSync(contenders, kept);
  const measured: Row[] = [];
  let published: readonly Row[] = [];
  let filled: number | undefined;
  for (const one of cases(process.env)) {
    if (filled !== one.objects) needRoom(one.objects - (filled ?? 0), one.objects);
    fs.rmSync(contenders, { recursive: true, force: true });
    fs.cpSync(path.join(kept, one.contender), path.join(contenders, one.contender), { recursive: true });
    if (one.workers !== undefined) setWorkers(one.contender, one.workers);
    const environment = await deployed(one, filled === undefined ? deploy : update);
    if (filled !== one.objects) {
      const seconds = await billedSeconds(checkout, environment.functions.fillBucket);
      say(`fill-bucket took ${seconds.toFixed(0)} s from ${filled ?? 0} to ${one.objects} objects`);
      filled = one.objects;
    }
    const { row, all } = await measure(one, environment);
    measured.push(row);
    published = all;
  }
  console.log(`\nEach run in a new environment, medians\n\n${times(published)}`);
  console.log(`\nS3 requests of a run, and USD for 1,000 archives, medians\n\n${prices(published)}`);
  console.log(`\nWhat the user waits for\n\n${contests(published)}`);
  const { text, reached } = targets(measured, published);
  console.log(`\n${text}`);
  if (!reached) process.exitCode = 1;
}

/** Has a contender that fans out use so many functions. */
function setWorkers(contender: string, workers: number): void {
  const file = path.join(contenders, contender, "contender.yaml");
  const before = fs.readFileSync(file, "utf8");
  const after = before.replace(/(?<=\bWORKERS: )"\d+"/, `"${workers}"`);
  if (after === before) throw new Error(`'${file}' sets no other WORKERS`);
  fs.writeFileSync(file, after);
}

/** Objects that are not there yet, and an archive of all, have to fit on the disk. */
function needRoom(added: number, objects: number): void {
  const { bavail, bsize } = fs.statfsSync(checkout.root);
  const needed = (added + objects) * OBJECT_BYTES + SPARE_BYTES;
  if (bavail * bsize >= needed) return;
  const [free, wanted] = [bavail * bsize, needed].map((bytes) => (bytes / 1e9).toFixed(0));
  throw new Error(
    `${objects} objects need ${wanted ?? ""} GB in '${checkout.root}', ${free ?? ""} are free: set TMPDIR`,
  );
}

/** Has the case's contender, and no other, and the case's bucket on the stack. */
async function deployed(one: Case, how: typeof deploy): Promise<Environment> {
  const settings = { objectCount: one.objects, memory: one.memory_mb, runsPerContender: 1 };
  return await how<Environment>(checkout, STACK, settings);
}

/** The runs of a case, one after another. */
async function measure(one: Case, environment: Environment): Promise<{ row: Row; all: readonly Row[] }> {
  const s3 = await S3Model.of(checkout);
  const runs: Run[] = [];
  for (let index = 0; index < one.runs; index += 1) {
    say(`${one.contender}, ${one.memory_mb} MB, ${one.objects} objects, run ${index + 1} of ${one.runs} …`);
    runs.push(await contest(checkout, s3, environment, one.objects));
  }
  const { contender, memory_mb, objects, workers } = one;
  const row = {
    contender,
    memory_mb,
    objects,
    workers,
    measured_at: new Date().toISOString(),
    git_commit,
    runs,
  };
  return { row, all: publish(await s3.profile(), row) };
}

run(checkout, main);
