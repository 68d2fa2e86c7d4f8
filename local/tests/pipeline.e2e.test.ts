import { KinesisClient, PutRecordCommand } from "@aws-sdk/client-kinesis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { Checkout, said, settings, until } from "./checkout";
import { type ClientConfig, clientConfig } from "./clients";
import { Database } from "./database";
import { expectLines, expectPrice } from "./estimate";
import { leakedResources } from "./leaked-resources";
import type { Delivery, Environment, Result } from "./pipeline-result";
import { expectSecondsToAddUp, longestOutage } from "./pipeline-seconds";
import { functionProcesses, kill } from "./processes";
import { Queue } from "./queue";
import { showsResults } from "./results";
import { Running } from "./running";

const UP = "pulumi up --yes --skip-preview --non-interactive --stack pipeline";
const LOAD = "lambench run pipeline --json --progress none --stack pipeline";

describe("the pipeline, with the commands a user types", () => {
  let checkout: Checkout;
  let environment: Environment;
  let database: Database;
  let config: ClientConfig;
  let trigger: string;

  const rows = (where = "true"): Promise<number> =>
    database.number(`SELECT count(*) FROM messages WHERE ${where}`);
  const configure = async (values: Readonly<Record<string, string | number>>): Promise<void> => {
    await checkout.ok(`${UP} ${settings(values)}`);
    const outputs = JSON.parse(await checkout.ok("pulumi stack output --json --stack pipeline")) as {
      environment: { pipeline: Environment };
      pipelineTrigger: string;
    };
    environment = outputs.environment.pipeline;
    trigger = outputs.pipelineTrigger;
  };
  /** Runs a load, and does something once its first rows are there; every accepted message must become one row. */
  const disturbed = async (load: string, disturb: () => Promise<unknown>): Promise<Delivery> => {
    const before = await rows();
    const running = checkout.run(load);
    await until("the load is on", 60, async () => (await rows()) > before);
    await disturb();
    const ended = await running;
    if (ended.code !== 0) throw new Error(said(ended));
    const { pipeline, failed_checks } = JSON.parse(ended.stdout) as Result;
    expect(failed_checks).toEqual([]);
    expect(pipeline.messages).toMatchObject({
      stored: pipeline.requests.accepted,
      lost: 0,
      dead_lettered: 0,
    });
    // A request whose answer was lost has its row all the same.
    const { stored, unaccepted_stored } = pipeline.messages;
    expect((await rows()) - before).toBe(stored + unaccepted_stored);
    return pipeline;
  };
  /** What curl, given more words, says of the trigger's request: the body, then the status. */
  const post = async (message: string | Buffer, words = ""): Promise<{ status: number; body: string }> => {
    checkout.write(
      "trigger.sh",
      trigger.replace(/--data ".*" (http)/, `--data-binary @message.json ${words} $1`),
    );
    checkout.write("message.json", message);
    const printed = await checkout.ok("bash -c \"$(cat trigger.sh) --write-out '\\n%{http_code}'\"");
    const [status, ...body] = printed.trim().split("\n").reverse();
    return { status: Number(status), body: body.reverse().join("\n") };
  };
  const put = async (record: string, key = "x"): Promise<void> => {
    const { name } = environment.stream;
    await new KinesisClient(config).send(
      new PutRecordCommand({ StreamName: name, PartitionKey: key, Data: Buffer.from(record) }),
    );
  };
  /** Takes what is in a dead-letter queue until something fits. */
  const deadLetter = async (url: string, fits: (body: string) => boolean): Promise<string> => {
    const queue = new Queue(config, url);
    let found: string | undefined;
    await until("it is in the dead-letter queue", 30, async () => {
      found ??= (await queue.receive()).map(({ body }) => body).find(fits);
      return found !== undefined;
    });
    return found ?? "";
  };

  beforeAll(async () => {
    checkout = new Checkout();
    await checkout.ok("lambench local start");
    await checkout.ok("pulumi stack init pipeline --non-interactive");
    await configure({ timeoutSeconds: 20, batchSize: 50 });
    config = await clientConfig(checkout);
    database = await Database.of(checkout, environment.cluster.database);
  });
  afterAll(async () => {
    await checkout.remove();
  });

  it("deploys once: a refresh and a preview right after find nothing to do", async () => {
    await checkout.ok("pulumi preview --refresh --expect-no-changes --non-interactive --stack pipeline");
  });

  it("takes a message by its trigger, and prints what became of it", async () => {
    const answer = await checkout.ok('eval "$(pulumi stack output pipelineTrigger --stack pipeline)"');
    expect(JSON.parse(answer)).toEqual({ message: "success" });
    await until("its row is there", 30, async () => (await rows("message = 'Hello'")) === 1);
    await until("the results command tells of it", 30, async () => {
      const tally = await checkout.ok('eval "$(pulumi stack output pipelineResults --stack pipeline)"');
      // For people: percentiles, and none of the histograms. A message of the trigger has no time at which it was due.
      expect(tally.length).toBeLessThan(2000);
      const { rows, latency_ms } = JSON.parse(tally) as { rows: number; latency_ms: object };
      return rows === 1 && "row" in latency_ms;
    });
  });

  it("refuses callers without a right signature", async () => {
    const { url } = environment.api;
    for (const credentials of ["", "--aws-sigv4 aws:amz:us-east-1:execute-api --user AKIAWRONG:wrong"]) {
      const answer = await checkout.ok(
        `curl --silent ${credentials} --data '{}' --write-out '\\n%{http_code}' ${url}`,
      );
      const [body, status] = answer.split("\n");
      expect([JSON.parse(body ?? ""), status]).toEqual([{ message: "Forbidden" }, "403"]);
    }
  });

  it.each([
    ["without an id", "{}", 400, "'id'"],
    ["without a timestamp", '{"id": "1", "message": "x"}', 400, "'timestamp'"],
    ["whose message is a number", '{"id": "1", "message": 5, "timestamp": 1}', 400, "'message'"],
    ["whose timestamp is text", '{"id": "1", "message": "x", "timestamp": "now"}', 400, "'timestamp'"],
    ["that is no JSON", "hello", 400, "JSON"],
    [
      "that is Latin-1",
      Buffer.from('{"id": "1", "message": "café", "timestamp": 1}', "latin1"),
      400,
      "UTF-8, from byte 27 on",
    ],
    ["that is too long", `{"id": "1", "message": "${"x".repeat(300_000)}", "timestamp": 1}`, 413, "262144"],
  ])("answers a message %s with what is wrong", async (_, message, status, says) => {
    const answer = await post(message);
    expect(answer.status).toBe(status);
    expect((JSON.parse(answer.body) as { message: string }).message).toContain(says);
  });

  it("loads the pipeline: what is accepted arrives, each hop is timed, and what a million cost is known", async () => {
    const before = await rows();
    const {
      pipeline,
      environment: { kind },
      samples,
      cost,
      failed_checks,
    } = JSON.parse(await checkout.ok(`${LOAD} --rate 100 --duration 4s --ramp 1s`)) as Result;
    expect(kind).toBe("local");
    expect(pipeline.requests).toMatchObject({ sent: 450, accepted: 450, refused: {} });
    expect(pipeline.messages).toMatchObject({ stored: 450, lost: 0, dead_lettered: 0 });
    expect(failed_checks).toEqual([]);
    expect((await rows()) - before).toBe(450);
    const hops = samples.map(({ name }) => name);
    expect(hops).toEqual(expect.arrayContaining(["http", "api", "stream", "table", "row", "end-to-end"]));
    expect(cost[0]?.usd).toBeGreaterThan(0);
    expectSecondsToAddUp(pipeline);
    // A ramp of a second, in which half of the rate is due, and 4 seconds at the rate.
    expect(pipeline.seconds.slice(0, 5).map(({ due }) => due)).toEqual([50, 100, 100, 100, 100]);
  });

  it.each(["constant", "poisson"])(
    "is loaded by functions, with %s arrivals, as from here",
    async (arrivals) => {
      const before = await rows();
      const load = `${LOAD} --from functions --workers 4 --connections 5 --rate 100 --duration 4s --ramp 1s --arrivals ${arrivals}`;
      const { pipeline, cost, failed_checks } = JSON.parse(await checkout.ok(load)) as Result;
      expect(failed_checks).toEqual([]);
      const { sent, accepted } = pipeline.requests;
      if (arrivals === "constant") expect(sent).toBe(450);
      // Far more than chance makes of 450.
      expect(Math.abs(sent - 450)).toBeLessThan(110);
      expect(accepted).toBe(sent);
      expect(pipeline.messages).toMatchObject({ stored: sent, lost: 0, dead_lettered: 0 });
      expect((await rows()) - before).toBe(sent);
      expect(pipeline.generator.workers).toMatchObject({ count: 4, lost: 0, unreported: 0 });
      const upstream = pipeline.functions.find((one) => one.function === "upstream");
      expect(upstream?.invocations).toBe(sent);
      const [messages, generator] = cost;
      expect(messages?.usd).toBeGreaterThan(0);
      expect(generator?.item).toBe("the load generator, for this run");
      expect(generator?.usd).toBeGreaterThan(0);
      expectSecondsToAddUp(pipeline);
    },
  );

  it.each(["", "--from functions --workers 3 --connections 5"])(
    "sends rising steps as one load, each with figures of its own %s",
    async (from) => {
      const before = await rows();
      const load = `${LOAD} --steps 20,40,80 --step-duration 3s ${from} --threshold 'pipeline.rate-80.http.p50<60s'`;
      const { pipeline, samples, failed_checks } = JSON.parse(await checkout.ok(load)) as Result;
      expect(failed_checks).toEqual([]);
      expect(pipeline.requests).toMatchObject({ sent: 420, accepted: 420 });
      const steps = pipeline.stages ?? [];
      expect(steps.map(({ rate, due, accepted, stored }) => [rate, due, accepted, stored])).toEqual([
        [20, 60, 60, 60],
        [40, 120, 120, 120],
        [80, 240, 240, 240],
      ]);
      for (const { latency_ms, end_to_end_ms, drain_seconds } of steps) {
        expect(latency_ms?.p50).toBeGreaterThan(0);
        expect(end_to_end_ms?.p50).toBeGreaterThan(latency_ms?.p50 ?? Infinity);
        expect(drain_seconds).toBeGreaterThanOrEqual(0);
      }
      expect((await rows()) - before).toBe(420);
      const names = samples.map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(["http", "rate 20: http", "rate 80: end-to-end"]));
    },
  );

  it("sends a spike, and says how soon it was over", async () => {
    const load = `${LOAD} --rate 10 --duration 18s --spike 60 --spike-duration 4s`;
    const { pipeline, failed_checks } = JSON.parse(await checkout.ok(load)) as Result;
    expect(failed_checks).toEqual([]);
    const parts = (pipeline.stages ?? []).map(({ name, due, stored }) => [name, due, stored]);
    expect(parts).toEqual([
      ["before", 70, 70],
      ["during", 240, 240],
      ["after", 70, 70],
    ]);
    const back = pipeline.spike?.http_back_seconds;
    // A busy machine may not be back in time.
    if (back !== null) expect(back).toBeLessThan(7);
  });

  it("finds the highest rate that holds, with the trials that show it", async () => {
    const before = await rows();
    // No rate breaks these conditions but one that the API, which takes 1,000 per second, refuses.
    const load = `${LOAD} --find-limit --slo 'p50<25s,errors<100%' --rate 2 --step-duration 2s --max-usd 1`;
    const { pipeline, failed_checks } = JSON.parse(await checkout.ok(load)) as Result;
    expect(failed_checks).toEqual([]);
    const { held, end, trials } = pipeline.search ?? { held: null, end: "", trials: [] };
    expect(held).toBeGreaterThanOrEqual(4);
    expect(["found", "generator", "maximum"]).toContain(end);
    expect(trials.length).toBeLessThanOrEqual(20);
    expect(trials.slice(0, 2).map(({ rate, outcome }) => [rate, outcome])).toEqual([
      [2, "held"],
      [4, "held"],
    ]);
    // Each trial's messages are its own, and all of them have arrived before the result is there.
    expect(new Set(trials.map(({ run }) => run)).size).toBe(trials.length);
    const stored = trials.reduce((sum, trial) => sum + trial.stored, 0);
    expect((await rows()) - before).toBeGreaterThanOrEqual(stored);
    const shown = trials.find(({ rate }) => rate === held);
    expect(pipeline.requests.accepted).toBe(shown?.accepted);
  });

  it("says so where no rate holds", async () => {
    const load = `${LOAD} --find-limit --slo 'errors<0%' --rate 2 --step-duration 4s`;
    const { pipeline } = JSON.parse(await checkout.ok(load)) as Result;
    expect(pipeline.search).toMatchObject({ held: null, end: "none" });
    expect(pipeline.search?.trials.map(({ rate }) => rate)).toEqual([2, 1]);
  });

  it("counts what a function that is killed was to send as not sent, and the rest stands", async () => {
    const before = await rows();
    // As many as there are environments of the function: one that is idle sends nothing, and its end would go unnoticed.
    const load = `${LOAD} --from functions --workers 4 --connections 5 --rate 50 --duration 10s`;
    const running = checkout.run(load);
    await until("the load is on", 60, async () => (await rows()) > before + 20);
    const workers = functionProcesses(checkout, environment.load.function);
    expect(workers).toHaveLength(4);
    expect(kill(workers.slice(0, 1))).toBe(1);
    const ended = await running;
    expect(ended.code, said(ended)).toBe(1);
    const { pipeline, failed_checks } = JSON.parse(ended.stdout) as Result;
    expect(pipeline.generator.workers).toMatchObject({ count: 4, lost: 1, unreported: 125 });
    expect(pipeline.requests).toMatchObject({ sent: 375, accepted: 375, unsent: 125 });
    expect(pipeline.messages).toMatchObject({ stored: 375, lost: 0 });
    expectSecondsToAddUp(pipeline);
    expect(pipeline.seconds.slice(0, 10).map(({ due }) => due)).toEqual(Array.from({ length: 10 }, () => 50));
    expect((await rows()) - before).toBe(375 + pipeline.messages.unaccepted_stored);
    expect(failed_checks).toMatchObject([
      expect.stringMatching(/^1 of 4 functions that sent the load ended without/),
    ]);
  });

  it("knows beforehand what a load uses, and its price within a tenth if it has run before", async () => {
    const load = async (): Promise<Result> =>
      JSON.parse(await checkout.ok(`${LOAD} --rate 50 --duration 10s`)) as Result;
    expectLines((await load()).estimate, ["HTTP API", "stream data in", "table"]);
    expectPrice((await load()).estimate);
  });

  it("stops sending on Ctrl-C, follows what was sent, and measures the shorter load", async () => {
    const before = await rows();
    const command =
      "lambench run pipeline --rate 20 --duration 2m --json --progress counter --stack pipeline";
    const running = new Running(checkout.start(command));
    await until("the load is on", 60, async () => (await rows()) > before + 20);
    running.kill("SIGINT");
    const { code, stdout, stderr } = await running.ended;
    expect(code, stderr).toBe(130);
    expect(stderr).toContain("press Ctrl-C again to abort");
    const { pipeline, incomplete, failed_checks } = JSON.parse(stdout) as Result;
    const { sent, accepted, accepted_per_second } = pipeline.requests;
    expect(failed_checks).toEqual([]);
    expect([sent, pipeline.messages.stored]).toEqual([accepted, accepted]);
    expectSecondsToAddUp(pipeline);
    expect((await rows()) - before).toBe(accepted);
    // By the time until it was stopped: by all of the two minutes, it would be less.
    expect(accepted_per_second).toBeGreaterThan(15);
    expect(incomplete?.missing).toMatchObject([
      expect.stringMatching(new RegExp(`^${2400 - sent} of 2400 requests: the load was stopped after `)),
    ]);
  });

  it("writes a latency of each message to CloudWatch", async () => {
    const hour = 3_600_000;
    const [from, to] = [Date.now() - hour, Date.now() + hour].map((ms) => new Date(ms).toISOString());
    const count = await checkout.ok(
      "aws cloudwatch get-metric-statistics --namespace ServerlessDataProcessingPipeline/Latencies " +
        "--metric-name Latency --statistics SampleCount --period 7200 " +
        `--start-time ${from ?? ""} --end-time ${to ?? ""} --query 'sum(Datapoints[].SampleCount)'`,
    );
    expect(Number(count)).toBeGreaterThanOrEqual(451);
  });

  it("loses nothing while the database is away for 10 seconds", async () => {
    const pipeline = await disturbed(`${LOAD} --rate 50 --duration 12s`, () => database.away(checkout, 10));
    expect(pipeline.requests.accepted).toBe(600);
    expect(longestOutage(pipeline)).toBeGreaterThanOrEqual(8);
  });

  it("loses nothing, and stores nothing twice, though functions are killed", async () => {
    await disturbed(`${LOAD} --rate 100 --duration 6s`, async () => {
      for (const name of [environment.functions.midstream, environment.functions.downstream]) {
        await until(`${name} runs`, 10, () => Promise.resolve(functionProcesses(checkout, name).length > 0));
        for (const pid of functionProcesses(checkout, name)) process.kill(pid, "SIGKILL");
      }
    });
  });

  it("loses nothing while the stream's shards are split and merged", async () => {
    const { name } = environment.stream;
    const count = (shards: number): Promise<string> =>
      checkout.ok(
        `aws kinesis update-shard-count --stream-name ${name} --target-shard-count ${shards} --scaling-type UNIFORM_SCALING`,
      );
    await disturbed(`${LOAD} --rate 100 --duration 6s`, async () => {
      await count(2);
      const half = (2n ** 126n).toString();
      const shard = await checkout.ok(
        `aws kinesis list-shards --stream-name ${name} ` +
          "--query 'Shards[?!(SequenceNumberRange.EndingSequenceNumber)]|[0].ShardId' --output text",
      );
      await checkout.ok(
        `aws kinesis split-shard --stream-name ${name} --shard-to-split ${shard.trim()} --new-starting-hash-key ${half}`,
      );
    });
    await count(2);
    await count(1);
  });

  it("keeps the first arrival of a message that comes again, in whatever order", async () => {
    const record = (arrived_us: number, message: string): string =>
      JSON.stringify({ id: "again", message, timestamp: 1, arrived_us });
    await put(record(2_000_000, "second"), "again");
    await until("the later one is there", 30, async () => (await rows("id = 'again'")) === 1);
    await put(record(1_000_000, "first"), "again");
    await until("the earlier one wins", 30, async () => (await rows("message = 'first'")) === 1);
    await put(record(2_000_000, "second"), "again");
    await put(record(3_000_000, "third"), "again");
    await until("all are counted", 30, async () => (await rows("id = 'again' AND deliveries = 4")) === 1);
    expect(await database.sql("SELECT message FROM messages WHERE id = 'again'")).toBe("first");
  });

  it("dead-letters a record that no one can read, with the reason, and goes on behind it", async () => {
    await put("no JSON at all");
    await put(JSON.stringify({ id: "behind", message: "behind it", timestamp: 1, arrived_us: 1_000_000 }));
    await until("the next one has arrived", 30, async () => (await rows("id = 'behind'")) === 1);
    const letter = await deadLetter(environment.deadLetters.midstream, (body) => body.includes("no JSON"));
    expect(JSON.parse(letter)).toMatchObject({ record: "no JSON at all", id: null });
  });

  it("dead-letters an item that no row can hold, and goes on behind it", async () => {
    const item = (id: string, attributes: object): Promise<string> => {
      checkout.write("item.json", JSON.stringify({ id: { S: id }, ...attributes }));
      return checkout.ok(
        `aws dynamodb put-item --table-name ${environment.table.name} --item file://item.json`,
      );
    };
    const whole = { message: { S: "x" }, timestamp: { N: "1" }, arrived_us: { N: "1" } };
    await item("poison", { message: { S: "x" } });
    await item("healthy", { ...whole, midstream_us: { N: "2" }, copies: { N: "1" } });
    await until("the next one has arrived", 30, async () => (await rows("id = 'healthy'")) === 1);
    const letter = await deadLetter(environment.deadLetters.downstream, (body) => body.includes("poison"));
    expect(JSON.parse(letter)).toMatchObject({ id: "poison" });
  });

  it("opens to everyone and throttles where the settings say so, and tells what was refused", async () => {
    await configure({ apiAuth: "none", apiRate: 20, apiBurst: 10 });
    const answer = await checkout.ok(
      `curl --silent --data '{"id": "open", "message": "Inbound request", "timestamp": 1717178874}' ${environment.api.url}`,
    );
    expect(JSON.parse(answer)).toEqual({ message: "success" });
    const load = await checkout.run(`${LOAD} --rate 60 --duration 4s`);
    expect(load.code, said(load)).toBe(0);
    const { pipeline, limits, warnings } = JSON.parse(load.stdout) as Result;
    // It was known beforehand.
    const first = "requests per second (the API's setting apiRate): 60 of 20 (300 %, stack)";
    const [exceeded] = warnings.filter((warning) => warning.includes(first));
    expect(exceeded).toContain("pulumi config set --path pipeline.apiRate 60 --stack pipeline");
    expect(load.stderr).toContain(`warning: the run needs more than a limit allows: ${first}`);
    expect(limits.find(({ what }) => what === "records per second (Kinesis, 1 shard)")).toEqual({
      what: "records per second (Kinesis, 1 shard)",
      needed: 60,
      allowed: 1000,
      source: "account",
    });
    expect(pipeline.requests.refused["429"]).toBeGreaterThan(50);
    expect(pipeline.requests.throttled).toBe(pipeline.requests.refused["429"]);
    expectSecondsToAddUp(pipeline);
    expect(pipeline.messages).toMatchObject({ stored: pipeline.requests.accepted, lost: 0 });
  });

  it("writes rows by the Data API where the settings say so", async () => {
    await configure({ driver: "data-api", apiRate: 1000, apiBurst: 500 });
    await disturbed(`${LOAD} --rate 50 --duration 4s`, () => Promise.resolve());
  });

  it("refuses options that make no sense, and says which", async () => {
    const ended = await checkout.run("lambench run pipeline --rate 0 --stack pipeline");
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain("--rate");
  });

  it("shows its results again, side by side and as a document", async () => {
    await showsResults(checkout, "pipeline");
  });

  it("destroys everything it made, in the database too", async () => {
    await checkout.ok("pulumi destroy --yes --skip-preview --non-interactive --stack pipeline");
    expect(
      await leakedResources(checkout, [
        "apis",
        "streams",
        "tables",
        "queues",
        "clusters",
        "functions",
        "stateMachines",
        "eventSourceMappings",
        "roles",
        "logGroups",
        "dashboards",
      ]),
    ).toEqual({});
    const server = database.other("postgres");
    const name = environment.cluster.database;
    expect(await server.sql(`SELECT datname FROM pg_database WHERE datname = '${name}'`)).toBe("");
  });
});
