import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { ROOT } from "../../infra/artefact";

describe("contenders/build.sh", () => {
  let checkout: string;
  const write = (file: string, content: string, mode?: number): void => {
    const target = path.join(checkout, file);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.writeFileSync(target, content, { mode });
  };
  beforeEach(() => {
    checkout = fs.mkdtempSync(path.join(os.tmpdir(), "lambench-build-"));
    fs.mkdirSync(path.join(checkout, "contenders"));
    fs.copyFileSync(`${ROOT}/contenders/build.sh`, path.join(checkout, "contenders/build.sh"));
    // Says what pip would be asked for.
    write("bin/python3", '#!/bin/sh\necho "$@"\n', 0o755);
  });
  afterEach(() => {
    fs.rmSync(checkout, { recursive: true });
  });

  /** What pip is asked for, of a contender with this `contender.yaml`. */
  const asked = (target: "aws" | "local", yaml?: string): string => {
    write("contenders/python/one/requirements.txt", "orjson\n");
    if (yaml !== undefined) write("contenders/python/one/contender.yaml", yaml);
    const env = { ...process.env, PATH: `${checkout}/bin:${process.env.PATH ?? ""}` };
    return execFileSync("bash", ["contenders/build.sh", target, "arm64", "out"], {
      cwd: checkout,
      env,
      encoding: "utf8",
    });
  };

  it("asks for wheels of the runtime and the architecture that contender.yaml names", () => {
    const pip = asked("aws", 'architecture: x86_64\nruntime: "python3.12" # as on the old machine\n');
    expect(pip).toContain("--python-version 3.12 ");
    expect(pip.match(/--platform (\S+)/g)).toEqual(
      ["2_17", "2_26", "2_27", "2_28", "2_34"]
        .map((glibc) => `--platform manylinux_${glibc}_x86_64`)
        .concat("--platform manylinux2014_x86_64"),
    );
  });

  it("asks for none that need a newer glibc than the runtime's Amazon Linux has", () => {
    const pip = asked("aws", "runtime: python3.11\n");
    expect(pip).toContain("--python-version 3.11 ");
    expect(pip).toContain("--platform manylinux_2_26_aarch64");
    expect(pip).not.toContain("2_28");
  });

  it("asks for those of the default runtime, and locally for this machine's own", () => {
    expect(asked("aws")).toContain("--python-version 3.13 --implementation cp --only-binary=:all:");
    expect(asked("local")).not.toContain("--platform");
  });

  it("tells a contender's own build for which architecture it is", () => {
    write("contenders/go/two/build.sh", 'echo "for $ARCH" && touch bootstrap\n');
    write("contenders/go/two/contender.yaml", "architecture: x86_64\n");
    write("contenders/go/three/build.sh", 'echo "for $ARCH" && touch bootstrap\n');
    expect(asked("local").split("\n").slice(0, 4)).toEqual(["go/three", "for arm64", "go/two", "for x86_64"]);
  });
});
