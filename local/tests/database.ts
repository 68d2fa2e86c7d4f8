import { execFile } from "node:child_process";
import * as fs from "node:fs";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";

import type { Checkout } from "./checkout";

/** PostgreSQL's part of `lambench local env --json`. */
interface Postgres {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly passwordFile: string;
  readonly caFile: string;
}

/** The PostgreSQL of a checkout's local environment, as its superuser sees it: to inspect it, and to break it. */
export class Database {
  private constructor(
    private readonly server: Postgres,
    private readonly name: string,
  ) {}

  /** @param name the database to connect to */
  static async of(checkout: Checkout, name: string): Promise<Database> {
    const { postgres } = JSON.parse(await checkout.ok("lambench local env --json")) as { postgres: Postgres };
    return new Database(postgres, name);
  }

  /** Runs SQL; returns its rows as text, one per line. */
  async sql(text: string): Promise<string> {
    const { host, port, user, passwordFile, caFile } = this.server;
    const env = {
      ...process.env,
      PGPASSWORD: fs.readFileSync(passwordFile, "utf8").trim(),
      PGSSLMODE: "verify-full",
      PGSSLROOTCERT: caFile,
    };
    const where = ["--host", host, "--port", String(port), "--username", user, "--dbname", this.name];
    const how = ["--no-psqlrc", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1", "--command", text];
    const { stdout } = await promisify(execFile)(psql(), [...where, ...how], { env });
    return stdout.trim();
  }

  /** The number that a query returns. */
  async number(query: string): Promise<number> {
    return Number(await this.sql(query));
  }

  /** Stops the server, and has `lambench local start` start it again after some seconds. */
  async away(checkout: Checkout, seconds: number): Promise<void> {
    const file = fs.readFileSync(`${checkout.root}/.lambench/postgres/data/postmaster.pid`, "utf8");
    process.kill(Number(file.split("\n")[0]), "SIGINT");
    await setTimeout(seconds * 1000);
    await checkout.ok("lambench local start");
  }

  /** A second client of this server, for another database. */
  other(name: string): Database {
    return new Database(this.server, name);
  }
}

/** Where the local environment looks for PostgreSQL's programs as well. */
function psql(): string {
  const bin = process.env.PG_BIN;
  return bin === undefined ? "psql" : `${bin}/psql`;
}
