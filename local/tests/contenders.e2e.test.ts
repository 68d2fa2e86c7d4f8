import * as fs from "node:fs";
import * as path from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { Checkout, until } from "./checkout";

/** What `lambench check contender --json` says of a case. */
interface Checked {
  readonly contender: string;
  readonly input: string;
  readonly faults: string;
  readonly verdict: "valid" | "refused" | "invalid";
  readonly why?: string;
  readonly left: readonly { readonly key: string; readonly is_upload: boolean }[];
}

/** Contenders that do something wrong, each what its name says; see faulty/index.py. */
const FAULTY = ["duplicate", "mismatch", "missing", "nested", "noarchive", "truncated"];
const OURS = ["contenders/rust/copy-plan", "contenders/rust/stream"];
/** What no contender can make an archive of; ours say so. */
const IMPOSSIBLE: Readonly<Record<string, RegExp>> = {
  "same-name": /have the same base name.*: rename one/,
  overwritten: /a source object changed while the archive was made .*: run it again/,
  deleted: /a source object was deleted while the archive was made .*: run it again/,
  "time-out": /the archive was not finished in .*: raise the function's timeout or memory/,
};
/** Those that boto3's pauses between attempts make long. */
const LONG = ["contest", "huge", "many", "no-checksum", "one-large", "small", "tiny"];

describe("lambench check contender, with the commands a user types", () => {
  let checkout: Checkout;
  const check = async (options: string): Promise<Checked[]> => {
    const ended = await checkout.run(
      `lambench check contender ${options} --stack dev --json --progress none`,
    );
    expect(ended.stdout, ended.stderr).not.toBe("");
    return JSON.parse(ended.stdout) as Checked[];
  };
  const inputs = async (): Promise<string[]> => {
    const help = await checkout.ok("lambench check contender --help");
    return [...help.matchAll(/^ +- ([a-z-]+): +[A-Z0-9]/gm)]
      .map(([, name]) => name ?? "")
      .filter((name) => !["auto", "bar", "counter", "none"].includes(name));
  };

  beforeAll(async () => {
    checkout = new Checkout();
    const index = fs.readFileSync(path.join(__dirname, "faulty", "index.py"));
    for (const fault of FAULTY) checkout.write(`contenders/python/${fault}/index.py`, index);
    await checkout.ok("lambench local start");
    checkout.write(
      "Pulumi.dev.yaml",
      'config:\n  lambench:scenarios: [archive]\n  lambench:objectCount: "1"\n',
    );
    await checkout.ok("pulumi stack init dev --non-interactive");
    await checkout.ok("pulumi up --yes --skip-preview --non-interactive --stack dev");
  });
  afterAll(async () => {
    await checkout.remove();
  });

  it("finds ours right or clearly refusing with every input and fault, and nothing left behind", async () => {
    const checked = await check(OURS.join(" "));
    const all = await inputs();
    expect(new Set(checked.map(({ input }) => input))).toEqual(new Set(all));
    expect(all.length).toBeGreaterThanOrEqual(19);
    const isAsItShould = ({ input, verdict, why, left }: Checked): boolean => {
      const impossible = IMPOSSIBLE[input];
      const isRight = impossible === undefined ? verdict === "valid" : impossible.test(why ?? "");
      return isRight && verdict !== "invalid" && left.length === 0;
    };
    expect(checked.filter((one) => !isAsItShould(one))).toEqual([]);
  });

  it("finds no wrong archive of the baseline", async () => {
    const some = (await inputs()).filter((input) => !LONG.includes(input)).map((input) => `--input ${input}`);
    const checked = await check(`contenders/python/naive ${some.join(" ")}`);
    expect(checked.filter(({ verdict }) => verdict === "invalid")).toEqual([]);
    // It can't clean up when Lambda ends it.
    const left = checked.filter((one) => one.left.length > 0).map(({ input }) => input);
    expect(left.filter((input) => input !== "time-out")).toEqual([]);
  });

  it("finds what is wrong with others, explains it, and fails", async () => {
    const folders = FAULTY.map((fault) => `contenders/python/${fault}`).join(" ");
    const ended = await checkout.run(
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
      /again: lambench check contender contenders\/python\/missing --input five-mib/,
    ]) {
      expect(ended.stdout).toMatch(why);
    }
  });

  it("removes its copies and its S3 when it is stopped, and what a killed check left when it is run again", async () => {
    const copies = async (): Promise<string> =>
      await checkout.ok(
        "aws lambda list-functions --query 'Functions[?starts_with(FunctionName, `lambench-check-`)].FunctionName' --output text",
      );
    for (const [signal, code] of [
      ["SIGINT", 130],
      ["SIGKILL", null],
    ] as const) {
      const running = checkout.start("lambench check contender contenders/python/naive --stack dev");
      const ended = new Promise<number | null>((resolve) => running.on("exit", resolve));
      await until("the check has made a copy", 60, async () => (await copies()).trim() !== "");
      running.kill(signal);
      expect(await ended).toBe(code);
      if (signal === "SIGKILL") await check("contenders/rust/stream --input one");
      expect((await copies()).trim()).toBe("");
      expect(fs.existsSync(path.join(checkout.root, ".lambench", "spare-s3"))).toBe(false);
    }
  });
});
