import * as path from "node:path";

import * as aws from "@pulumi/aws";

import { awsCommand, invokeCommand } from "../../infra/aws-command";
import { functionName, MAX_TIMEOUT, MEMORY_RANGE } from "../../infra/function";
import { checkCapacity, Postgres } from "../../infra/postgres";
import { PrivateNetwork } from "../../infra/private-network";
import { scenario } from "../../infra/scenario";
import { StateMachine } from "../../infra/state-machine";
import { deployDashboard } from "./dashboard";
import { deployHarness, deployWorkers, type Driver, IN_NETWORK, type Workers } from "./functions";
import { migrateDatabase } from "./migration";

const settings = {
  memory: { default: 512, range: MEMORY_RANGE, description: "memory of each worker, MB" },
  timeoutSeconds: { default: 60, range: [3, MAX_TIMEOUT], description: "timeout of a queue worker, seconds" },
  batchSize: { default: 5, range: [1, 10], description: "messages per invocation of a queue worker" },
  concurrency: { default: 10, range: [2, 1000], description: "concurrent queue workers of each driver" },
  // Both the same: while Aurora scales, that is what would be measured.
  minCapacity: { default: 8, range: [0, 256], step: 0.5, description: "minimum capacity of Aurora, ACUs" },
  maxCapacity: { default: 8, range: [1, 256], step: 0.5, description: "maximum capacity of Aurora, ACUs" },
  readers: { default: 0, range: [0, 1], description: "Aurora instances besides the writer" },
  rows: { default: 100_000, range: [1, 10_000_000], description: "initial rows of the table transactions" },
  scale: { default: 10, range: [1, 1000], description: "TPC-B scale factor, 100,000 accounts each" },
  statementTimeoutSeconds: { default: 10, range: [1, 45], description: "timeout of a statement, seconds" },
} as const;

/**
 * Workers of a stage whose outcomes go through one state: an inline Map has a concurrency of 40 at most, and 256 KiB may pass
 * between states (Step Functions Developer Guide); an outcome with its histogram has 1 to 6 KB.
 */
const GROUP_SIZE = 20;
/** From a stage's start to its first statement: functions have to start and connect, ms. */
const START_DELAY_MS = 3000;

/** What load does Aurora PostgreSQL take from functions? */
export const aurora = scenario({
  name: "aurora",
  settings,
  check(settings) {
    checkCapacity("aurora", settings);
  },
  deploy({ target, name, parent, settings }) {
    const region = aws.getRegionOutput({}, { parent }).region;
    // In the network are the functions that speak PostgreSQL: they fetch the password, and dead-letter messages.
    const services = ["secretsmanager", "sqs"];
    const functions = new Map(IN_NETWORK.map((role) => [role, functionName(target, `aurora-${role}`)]));
    const network = new PrivateNetwork("network", { name, services, functions }, { parent });
    const postgres = new Postgres("database", { name, network, ...settings }, { parent });
    const context = { target, name, network, postgres, parent };
    const harness = deployHarness(settings, context);
    const workers: Readonly<Record<Driver, Workers>> = {
      sqlx: deployWorkers("sqlx", settings, context),
      "data-api": deployWorkers("data-api", settings, context),
    };
    const content = { migrate: harness.migrate, content: settings };
    const migrated = migrateDatabase(content, { parent, dependsOn: postgres.ready });
    const machine = new StateMachine(
      "ramp",
      {
        name,
        file: path.join(__dirname, "definition.asl.json"),
        values: {
          groupSize: GROUP_SIZE,
          startDelayMs: START_DELAY_MS,
          sqlxArn: workers.sqlx.rampWorker.arn,
          dataApiArn: workers["data-api"].rampWorker.arn,
          mergeArn: harness.merge.arn,
          tallyArn: harness.tally.arn,
        },
        functionArns: [
          workers.sqlx.rampWorker,
          workers["data-api"].rampWorker,
          harness.merge,
          harness.tally,
        ].map(({ arn }) => arn),
      },
      { parent, dependsOn: [migrated] },
    );
    deployDashboard(name, region, { postgres, workers }, { parent });

    return {
      outputs: {
        auroraTrigger: awsCommand(
          workers.sqlx.queue.arn,
          "sqs send-message --queue-url",
          workers.sqlx.queue.url,
          "--message-body load --message-attributes",
          postgres.writer.apply((host) => `'${JSON.stringify(attributes(host, postgres.database))}'`),
        ),
        auroraRampTrigger: awsCommand(
          machine.arn,
          "stepfunctions start-execution --state-machine-arn",
          machine.arn,
          `--input '${JSON.stringify({ driver: "sqlx", action: "SELECT", from: 1, to: 4, step: 3, seconds: 3 })}'`,
        ),
        auroraResults: invokeCommand(harness.tally),
      },
      environment: {
        cluster: postgres.location(),
        queues: byDriver(workers, ({ queue }) => queue.location()),
        workers: byDriver(workers, ({ queueWorker, rampWorker }) => ({
          queue: queueWorker.name,
          ramp: rampWorker.name,
        })),
        stateMachine: machine.arn,
        groupSize: GROUP_SIZE,
        functions: Object.fromEntries(Object.entries(harness).map(([role, { name }]) => [role, name])),
      },
    };
  },
});

/** A message of 100 INSERTs, with the attributes that the public load test has. */
function attributes(host: string, database: string): Record<string, unknown> {
  const values = { Action: "INSERT", DMLS: "100", HOST: host, DBNAME: database };
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, { DataType: "String", StringValue: value }]),
  );
}

function byDriver<T>(
  workers: Readonly<Record<Driver, Workers>>,
  map: (ofDriver: Workers) => T,
): Record<string, T> {
  return Object.fromEntries(Object.entries(workers).map(([driver, ofDriver]) => [driver, map(ofDriver)]));
}
