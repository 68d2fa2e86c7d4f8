import type * as pulumi from "@pulumi/pulumi";

import { MAX_TIMEOUT, RustFunction, type RustFunctionArgs } from "../../infra/function";
import type { Postgres } from "../../infra/postgres";
import type { PrivateNetwork } from "../../infra/private-network";
import type { Target } from "../../infra/target";
import { WorkerQueue } from "../../infra/worker-queue";

/** By which road a worker reaches the database: PostgreSQL's own protocol, or HTTPS. */
export type Driver = "sqlx" | "data-api";

/** The settings that functions need. */
export interface FunctionSettings {
  readonly memory: number;
  readonly timeoutSeconds: number;
  readonly batchSize: number;
  readonly concurrency: number;
  readonly rows: number;
  readonly scale: number;
  readonly statementTimeoutSeconds: number;
}

/** What all functions of the load test stand in. */
export interface Place {
  readonly target: Target;
  readonly network: PrivateNetwork;
  readonly postgres: Postgres;
  readonly parent: pulumi.Resource;
}

/** A driver's workers, and the queue of the first. */
export interface Workers {
  readonly queue: WorkerQueue;
  readonly fromQueue: RustFunction;
  readonly fromRamp: RustFunction;
}

/** The functions that are no workers. */
export type Harness = Readonly<Record<"migrate" | "merge" | "tally", RustFunction>>;

/** The workers of one driver. */
export function deployWorkers(driver: Driver, settings: FunctionSettings, place: Place): Workers {
  const { target, postgres, parent } = place;
  const queue = new WorkerQueue(
    `${target.project}-${target.stack}-aurora-${driver}`,
    { consumerTimeout: settings.timeoutSeconds, requireTls: target.requireTls },
    { parent },
  );
  const access =
    driver === "sqlx"
      ? { network: place.network, statements: postgres.loginStatements() }
      : { statements: postgres.dataApiStatements() };
  const environment = {
    ...database(settings, postgres),
    DRIVER: driver,
    ROWS: String(settings.rows),
    SCALE: String(settings.scale),
  };
  const fromQueue = new RustFunction(
    {
      target,
      bin: "aurora-worker-queue",
      name: `aurora-worker-queue-${driver}`,
      description: `Executes the statements that messages ask for, by ${driver}`,
      memory: settings.memory,
      timeout: settings.timeoutSeconds,
      environment: {
        ...environment,
        DEAD_LETTER_URL: queue.deadLetterUrl,
        MAX_RECEIVES: String(queue.maxReceives),
      },
      ...access,
      statements: [...access.statements, ...queue.consumerStatements()],
    },
    { parent },
  );
  queue.feed(fromQueue, settings);
  const fromRamp = new RustFunction(
    {
      target,
      bin: "aurora-worker-ramp",
      name: `aurora-worker-ramp-${driver}`,
      description: `One client of a stage of the ramp, by ${driver}`,
      memory: settings.memory,
      timeout: MAX_TIMEOUT,
      environment,
      ...access,
    },
    { parent },
  );
  return { queue, fromQueue, fromRamp };
}

/** The functions that prepare the database, merge outcomes and read the ledger. */
export function deployHarness(settings: FunctionSettings, place: Place): Harness {
  const { target, network, postgres, parent } = place;
  const make = (args: Omit<RustFunctionArgs, "target">): RustFunction =>
    new RustFunction({ target, ...args }, { parent });
  const inDatabase = {
    memory: 512,
    timeout: MAX_TIMEOUT,
    environment: database(settings, postgres),
    network,
    statements: postgres.loginStatements(),
  };
  return {
    migrate: make({
      bin: "aurora-migrate",
      description: "Makes the tables, and fills them up to what the settings say",
      ...inDatabase,
    }),
    tally: make({
      bin: "aurora-tally",
      description: "Tells what a run has done, from the ledger and the tables",
      ...inDatabase,
    }),
    merge: make({
      bin: "aurora-merge",
      description: "Merges the outcomes of several workers",
      memory: 256,
      timeout: 60,
      environment: {},
      statements: [],
    }),
  };
}

function database(settings: FunctionSettings, postgres: Postgres): Record<string, pulumi.Input<string>> {
  return {
    ...postgres.environment(),
    STATEMENT_TIMEOUT_MS: String(settings.statementTimeoutSeconds * 1000),
  };
}
