import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type Checked, ContenderChecks } from "./contender-checks";

/** What no contender can make an archive of; ours say so. */
const IMPOSSIBLE: Readonly<Record<string, RegExp>> = {
  "same-name": /have the same base name.*: rename one/,
  "windows-path": /an entry with a name that no file can have .*: rename it/,
  backslash: /an entry with a name that no file can have .*: rename it/,
  "control-characters": /an entry with a name that no file can have .*: rename it/,
  "folder-content": /an entry with a name that no file can have .*: rename it/,
  overwritten: /a source object changed while the archive was made .*: run it again/,
  deleted: /a source object was deleted while the archive was made .*: run it again/,
  "time-out": /the archive was not finished in .*: raise the function's timeout or memory/,
};

/** Ours, checked in one go: the inputs, one of 5 GiB and one of 65,537 objects among them, are made once for all. */
const CONTENDERS = ["copy-plan", "fan-out", "stream"];

/** On both sides of what ZIP64 is for. All of ours lay archives out with `zip-planner`, so one of them shows it. */
const BOUNDARIES = ["many-65535", "many-65536"];
const AT_BOUNDARIES = "stream";

describe("lambench check contender, of ours", () => {
  let checks: ContenderChecks;
  let all: Checked[];
  beforeAll(async () => {
    checks = new ContenderChecks();
    // Fifty for the input of 5 GiB, several cases at a time, would be more than the machine carries.
    const settings = 'environment: { WORKERS: "3" }\ninvokesItself: true\n';
    checks.checkout.write("contenders/rust/fan-out/contender.yaml", settings);
    await checks.deploy();
    const others = (await checks.inputs()).filter((input) => !BOUNDARIES.includes(input));
    const check = (contenders: readonly string[], inputs: readonly string[]): Promise<Checked[]> =>
      checks.check(
        [
          ...contenders.map((name) => `contenders/rust/${name}`),
          ...inputs.map((input) => `--input ${input}`),
        ].join(" "),
      );
    all = [...(await check(CONTENDERS, others)), ...(await check([AT_BOUNDARIES], BOUNDARIES))];
  }, 1_200_000);
  afterAll(async () => {
    await checks.checkout.remove();
  });

  it.each(CONTENDERS)(
    "finds contenders/rust/%s right or clearly refusing with every input and fault, and nothing left behind",
    async (contender) => {
      const checked = all.filter((one) => one.contender === `rust-${contender}`);
      const isChecked = (input: string): boolean =>
        contender === AT_BOUNDARIES || !BOUNDARIES.includes(input);
      const inputs = (await checks.inputs()).filter(isChecked);
      expect(new Set(checked.map(({ input }) => input))).toEqual(new Set(inputs));
      expect(inputs.length).toBeGreaterThanOrEqual(27);
      const isAsItShould = ({ input, verdict, why, left }: Checked): boolean => {
        const impossible = IMPOSSIBLE[input];
        const isRight =
          impossible === undefined
            ? verdict === "valid"
            : verdict === "refused" && impossible.test(why ?? "");
        return isRight && left.length === 0;
      };
      expect(checked.filter((one) => !isAsItShould(one))).toEqual([]);
    },
  );
});
