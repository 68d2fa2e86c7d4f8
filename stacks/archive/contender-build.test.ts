import { execFileSync, spawnSync } from "node:child_process";
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

  describe("where something is wrong", () => {
    /** What is built of all contenders, how that ended and what was printed of errors. */
    const build = (): { status: number | null; errors: string[]; built: string[] } => {
      const { status, stderr } = spawnSync("bash", ["contenders/build.sh", "local", "arm64", "out"], {
        cwd: checkout,
        encoding: "utf8",
      });
      const errors = stderr.split("\n").filter((line) => line.startsWith("error: "));
      return { status, errors, built: fs.readdirSync(path.join(checkout, "out")).sort() };
    };
    const link = (file: string, target: string): void => {
      fs.mkdirSync(path.dirname(path.join(checkout, file)), { recursive: true });
      fs.symlinkSync(target, path.join(checkout, file));
    };

    it("names a contender whose build fails, says what to do, and builds the others", () => {
      write("contenders/c/bad/Makefile", "build:\n\tfalse\n");
      write("contenders/c/good/Makefile", "build:\n\ttouch bootstrap\n");
      expect(build()).toEqual({
        status: 1,
        errors: [
          "error: contenders/c/bad: its build (make build) failed, see above: mend it, or remove the folder",
          "error: not built: c/bad",
        ],
        built: ["c-good"],
      });
    });

    it.each([
      [
        "c/none/Makefile",
        "build:\n\ttouch program\n",
        "its build (make build) left no file 'bootstrap': have it make one, or set another runtime in contenders/c/none/contender.yaml",
      ],
      [
        "go/none/build.sh",
        "mkdir dist\ntouch bootstrap\n",
        "its build (build.sh) left no file 'dist/bootstrap': have it make one, or set another runtime in contenders/go/none/contender.yaml",
      ],
      [
        "node/none/package.json",
        '{ "scripts": { "build": "true" } }',
        "the script 'build' of its package.json left no folder 'dist': have it put the function's code there",
      ],
    ])("says of %s what it should have left", (file, content, message) => {
      write(`contenders/${file}`, content);
      const name = path.dirname(file);
      expect(build()).toEqual({
        status: 1,
        errors: [`error: contenders/${name}: ${message}`, `error: not built: ${name}`],
        built: [],
      });
    });

    it("follows links inside the checkout, and refuses all others by their names", () => {
      write("shared/deep/part.c", "");
      link("contenders/c/good/shared", "../../../shared");
      write("contenders/c/good/Makefile", "build:\n\tcp shared/deep/part.c bootstrap\n");
      write("contenders/c/out/build.sh", "touch bootstrap\n");
      link("contenders/c/out/passwd", "/etc/passwd");
      write("contenders/c/lost/build.sh", "touch bootstrap\n");
      link("contenders/c/lost/gone", "nowhere");
      expect(build()).toEqual({
        status: 1,
        errors: [
          "error: the link contenders/c/lost/gone leads to nowhere, which is not there: remove it",
          "error: the link contenders/c/out/passwd leads out of the checkout, to /etc/passwd: put a copy in its place",
          "error: not built: c/lost c/out",
        ],
        built: ["c-good"],
      });
      expect(fs.lstatSync(path.join(checkout, "out/c-good/shared")).isSymbolicLink()).toBe(false);
    });
  });
});
