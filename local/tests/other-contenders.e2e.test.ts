import * as fs from "node:fs";
import * as path from "node:path";

import { LambdaClient, paginateListFunctions } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { until } from "./checkout";
import { clientConfig } from "./clients";
import { ContenderChecks } from "./contender-checks";

/** Contenders that do something wrong, each what its name says; see faulty/index.py. */
const FAULTY = ["duplicate", "mismatch", "missing", "nested", "noarchive", "truncated"];
/** Those that boto3's pauses between attempts make long. */
const LONG = [
  "contest",
  "huge",
  "many",
  "many-65535",
  "many-65536",
  "no-checksum",
  "one-large",
  "small",
  "tiny",
];

describe("lambench check contender, with the commands a user types", () => {
  let checks: ContenderChecks;
  beforeAll(async () => {
    checks = new ContenderChecks();
    const index = fs.readFileSync(path.join(__dirname, "faulty", "index.py"));
    for (const fault of FAULTY) checks.checkout.write(`contenders/python/${fault}/index.py`, index);
    await checks.checkout.ok("lambench init contender python/mine");
    await checks.deploy();
  });
  afterAll(async () => {
    await checks.checkout.remove();
  });

  it("finds no wrong archive of the baseline", async () => {
    const some = (await checks.inputs()).filter((input) => !LONG.includes(input));
    const checked = await checks.check(
      `contenders/python/naive ${some.map((input) => `--input ${input}`).join(" ")}`,
    );
    expect(checked.filter(({ verdict }) => verdict === "invalid")).toEqual([]);
    // It cannot clean up when Lambda ends it.
    const left = checked.filter((one) => one.left.length > 0).map(({ input }) => input);
    expect(left.filter((input) => input !== "time-out")).toEqual([]);
  });

  it("finds a contender that lambench init has made right", async () => {
    const checked = await checks.check("contenders/python/mine --input five-mib --input folders");
    expect(checked.filter(({ verdict }) => verdict === "invalid")).toEqual([]);
    expect(checked.some(({ verdict }) => verdict === "valid")).toBe(true);
  });

  it("finds contenders/rust/sdk-stream right, or refusing what its library cannot write", async () => {
    const inputs = ["contest", "folders", "huge", "odd-names", "one-large", "overwritten", "some-empty"];
    const checked = await checks.check(
      `contenders/rust/sdk-stream ${inputs.map((input) => `--input ${input}`).join(" ")}`,
    );
    const refused = checked.filter(({ verdict }) => verdict !== "valid");
    const verdicts = new Set(refused.map(({ input, verdict }) => `${input}: ${verdict}`));
    expect(verdicts).toContain("huge: refused");
    // An object that is overwritten after it has been read is in the archive as it was listed, which is right.
    expect(new Set(["huge: refused", "overwritten: refused", ...verdicts]).size).toBe(2);
    expect(checked.filter(({ left }) => left.length > 0)).toEqual([]);
  });

  it("finds what is wrong with others, explains it, and fails", async () => {
    const folders = FAULTY.map((fault) => `contenders/python/${fault}`).join(" ");
    const ended = await checks.checkout.run(
      `lambench check contender ${folders} --input five-mib --stack dev --progress none`,
    );
    expect(ended.code, ended.stderr).toBe(1);
    for (const why of [
      /unknown or duplicate object in archive/,
      /content hash mismatch/,
      /archive missing 1 expected object/,
      /nested path 'files\//,
      /it reports success, but there is no archive at/,
      /archive unreadable/,
      /rerun: lambench check contender contenders\/python\/missing --input five-mib/,
    ]) {
      expect(ended.stdout).toMatch(why);
    }
  });

  it("removes its copies and its S3 when it is stopped, and what a killed check left when it is run again", async () => {
    const client = new LambdaClient(await clientConfig(checks.checkout));
    const copies = async (): Promise<(string | undefined)[]> => {
      const names: (string | undefined)[] = [];
      for await (const { Functions = [] } of paginateListFunctions({ client }, {})) {
        names.push(...Functions.map(({ FunctionName }) => FunctionName));
      }
      return names.filter((name) => name?.startsWith("lambench-check-"));
    };
    for (const [signal, code] of [
      ["SIGINT", 130],
      ["SIGKILL", null],
    ] as const) {
      const running = checks.checkout.start("lambench check contender contenders/python/naive --stack dev");
      // Its S3 model outlives it where it is killed, and has its output open.
      const ended = new Promise<number | null>((resolve) => running.on("exit", resolve));
      await until("the check has made a copy", 60, async () => (await copies()).length > 0);
      running.kill(signal);
      expect(await ended).toBe(code);
      if (signal === "SIGKILL") await checks.check("contenders/rust/stream --input one");
      expect(await copies()).toEqual([]);
      expect(fs.existsSync(path.join(checks.checkout.root, ".lambench", "ephemeral-s3"))).toBe(false);
    }
  });
});
