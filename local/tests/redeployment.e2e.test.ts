import * as fs from "node:fs";
import * as path from "node:path";

import { LambdaClient, paginateListFunctions } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { Checkout } from "./checkout";
import { clientConfig } from "./clients";
import { Database } from "./database";
import { rebuild } from "./rebuild";

const UP = "pulumi up --yes --skip-preview --non-interactive --stack dev";

/** A program of each scenario, and the functions that run it: what they are called on AWS, less project and stack, by their names in the stack. */
const PROGRAMS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "copy-plan": { "archive rust-copy-plan": "rust-copy-plan" },
  "aurora-migrate": { "aurora migrate": "aurora-migrate" },
  "pipeline-midstream": { "pipeline midstream": "pipeline-midstream" },
  "s3-read-reader": {
    "s3-read reader-sdk": "s3-read-reader-sdk",
    "s3-read reader-signed": "s3-read-reader-signed",
  },
  "splitter-worker": { "splitter worker": "splitter-worker" },
};

interface Step {
  readonly op: string;
  readonly urn: string;
}

interface Deployed {
  readonly code: string;
  readonly memory: number;
}

describe("a stack of all scenarios that is changed and deployed again", () => {
  let checkout: Checkout;
  /** What a preview would do, such as `update splitter worker`; the stack's own outputs are left out. */
  const planned = async (): Promise<string[]> => {
    const preview = await checkout.ok("pulumi preview --json --non-interactive --stack dev");
    const { steps } = JSON.parse(preview) as { steps: Step[] };
    const changes = steps.filter(({ op, urn }) => op !== "same" && !urn.includes("pulumi:pulumi:Stack"));
    return changes
      .map(({ op, urn }) => {
        const scenario = /lambench:scenario:([\w-]+)/.exec(urn)?.[1] ?? "";
        return `${op} ${scenario} ${urn.split("::").at(-1) ?? ""}`;
      })
      .sort();
  };
  const functions = async (): Promise<ReadonlyMap<string, Deployed>> => {
    const found = new Map<string, Deployed>();
    const client = new LambdaClient(await clientConfig(checkout));
    for await (const { Functions = [] } of paginateListFunctions({ client }, {})) {
      for (const { FunctionName = "", CodeSha256 = "", MemorySize = 0 } of Functions)
        found.set(FunctionName.replace(/^lambench-dev-/, ""), { code: CodeSha256, memory: MemorySize });
    }
    return found;
  };
  const unchanged = (): Promise<string> =>
    checkout.ok("pulumi preview --expect-no-changes --non-interactive --stack dev");

  beforeAll(async () => {
    checkout = new Checkout();
    checkout.copyArtefacts();
    await checkout.ok("lambench local start");
    await checkout.ok("pulumi stack select --create dev --non-interactive");
    await checkout.ok(UP);
  });
  afterAll(async () => {
    await checkout.remove();
  });

  it("gets the programs that were built again, and no others", async () => {
    const before = await functions();
    for (const program of Object.keys(PROGRAMS)) {
      // A byte behind the end of a program changes its hash, and nothing of what it does.
      fs.appendFileSync(path.join(checkout.artefact(program), "bootstrap"), "\0");
    }
    const expected = Object.assign({}, ...Object.values(PROGRAMS)) as Record<string, string>;
    expect(await planned()).toEqual(
      [...Object.keys(expected).map((name) => `update ${name}`), "replace aurora migrate"].sort(),
    );
    await checkout.ok(UP);
    await unchanged();
    const after = await functions();
    const changed = [...after.keys()].filter((name) => after.get(name)?.code !== before.get(name)?.code);
    expect(changed.sort()).toEqual(Object.values(expected).sort());
  });

  it("gets a changed setting in all functions that have it", async () => {
    const before = await functions();
    await checkout.ok("pulumi config set --path splitter.memory 256 --stack dev");
    expect(await planned()).toEqual(["update splitter worker"]);
    await checkout.ok(UP);
    await unchanged();
    const after = await functions();
    const changed = [...after.keys()].filter((name) => after.get(name)?.memory !== before.get(name)?.memory);
    expect(changed).toEqual(["splitter-worker"]);
  });

  it("still works", async () => {
    for (const run of [
      "splitter --items 5",
      "s3-read --variant sdk",
      "aurora --driver sqlx --action SELECT --from 1 --to 1 --seconds 1",
      "pipeline --rate 10 --duration 2s",
    ])
      await checkout.ok(`lambench run ${run} --progress none --stack dev`);
  });

  it("gets a migration that was added, and keeps the rows that are there", async () => {
    const output = await checkout.ok("pulumi stack output environment --json --stack dev");
    const { pipeline } = JSON.parse(output) as { pipeline: { cluster: { database: string } } };
    const database = await Database.of(checkout, pipeline.cluster.database);
    const rows = await database.number("SELECT count(*) FROM messages");
    expect(rows).toBeGreaterThan(0);

    const list = "functions/pipeline/src/migrate.rs";
    const migrations = fs.readFileSync(path.join(checkout.root, list), "utf8");
    const last = /"(\d+)_\w+", \}$/m;
    const added = `${String(Number(last.exec(migrations)?.[1]) + 1).padStart(4, "0")}_note`;
    checkout.write(
      list,
      migrations.replace(last, (found) => found.replace("}", `"${added}", }`)),
    );
    checkout.write(`sql/pipeline/migrations/${added}.sql`, "ALTER TABLE messages ADD COLUMN note text;\n");
    const built = await rebuild(checkout, "migration", ["pipeline-migrate"]);
    fs.copyFileSync(
      path.join(built, "pipeline-migrate"),
      path.join(checkout.artefact("pipeline-migrate"), "bootstrap"),
    );

    expect(await planned()).toEqual(["replace pipeline migrate", "update pipeline migrate"]);
    await checkout.ok(UP);
    await unchanged();
    expect(await database.number("SELECT count(*) FROM messages WHERE note IS NULL")).toBe(rows);
    await checkout.ok("lambench run pipeline --rate 10 --duration 2s --progress none --stack dev");
  });
});
