import { ListExecutionsCommand, ListStateMachinesCommand, SFNClient } from "@aws-sdk/client-sfn";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { Environment, Figures, Result, Run } from "./aurora-result";
import { Checkout, said, settings, until } from "./checkout";
import { type ClientConfig, clientConfig } from "./clients";
import { Database } from "./database";
import { leakedResources } from "./leaked-resources";
import { functionProcesses } from "./processes";
import { type Message, Queue } from "./queue";
import { showsResults } from "./results";

const ROWS = 1000;
/** A message that a worker dropped is back after six of these, seconds. */
const WORKER_TIMEOUT = 3;
const UP = "pulumi up --yes --skip-preview --non-interactive --stack aurora";
/** One ramp of one stage, long enough for a fault in its middle. */
const ONE_STAGE = "lambench run aurora --json --progress none --driver sqlx --from 2 --to 2 --seconds 4";

describe("the load test on Aurora, with the commands a user types", () => {
  let checkout: Checkout;
  let environment: Environment;
  let database: Database;
  let config: ClientConfig;

  const result = async (command: string): Promise<Result> => JSON.parse(await checkout.ok(command)) as Result;
  /** Rows that load has left; those that migration generated have no source. */
  const written = (): Promise<number> =>
    database.number("SELECT count(*) FROM transactions WHERE source IS NOT NULL");
  const transactions = (): Promise<number> =>
    database.number("SELECT count(*) FROM pgbench_history WHERE source IS NOT NULL");
  const send = (driver: string, attributes: Readonly<Record<string, string>>): Promise<void> =>
    new Queue(config, environment.queues[driver]?.url ?? "").send("load", attributes);
  /** Runs a command, and does something to the database once its load is on. */
  const disturbed = async (command: string, disturb: () => Promise<unknown>): Promise<Result> => {
    const before = await written();
    const running = checkout.run(command);
    await until("the load is on", 60, async () => (await written()) > before);
    await disturb();
    const ended = await running;
    if (ended.code !== 0) throw new Error(said(ended));
    return JSON.parse(ended.stdout) as Result;
  };
  const only = ({ aurora }: Result): Run & { stage: Figures } => {
    const [run] = aurora.runs;
    const [stage] = run?.stages ?? [];
    if (!run || !stage) throw new Error("the result has no stage");
    return { ...run, stage };
  };

  beforeAll(async () => {
    checkout = new Checkout();
    await checkout.ok("lambench local start");
    await checkout.ok("pulumi stack init aurora --non-interactive");
    const all = settings({
      rows: ROWS,
      scale: 1,
      timeoutSeconds: WORKER_TIMEOUT,
      batchSize: 2,
      concurrency: 4,
      statementTimeoutSeconds: 1,
    });
    await checkout.ok(`${UP} ${all}`);
    config = await clientConfig(checkout);
    const outputs = JSON.parse(
      await checkout.ok("pulumi stack output environment --json --stack aurora"),
    ) as { aurora: Environment };
    environment = outputs.aurora;
    database = await Database.of(checkout, environment.cluster.database);
  });
  afterAll(async () => {
    await checkout.remove();
  });

  it("deploys once: a refresh and a preview right after find nothing to do", async () => {
    await checkout.ok("pulumi preview --refresh --expect-no-changes --non-interactive --stack aurora");
  });

  it("fills the tables with what the settings say, and adds when they grow", async () => {
    expect(await database.number("SELECT count(*) FROM transactions")).toBe(ROWS);
    expect(await database.number("SELECT count(*) FROM pgbench_accounts")).toBe(100_000);
    await checkout.ok(`${UP} ${settings({ rows: ROWS + 500 })}`);
    expect(await database.number("SELECT count(*) FROM transactions")).toBe(ROWS + 500);
  });

  it("refuses connections without TLS", async () => {
    const cluster = await database.sql("SHOW ssl");
    expect(cluster).toBe("on");
    const plain = await database.sql(
      "SELECT count(*) FROM pg_hba_file_rules WHERE type IN ('host', 'hostnossl', 'local')",
    );
    expect(plain).toBe("0");
  });

  it("ramps each action by each driver, and counts exactly what the tables show", async () => {
    const before = [await written(), await transactions()];
    const {
      aurora,
      failed_checks,
      environment: ranIn,
    } = await result(
      "lambench run aurora --json --progress none --action INSERT,SELECT,SELECT2,TPCB --from 1 --to 1 --seconds 2",
    );
    expect(ranIn.kind).toBe("local");
    expect(failed_checks).toEqual([]);
    expect(aurora.runs).toHaveLength(8);
    for (const run of aurora.runs) {
      const [stage] = run.stages ?? [];
      expect(stage, run.run).toMatchObject({ clients: 1, lost: 0, errors: {} });
      expect(stage?.completions, `${run.driver} ${run.action ?? ""}`).toBeGreaterThan(10);
      expect(stage?.latency_ms?.p50).toBeGreaterThan(0);
    }
    const sum = (action: string): number =>
      aurora.runs
        .filter((run) => run.action === action)
        .reduce((all, { ledger }) => all + ledger.completions, 0);
    expect([(await written()) - (before[0] ?? 0), (await transactions()) - (before[1] ?? 0)]).toEqual([
      sum("INSERT"),
      sum("TPCB"),
    ]);
    expect(await database.number("SELECT sum(delta) FROM pgbench_history")).toBe(
      await database.number("SELECT sum(abalance) FROM pgbench_accounts"),
    );
  });

  it("queues each action by each driver: sent = done, and the metric tells the same", async () => {
    const before = await written();
    const { aurora, failed_checks } = await result(
      "lambench run aurora --mode queue --json --progress none --action INSERT,SELECT,SELECT2,TPCB --messages 12 --statements 5",
    );
    expect(failed_checks).toEqual([]);
    expect(
      aurora.runs.map(({ driver, sent, done, dead_lettered }) => [driver, sent, done, dead_lettered]),
    ).toEqual([
      ["sqlx", 12, 12, 0],
      ["data-api", 12, 12, 0],
    ]);
    for (const { actions } of aurora.runs) {
      expect(actions?.map(({ action, completions }) => [action, completions])).toEqual([
        ["INSERT", 15],
        ["SELECT", 15],
        ["SELECT2", 15],
        ["TPCB", 15],
      ]);
    }
    expect((await written()) - before).toBe(30);
    expect(await completionsMetric("SELECT2")).toBeGreaterThanOrEqual(30);
  });

  const completionsMetric = async (action: string): Promise<number> => {
    const hour = 3_600_000;
    const [from, to] = [Date.now() - hour, Date.now() + hour].map((ms) => new Date(ms).toISOString());
    const sum = await checkout.ok(
      `aws cloudwatch get-metric-statistics --namespace PERFORMANCE/AURORA/${environment.cluster.database} ` +
        `--metric-name COMPLETIONS --dimensions Name=ACTION,Value=${action} --statistics Sum --period 7200 ` +
        `--start-time ${from ?? ""} --end-time ${to ?? ""} --query 'sum(Datapoints[].Sum)'`,
    );
    return Number(sum);
  };

  it("counts each row once though workers are killed and messages come twice", async () => {
    const before = await written();
    const running = checkout.run(
      "lambench run aurora --mode queue --driver sqlx --json --progress none --action INSERT --messages 20 --statements 400",
    );
    const worker = environment.workers.sqlx?.queue ?? "";
    await until("rows are coming", 60, async () => (await written()) > before);
    const killed = functionProcesses(checkout, worker);
    expect(killed).not.toEqual([]);
    for (const pid of killed) process.kill(pid, "SIGKILL");
    const ended = await running;
    expect(ended.code, said(ended)).toBe(0);
    const [run] = (JSON.parse(ended.stdout) as Result).aurora.runs;
    expect(run).toMatchObject({ sent: 20, done: 20, dead_lettered: 0 });
    expect(run?.ledger).toMatchObject({ completions: 8000, rows: 8000, unfinished: 0 });
    expect((await written()) - before).toBe(8000);
  });

  it("does nothing for a message that comes a second time, even at the same moment", async () => {
    const before = await written();
    const record = {
      messageId: "5f1d1f3c-2b1e-4d0a-9c55-0a4d3b2c1e00",
      receiptHandle: "x",
      body: "load",
      attributes: { ApproximateReceiveCount: "1" },
      messageAttributes: Object.fromEntries(
        Object.entries({
          Action: "INSERT",
          DMLS: "50",
          HOST: environment.cluster.writer,
          DBNAME: environment.cluster.database,
        }).map(([name, stringValue]) => [name, { dataType: "String", stringValue }]),
      ),
      eventSource: "aws:sqs",
      eventSourceARN: "arn:aws:sqs:us-east-1:000000000000:x",
      awsRegion: "us-east-1",
    };
    checkout.write("event.json", JSON.stringify({ Records: [record] }));
    const invoke =
      `aws lambda invoke --function-name ${environment.workers.sqlx?.queue ?? ""} ` +
      "--payload fileb://event.json /dev/fd/3 3>&1 >/dev/null | cat";
    const answers = await Promise.all([1, 2, 3].map(() => checkout.ok(invoke)));
    for (const answer of answers) expect(JSON.parse(answer)).toEqual({ batchItemFailures: [] });
    expect((await written()) - before).toBe(50);
  });

  it("takes the messages of the public load test, and prints what came of them", async () => {
    const before = await written();
    await checkout.ok('eval "$(pulumi stack output auroraTrigger --stack aurora)"');
    await until("its 100 rows are there", 60, async () => (await written()) === before + 100);
    let tally = { run: "", actions: [{ rows: 0 }] };
    await until("the results command tells of them", 60, async () => {
      tally = JSON.parse(
        await checkout.ok('eval "$(pulumi stack output auroraResults --stack aurora)"'),
      ) as typeof tally;
      return tally.run === "manual";
    });
    expect(tally.actions[0]?.rows).toBeGreaterThanOrEqual(100);
  });

  it("starts a ramp by its trigger", async () => {
    await checkout.ok('eval "$(pulumi stack output auroraRampTrigger --stack aurora)"');
    const client = new SFNClient(config);
    const { stateMachines: [machine] = [] } = await client.send(new ListStateMachinesCommand({}));
    const newest = new ListExecutionsCommand({
      stateMachineArn: machine?.stateMachineArn ?? "",
      maxResults: 1,
    });
    await until("it has succeeded", 90, async () => {
      const { executions: [execution] = [] } = await client.send(newest);
      return execution?.status === "SUCCEEDED";
    });
  });

  it.each([
    [{ HOST: "db.example.com" }, /HOST/],
    [{ Action: "DROP" }, /DROP/],
    [{ DMLS: "1000000" }, /DMLS/],
    [{ DBNAME: "postgres" }, /postgres/],
  ])("puts a message with %o aside at once, with the reason", async (wrong, reason) => {
    const { writer, database: name } = environment.cluster;
    await send("sqlx", { Action: "SELECT", DMLS: "1", HOST: writer, DBNAME: name, RUN: "wrong", ...wrong });
    const deadLetters = new Queue(config, environment.queues.sqlx?.deadLetterUrl ?? "");
    let received: Message[] = [];
    await until("it is in the dead-letter queue", 30, async () => {
      received = await deadLetters.receive();
      return received.length > 0;
    });
    expect(received[0]?.attributes.Reason).toMatch(reason);
    await deadLetters.purge();
  });

  it("goes on after the database has restarted, and counts what that cost", async () => {
    const run = only(
      await disturbed(`${ONE_STAGE} --action INSERT`, async () => {
        // The death of one server process makes PostgreSQL end all others and recover, as after a crash.
        const victim = await database.number(
          `SELECT pid FROM pg_stat_activity WHERE datname = '${environment.cluster.database}' ` +
            "AND backend_type = 'client backend' AND pid <> pg_backend_pid() LIMIT 1",
        );
        process.kill(victim, "SIGKILL");
      }),
    );
    expect(Object.keys(run.stage.errors).length, JSON.stringify(run.stage.errors)).toBeGreaterThan(0);
    expect(run.stage.completions).toBeGreaterThan(10);
    expect(run.ledger.rows).toBe(run.ledger.completions);
  });

  it("reconnects where a connection was ended by an administrator", async () => {
    const run = only(
      await disturbed(`${ONE_STAGE} --action INSERT`, () =>
        database.sql(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity " +
            `WHERE datname = '${environment.cluster.database}' AND pid <> pg_backend_pid()`,
        ),
      ),
    );
    const lost = (run.stage.errors["57P01"] ?? 0) + (run.stage.errors.connection ?? 0);
    expect(lost, JSON.stringify(run.stage.errors)).toBeGreaterThan(0);
    expect(run.ledger.rows).toBe(run.ledger.completions);
  });

  it("reports statements that took too long as 57014, and the others as done", async () => {
    const run = only(
      await disturbed(`${ONE_STAGE} --action INSERT`, () =>
        database.sql("BEGIN; LOCK TABLE transactions IN EXCLUSIVE MODE; SELECT pg_sleep(2); COMMIT"),
      ),
    );
    expect(run.stage.errors["57014"], JSON.stringify(run.stage.errors)).toBeGreaterThan(0);
    expect(run.ledger.rows).toBe(run.ledger.completions);
  });

  const role = (): string => environment.cluster.database;
  const drop = (): Promise<string> =>
    database.sql(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${role()}' AND pid <> pg_backend_pid()`,
    );

  it("reports serialization failures as 40001, and tries those transactions again", async () => {
    await database.sql(`ALTER ROLE ${role()} SET default_transaction_isolation = 'serializable'`);
    await drop();
    const before = await transactions();
    const run = only(await result(`${ONE_STAGE} --action TPCB`));
    await database.sql(`ALTER ROLE ${role()} RESET default_transaction_isolation`);
    await drop();
    expect(run.stage.errors["40001"], JSON.stringify(run.stage.errors)).toBeGreaterThan(0);
    expect(run.ledger.completions).toBe((await transactions()) - before);
  });

  it("reports a full house as 53300, and the run of those who got in", async () => {
    await database.sql(`ALTER ROLE ${role()} CONNECTION LIMIT 1`);
    await drop();
    const ended = await checkout.run(`${ONE_STAGE} --action SELECT`);
    await database.sql(`ALTER ROLE ${role()} CONNECTION LIMIT -1`);
    const full = JSON.parse(ended.stdout) as Result;
    const { stage } = only(full);
    expect(stage.errors["53300"], JSON.stringify(stage.errors)).toBeGreaterThan(0);
    expect(stage.completions).toBeGreaterThan(10);
    // The warm workers keep their connection: nobody else gets in to read the ledger, and the result says so.
    expect(ended.code).toBe(1);
    expect(full.failed_checks.join()).toContain("53300");
  });

  it("reports a wrong password by either driver, and loses no message to it", async () => {
    const before = await written();
    const stored = await database.sql(`SELECT rolpassword FROM pg_authid WHERE rolname = '${role()}'`);
    await database.sql(`ALTER ROLE ${role()} PASSWORD 'not the one in the secret'`);
    await drop();
    const ramp = await checkout.run(
      "lambench run aurora --json --progress none --driver both --action INSERT --from 1 --to 1 --seconds 1",
    );
    const { writer, database: name } = environment.cluster;
    const message = { Action: "INSERT", DMLS: "7", HOST: writer, DBNAME: name, RUN: "password" };
    for (const driver of ["sqlx", "data-api"]) await send(driver, message);
    // The hash as it was: the password is the secret's again.
    await database.sql(`ALTER ROLE ${role()} PASSWORD '${stored}'`);
    const { runs } = (JSON.parse(ramp.stdout) as Result).aurora;
    expect(runs.map(({ stages }) => Object.keys(stages?.[0]?.errors ?? {}))).toEqual([["28P01"], ["28P01"]]);
    await until("both messages are done", 90, async () => (await written()) === before + 14);
  });

  it("refuses options that make no sense, and says which", async () => {
    const split = await checkout.run("lambench run aurora --split --driver data-api --stack aurora");
    expect(split.code).toBe(2);
    expect(split.stderr).toMatch(/Data API.*writer/);
  });

  it("shows its results again, side by side and as a document", async () => {
    await showsResults(checkout, "aurora");
  });

  it("destroys everything it made, in the database too", async () => {
    await checkout.ok("pulumi destroy --yes --skip-preview --non-interactive --stack aurora");
    expect(
      await leakedResources(checkout, [
        "queues",
        "clusters",
        "instances",
        "secrets",
        "vpcs",
        "vpcEndpoints",
        "functions",
        "eventSourceMappings",
        "roles",
        "logGroups",
        "dashboards",
        "stateMachines",
      ]),
    ).toEqual({});
    const server = database.other("postgres");
    expect(await server.sql(`SELECT datname FROM pg_database WHERE datname = '${role()}'`)).toBe("");
    expect(await server.sql(`SELECT rolname FROM pg_roles WHERE rolname = '${role()}'`)).toBe("");
  });
});
