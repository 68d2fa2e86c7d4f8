import type * as pulumi from "@pulumi/pulumi";

import { MAX_TIMEOUT, RustFunction, type RustFunctionArgs } from "../../infra/function";
import type { Postgres } from "../../infra/postgres";
import type { PrivateNetwork } from "../../infra/private-network";
import type { DeployContext } from "../../infra/scenario";
import { WorkerQueue } from "../../infra/worker-queue";

/** How a worker reaches the database: by PostgreSQL's own protocol, or by the RDS Data API. */
export type Driver = "sqlx" | "data-api";

/** The functions that speak PostgreSQL, and so run in the database's network. */
export const IN_NETWORK = ["migrate", "tally", "worker-queue-sqlx", "worker-ramp-sqlx"];

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

/** What the load test's functions are deployed into. */
export interface FunctionContext extends DeployContext {
  readonly network: PrivateNetwork;
  readonly postgres: Postgres;
}

/** A driver's workers, and the queue of the first. */
export interface Workers {
  readonly queue: WorkerQueue;
  readonly queueWorker: RustFunction;
  readonly rampWorker: RustFunction;
}

/** The functions that are not workers. */
export type Harness = Readonly<Record<"migrate" | "merge" | "tally", RustFunction>>;

/** The workers of one driver. */
export function deployWorkers(driver: Driver, settings: FunctionSettings, context: FunctionContext): Workers {
  const { target, name, postgres, parent } = context;
  const queue = new WorkerQueue(
    driver,
    {
      name: `${name}-${driver}`,
      consumerTimeout: settings.timeoutSeconds,
      requireTls: target.requiresTls("sqs"),
    },
    { parent },
  );
  const access =
    driver === "sqlx"
      ? { network: context.network, statements: postgres.loginStatements() }
      : { statements: postgres.dataApiStatements() };
  const environment = {
    ...database(settings, postgres),
    DRIVER: driver,
    METRICS_NAMESPACE: metricsNamespace(postgres),
    ROWS: String(settings.rows),
    SCALE: String(settings.scale),
  };
  const queueWorker = new RustFunction(
    `worker-queue-${driver}`,
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
  queue.addConsumer(queueWorker, settings);
  const rampWorker = new RustFunction(
    `worker-ramp-${driver}`,
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
  return { queue, queueWorker, rampWorker };
}

/** The functions that migrate the database, merge outcomes and read the ledger. */
export function deployHarness(settings: FunctionSettings, context: FunctionContext): Harness {
  const { target, network, postgres, parent } = context;
  const make = (name: string, args: Omit<RustFunctionArgs, "target" | "bin">): RustFunction =>
    new RustFunction(name, { target, bin: `aurora-${name}`, ...args }, { parent });
  const inDatabase = {
    memory: 512,
    timeout: MAX_TIMEOUT,
    environment: database(settings, postgres),
    network,
    statements: postgres.loginStatements(),
  };
  return {
    migrate: make("migrate", {
      description: "Creates the tables, and fills them as the settings say",
      ...inDatabase,
    }),
    tally: make("tally", {
      description: "Reports what a run has done, from the ledger and the tables",
      ...inDatabase,
      environment: { ...inDatabase.environment, METRICS_NAMESPACE: metricsNamespace(postgres) },
    }),
    merge: make("merge", {
      description: "Merges the outcomes of several workers",
      memory: 256,
      timeout: 60,
      environment: {},
      statements: [],
    }),
  };
}

/** Where CloudWatch has the workers' metrics. */
export function metricsNamespace({ database }: Postgres): string {
  return `PERFORMANCE/AURORA/${database}`;
}

function database(settings: FunctionSettings, postgres: Postgres): Record<string, pulumi.Input<string>> {
  return {
    ...postgres.environment(),
    STATEMENT_TIMEOUT_MS: String(settings.statementTimeoutSeconds * 1000),
  };
}
