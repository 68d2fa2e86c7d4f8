import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { contenderCode, type Defaults, findContenders } from "./contenders";

const defaults: Defaults = { architecture: "arm64", memory: 512, timeout: 900 };

describe("findContenders", () => {
  let folder: string;
  const put = (file: string, text = ""): void => {
    const whole = path.join(folder, file);
    fs.mkdirSync(path.dirname(whole), { recursive: true });
    fs.writeFileSync(whole, text);
  };

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "contenders-"));
  });
  afterEach(() => {
    fs.rmSync(folder, { recursive: true });
  });

  it("finds a folder without any other edit, with its language's runtime and the stack's memory", () => {
    put("python/other/index.py");
    put("go/quick/build.sh");
    expect(findContenders(folder, defaults)).toMatchObject([
      { lang: "go", id: "quick", runtime: "provided.al2023", handler: "bootstrap", memory: 512 },
      { lang: "python", id: "other", runtime: "python3.13", handler: "index.handler", timeout: 900 },
    ]);
  });

  it("lets contender.yaml set what the contest leaves to the contender", () => {
    put("python/big/contender.yaml", "memory: 2048\nephemeralStorage: 10240\narchitecture: x86_64\n");
    expect(findContenders(folder, defaults)).toMatchObject([
      { memory: 2048, ephemeralStorage: 10240, architecture: "x86_64", timeout: 900 },
    ]);
  });

  it.each([
    ["memroy: 1024\n", "has an unknown key 'memroy': known are runtime"],
    ["memory: 64\n", "memory is 64, but must be 128 to 10240 (MB)"],
    ["architecture: arm\n", 'architecture is "arm", but must be arm64 or x86_64'],
    ["\n", "must hold keys and values"],
  ])("refuses the contender.yaml %j by file and key", (yaml, message) => {
    put("python/wrong/contender.yaml", yaml);
    expect(() => findContenders(folder, defaults)).toThrow(message);
  });

  it("says how to get a contender if there is none", () => {
    fs.mkdirSync(path.join(folder, "python"));
    expect(() => findContenders(folder, defaults)).toThrow(
      /there is no contender: put one into .*<lang>\/<id>/,
    );
  });

  it("names the build command of a contender that has to be built", () => {
    put("python/wheels/index.py");
    put("python/wheels/requirements.txt");
    put("rust/missing-crate/Cargo.toml");
    const [python, rust] = findContenders(folder, defaults);
    if (!python || !rust) throw new Error("both must be found");
    expect(() => contenderCode(python)).toThrow(/python\/wheels is not built .*: make build/);
    expect(() => contenderCode(rust)).toThrow(/'missing-crate' is not built .*: make build ARCH=arm64/);
  });
});
