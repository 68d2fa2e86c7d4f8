import { GetFunctionConfigurationCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { Checkout, settings, until } from "./checkout";
import { clientConfig } from "./clients";
import { expectLines } from "./estimate";
import { leakedResources } from "./leaked-resources";
import type { Sweep } from "./memory-sweep";
import { functionProcesses } from "./processes";
import { Queue } from "./queue";
import { showsResults } from "./results";
import { Running } from "./running";
import { type Fault, S3Model } from "./s3-model";
import { type Environment, type ReadRun, type Result, type Variant, VARIANTS } from "./s3-read-result";
import { Sandbox } from "./s3-read-sandbox";

const UP = "pulumi up --yes --skip-preview --non-interactive --stack s3-read";
const RUN = "lambench run s3-read --json --progress none --stack s3-read";
const OBJECTS = 60;
/** A message comes again so soon; the stack's own 18 s are for functions that are throttled. */
const VISIBILITY_SECONDS = 3;

const get = (kind: Fault["kind"], more: Partial<Fault> = {}): Fault => ({
  operations: ["GetObject"],
  kind,
  ...more,
});

describe("s3-read, with the commands a user types", () => {
  let checkout: Checkout;
  let environment: Environment;
  let sandbox: Sandbox;
  let s3: S3Model;

  const up = async (values: Readonly<Record<string, string | number>>): Promise<void> => {
    await checkout.ok(`${UP} ${settings(values)}`);
    const outputs = await checkout.ok("pulumi stack output environment --json --stack s3-read");
    environment = (JSON.parse(outputs) as { "s3-read": Environment })["s3-read"];
    sandbox = await Sandbox.of(checkout, environment);
  };
  const visibility = async (seconds: number): Promise<void> => {
    const set = (url: string): Promise<string> =>
      checkout.ok(
        `aws sqs set-queue-attributes --queue-url ${url} --attributes VisibilityTimeout=${seconds}`,
      );
    await Promise.all(VARIANTS.map((variant) => set(environment.variants[variant].queue.url)));
  };
  /** The result of a run without failed checks. */
  const resultOf = async (command: string): Promise<Result> => {
    const result = JSON.parse(await checkout.ok(command)) as Result;
    expect(result.environment.kind).toBe("local");
    expect(result.failed_checks).toEqual([]);
    return result;
  };
  /** What was read, by variant. */
  const run = async (command: string): Promise<readonly ReadRun[]> =>
    (await resultOf(command))["s3-read"].runs;

  beforeAll(async () => {
    checkout = new Checkout();
    await checkout.ok("lambench local start");
    s3 = await S3Model.of(checkout);
    await checkout.ok("pulumi stack init s3-read --non-interactive");
    await up({ objectCount: OBJECTS, objectSizeMib: 1, timeoutSeconds: 3, concurrency: 5 });
  });
  afterEach(async () => {
    await s3.setFaults([]);
  });
  afterAll(async () => {
    await checkout.remove();
  });

  it("deploys once: a refresh and a preview right after find nothing to do", async () => {
    await checkout.ok("pulumi preview --refresh --expect-no-changes --non-interactive --stack s3-read");
  });

  it("reads everything by its trigger, and shows what it has read", async () => {
    const answers = await checkout.ok('eval "$(pulumi stack output s3ReadTrigger --stack s3-read)"');
    const reports = answers
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { run: string; variant: Variant; sent: number });
    expect(reports.map(({ variant, sent }) => [variant, sent])).toEqual([
      ["signed", OBJECTS],
      ["sdk", OBJECTS],
    ]);
    for (const { run, variant } of reports) {
      const read = async (): Promise<boolean> => (await sandbox.items(run, variant)).length === OBJECTS;
      await until(`${variant} has read all objects`, 30, read);
    }
    const shown = await checkout.ok('eval "$(pulumi stack output s3ReadResults --stack s3-read)"');
    expect(shown).toContain("files/");
    expect(shown).toContain(reports[1]?.run);
  });

  it("finds by both variants what is in the bucket, and says what it costs", async () => {
    const { cost, estimate, "s3-read": detail } = await resultOf(RUN);
    const runs = detail.runs;
    expectLines(estimate, ["generator requests", "LIST", "GET", "table"]);
    expect(runs.map(({ variant }) => variant)).toEqual(VARIANTS);
    const objects = await sandbox.objects();
    const bytes = objects.reduce((all, one) => all + one.bytes, 0);
    for (const { run, variant, memory_mb, objects: counts, bytes: read } of runs) {
      expect(counts).toMatchObject({ read: OBJECTS, dead_lettered: 0, lost: 0 });
      expect([memory_mb, read]).toEqual([512, bytes]);
      expect(cost.find(({ item }) => item === `${variant}: a GB`)?.usd).toBeGreaterThan(0);
      const items = (await sandbox.items(run, variant)).map(({ object, bytes, md5 }) => ({
        object,
        bytes,
        md5,
      }));
      expect(items).toEqual(objects);
    }
  });

  it("has functions list folders side by side and send together, each object once", async () => {
    const folders = ["a", "b", "c"];
    const keys = folders.flatMap((folder) =>
      [...Array(40).keys()].map((number) => `folders/${folder}/${number}`),
    );
    await Promise.all(keys.map((key) => sandbox.put(key, key)));
    const { cost, "s3-read": detail } = await resultOf(`${RUN} --from functions --workers 3 --max-objects 0`);
    const objects = await sandbox.objects();
    expect(objects).toHaveLength(OBJECTS + keys.length);
    for (const { run, variant, listing, objects: counts } of detail.runs) {
      expect(counts).toMatchObject({ read: objects.length, dead_lettered: 0, lost: 0 });
      expect(listing.sent).toBe(objects.length);
      // The three folders, and the one that the stack has filled.
      expect(listing.division).toMatchObject({ parts: 4, senders: { count: 3, lost: 0, unsent: 0 } });
      const items = (await sandbox.items(run, variant)).map(({ object, bytes, md5 }) => ({
        object,
        bytes,
        md5,
      }));
      expect(items).toEqual(objects);
      const item = `${variant}: the load generator, for this run`;
      expect(cost.find((one) => one.item === item)?.usd).toBeGreaterThan(0);
    }
    await checkout.ok(`aws s3 rm s3://${environment.bucket}/folders/ --recursive`);
  });

  it("puts aside what cannot be read, each kind by its name", async () => {
    await visibility(VISIBILITY_SECONDS);
    const faults: Readonly<Record<string, Fault>> = {
      throttled: get("503"),
      server: get("500"),
      reset: get("reset"),
      truncated: get("truncate"),
      corrupt: get("wrong-byte"),
      timeout: get("stall", { seconds: 60 }),
    };
    await s3.setFaults(Object.entries(faults).map(([kind, fault]) => ({ ...fault, key: `poison/${kind}` })));
    for (const kind of Object.keys(faults)) await sandbox.put(`poison/${kind}`, "x".repeat(100_000));
    const expired = await sandbox.body("signed", "poison/expired", 1);
    const url = Buffer.from(await sandbox.body("signed", "poison/denied"), "base64").toString();
    const base64 = (text: string): string => Buffer.from(text).toString("base64");
    const bodies: Readonly<Record<Variant, Record<string, string>>> = {
      // Whether a role may read is IAM's to say, which the local S3 doesn't ask: a wrong signature is refused like that.
      signed: {
        unreadable: "no Base64",
        foreign: base64("http://169.254.169.254/latest/meta-data/iam"),
        denied: base64(url.replace(/Signature=..../, "Signature=0000")),
        expired,
      },
      sdk: { unreadable: "k".repeat(1025) },
    };
    for (const variant of VARIANTS) {
      const kinds = ["missing", ...Object.keys(faults)];
      const all = await Promise.all(kinds.map((kind) => sandbox.body(variant, `poison/${kind}`)));
      kinds.forEach((kind, index) => (bodies[variant][kind] = all[index] ?? ""));
      for (const body of Object.values(bodies[variant])) await sandbox.send(variant, "poison", body);
    }
    for (const variant of VARIANTS) {
      const expected = Object.fromEntries(
        Object.entries(bodies[variant]).map(([kind, body]) => [body, kind]),
      );
      const reasons = new Map<string, string>();
      await until(`all of ${variant} are put aside`, 60, async () => {
        await sandbox.deadLetters(variant, reasons);
        return reasons.size === Object.keys(expected).length;
      });
      const kinds = [...reasons].map(([body, reason]) => [body, reason.split(": ")[0]]);
      expect(Object.fromEntries(kinds)).toEqual(expected);
      expect(await sandbox.items("poison", variant)).toEqual([]);
    }
    await checkout.ok(`aws s3 rm s3://${environment.bucket}/poison/ --recursive`);
  });

  it("writes an object down once, however often its message comes", async () => {
    const [object] = await sandbox.objects();
    if (object === undefined) throw new Error("the bucket is empty");
    for (const variant of VARIANTS) {
      const body = await sandbox.body(variant, object.object);
      await Promise.all([1, 2, 3].map(() => sandbox.send(variant, "again", body)));
      let first = 0;
      await until("it has been read", 20, async () => {
        first = (await sandbox.items("again", variant))[0]?.endedUs ?? 0;
        return first > 0;
      });
      await sandbox.send(variant, "again", body);
      await until("it has been read again", 20, async () => {
        const items = await sandbox.items("again", variant);
        expect(items).toHaveLength(1);
        expect(items[0]).toMatchObject(object);
        return (items[0]?.endedUs ?? 0) > first;
      });
    }
  });

  it("loses nothing though S3 fails in a third of the requests and readers are killed", async () => {
    const [unreadable] = await sandbox.objects();
    await s3.setFaults([
      // The first of the rules by which a request is refused: no other decides what becomes of this object.
      get("500", { key: unreadable?.object ?? "" }),
      get("503", { rate: 0.1 }),
      get("reset", { rate: 0.1 }),
      get("truncate", { rate: 0.1 }),
    ]);
    const config = await clientConfig(checkout);
    const running = run(RUN);
    for (const variant of VARIANTS) {
      const { reader } = environment.variants[variant];
      const queue = new Queue(config, environment.variants[variant].queue.url);
      await until(`${reader} is at work`, 60, async () => (await queue.depths()).inFlight > 0);
      for (const pid of functionProcesses(checkout, reader)) process.kill(pid, "SIGKILL");
    }
    for (const { objects } of await running) {
      expect(objects).toMatchObject({
        read: OBJECTS - 1,
        dead_lettered: 1,
        lost: 0,
        failures: { server: 1 },
      });
      expect(objects.first_try).toBeLessThan(OBJECTS - 1);
    }
  });

  it("tries other memory sizes, names the best, and gives the readers their own back, after a kill, too", async () => {
    const lambda = new LambdaClient(await clientConfig(checkout));
    const FunctionName = environment.variants.sdk.reader;
    const memory = async (): Promise<number | undefined> =>
      (await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }))).MemorySize;
    const sweep = `${RUN} --variant sdk --max-objects 20 --memory`;
    // An earlier test has changed the queues.
    await checkout.ok("pulumi up --refresh --yes --skip-preview --non-interactive --stack s3-read");
    const { memory_sweep, ...result } = (await resultOf(`${sweep} 1024,128`)) as Result & Sweep<Result>;
    expect(result.environment.settings.memory).toBe(512);
    const read = memory_sweep.points.map((point) => [point.memory_mb, point["s3-read"].runs]);
    const expected = [1024, 128].map((memory_mb) => [
      memory_mb,
      [{ memory_mb, listing: { sent: 20 }, objects: { read: 20 } }],
    ]);
    expect(read).toMatchObject(expected);
    const [sdk, ...others] = memory_sweep.choices;
    expect(others).toEqual([]);
    for (const choice of ["fastest", "cheapest", "balanced"] as const)
      expect([128, 1024]).toContain(sdk?.[choice]);
    expect(result.cost.map(({ item }) => item)).toContain("128 MB: sdk: a GB");
    expect(await memory()).toBe(512);
    await checkout.ok("pulumi preview --refresh --expect-no-changes --non-interactive --stack s3-read");

    const killed = new Running(checkout.start(`${sweep} 256`));
    await until("the readers have another size", 30, async () => (await memory()) === 256);
    killed.kill("SIGKILL");
    await killed.ended;
    const [next] = await run(`${RUN} --variant sdk --max-objects 20`);
    expect(next).toMatchObject({ memory_mb: 512, objects: { read: 20 } });
    expect(await memory()).toBe(512);
  });

  it("reads a bucket that was there before, but no empty objects and folders", async () => {
    await checkout.ok("aws s3 mb s3://my-own-photos");
    await up({ bucket: "my-own-photos" });
    const keys = ["a b+ü.jpg", "2026/c%20d.jpg", "2026/plain.jpg"];
    for (const key of keys) await sandbox.put(key, `the content of ${key}`);
    for (const key of ["2026/", "empty"]) await sandbox.put(key, "");
    for (const { run: id, variant, listing, objects } of await run(RUN)) {
      expect(listing).toMatchObject({ listed: 5, skipped: 2, sent: 3 });
      expect(objects).toMatchObject({ read: 3, dead_lettered: 0 });
      const read = (await sandbox.items(id, variant)).map(({ object }) => object);
      expect(read.sort()).toEqual([...keys].sort());
    }
    const nothing = await checkout.run(`${RUN} --prefix 2025/`);
    expect(nothing.stderr).toContain("s3://my-own-photos/2025/ has no object");
  });

  it("refuses options that make no sense", async () => {
    const ended = await checkout.run("lambench run s3-read --variant url --stack s3-read");
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain("signed (presigned URLs) or sdk");
  });

  it("shows its results again, side by side and as a document", async () => {
    await showsResults(checkout, "s3-read");
  });

  it("destroys everything it made, and leaves the bucket that it didn't", async () => {
    await checkout.ok("pulumi destroy --yes --skip-preview --non-interactive --stack s3-read");
    expect(
      await leakedResources(checkout, [
        "tables",
        "queues",
        "functions",
        "eventSourceMappings",
        "roles",
        "logGroups",
        "dashboards",
        "buckets",
      ]),
    ).toEqual({ buckets: ["my-own-photos"] });
  });
});
