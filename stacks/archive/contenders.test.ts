import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { contenderCode } from "./contender-code";
import { type Contender, type Defaults, findContenders } from "./contenders";

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
    expect(findContenders(folder, defaults).contenders).toMatchObject([
      { lang: "go", id: "quick", runtime: "provided.al2023", handler: "bootstrap", memory: 512 },
      { lang: "python", id: "other", runtime: "python3.13", handler: "index.handler", timeout: 900 },
    ]);
  });

  it("lets contender.yaml set what the contest leaves to the contender", () => {
    put("python/big/index.py");
    put("python/big/contender.yaml", "memory: 2048\nephemeralStorage: 10240\narchitecture: x86_64\n");
    expect(findContenders(folder, defaults).contenders).toMatchObject([
      { memory: 2048, ephemeralStorage: 10240, architecture: "x86_64", timeout: 900 },
    ]);
  });

  it("lets contender.yaml set variables, and say that the contender invokes itself", () => {
    put("python/own/index.py");
    put("python/own/contender.yaml", 'environment:\n  LEVEL: "1"\n  PATH: /opt/bin\ninvokesItself: true\n');
    put("python/plain/index.py");
    expect(findContenders(folder, defaults).contenders).toMatchObject([
      { environment: { LEVEL: "1", PATH: "/opt/bin" }, invokesItself: true },
      { environment: {}, invokesItself: false },
    ]);
  });

  it("takes as many bytes of variables as Lambda does, less what --cold-only needs", () => {
    const sized = (bytes: number): string =>
      `environment:\n  LEVEL: ${"x".repeat(bytes - '{"LEVEL":""}'.length)}\n`;
    put("python/most/index.py");
    put("python/most/contender.yaml", sized(3991));
    put("python/over/index.py");
    put("python/over/contender.yaml", sized(3992));
    expect(findContenders(folder, defaults)).toMatchObject({
      contenders: [{ id: "most" }],
      leftOut: [
        {
          reason: expect.stringMatching(
            /environment has 3992 bytes as JSON, but must have at most 3991: Lambda takes 4096, and --cold-only needs the rest$/,
          ) as string,
        },
      ],
    });
  });

  it.each([
    ["memroy: 1024\n", "has an unknown key 'memroy' (known: runtime"],
    ["memory: 64\n", "memory is 64, but must be 128 to 10240 (MB)"],
    ["architecture: arm\n", 'architecture is "arm", but must be arm64 or x86_64'],
    ["invokesItself: 1\n", "invokesItself is 1, but must be true or false"],
    ["environment: 1\n", "environment is 1, but must be names and values"],
    ["environment: { LEVEL: 1 }\n", 'environment: LEVEL is 1, but must be a string: LEVEL: "1"'],
    ["environment: { 1A: x }\n", 'environment: "1A" cannot be a variable\'s name: at least two letters'],
    ["environment: { A: x }\n", 'environment: "A" cannot be a variable\'s name'],
    ["environment: { AWS_REGION: x }\n", "environment: Lambda sets AWS_REGION itself: remove it"],
    ["environment: { _HANDLER: x }\n", "environment: Lambda sets _HANDLER itself: remove it"],
    ["environment: { LAMBENCH_COLD_START: x }\n", "environment: lambench sets LAMBENCH_COLD_START itself"],
    ["environment: { AWS_ENDPOINT_URL_S3: x }\n", "environment: lambench sets AWS_ENDPOINT_URL_S3 itself"],
    ["toString: 1\n", "has an unknown key 'toString'"],
    ["\n", "must hold keys and values"],
    ["- memory\n", "must hold keys and values"],
    ["memory: [1024\n", "python/wrong/contender.yaml cannot be read: Flow sequence"],
  ])(
    "leaves a contender with the contender.yaml %j out, by file and key, and no other one",
    (yaml, message) => {
      put("python/right/index.py");
      put("python/wrong/index.py");
      put("python/wrong/contender.yaml", yaml);
      const { contenders, leftOut } = findContenders(folder, defaults);
      expect(contenders).toMatchObject([{ id: "right" }]);
      expect(leftOut).toEqual([
        { contender: "python/wrong", reason: expect.stringContaining(message) as string },
      ]);
    },
  );

  it("says what is wrong if every contender is left out", () => {
    put("python/wrong/index.py");
    put("python/wrong/contender.yaml", "memroy: 1024\n");
    expect(() => findContenders(folder, defaults)).toThrow(
      /every contender is left out: .*has an unknown key 'memroy'/,
    );
  });

  it.each([["contender.yaml"], ["__pycache__/index.pyc"], ["lib/__pycache__/index.pyc"]])(
    "refuses a contender that has nothing but %s, by its name",
    (file) => {
      put("python/right/index.py");
      put(`python/empty/${file}`);
      expect(() => findContenders(folder, defaults)).toThrow(
        /the contender python\/empty has no files: put its program into .*python\/empty\/ .*or remove the folder/,
      );
    },
  );

  it("says how to get a contender if there is none", () => {
    fs.mkdirSync(path.join(folder, "python"));
    expect(() => findContenders(folder, defaults)).toThrow(
      /there is no contender: put one into .*<lang>\/<id>/,
    );
  });

  describe("with symbolic links", () => {
    const link = (file: string, target: string): void => {
      fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
      fs.symlinkSync(target, path.join(folder, file));
    };
    const find = (): readonly Contender[] =>
      findContenders(path.join(folder, "contenders"), defaults, folder).contenders;
    const names = async (): Promise<string[]> => {
      const [contender] = find();
      if (!contender) throw new Error("it must be found");
      const code = contenderCode(contender, folder);
      if (!("assets" in code)) throw new Error("it must be files");
      return Object.keys(await (code.assets as Promise<object>)).sort();
    };

    it("deploys what links inside the checkout lead to, files and folders", async () => {
      put("shared/lib/deep/help.py");
      put("shared/one.py");
      put("contenders/python/linked/index.py");
      link("contenders/python/linked/lib", "../../../shared/lib");
      link("contenders/python/linked/one.py", path.join(folder, "shared/one.py"));
      put("contenders/python/linked/__pycache__/index.pyc");
      expect(await names()).toEqual(["index.py", "lib/deep/help.py", "one.py"]);
    });

    it("finds a contender whose folder is a link", async () => {
      put("elsewhere/mine/index.py");
      link("contenders/python/mine", "../../elsewhere/mine");
      expect(find()).toMatchObject([{ lang: "python", id: "mine" }]);
      expect(await names()).toEqual(["index.py"]);
    });

    it.each([
      [
        "lib",
        "/usr/lib",
        /the link .*contenders\/python\/bad\/lib leads out of the checkout, to \/usr\/lib.*: put a copy/,
      ],
      ["lib", "nowhere", /the link .*python\/bad\/lib leads to nowhere, which is not there/],
      ["lib", ".", /the link .*python\/bad\/lib leads back to .*python\/bad: remove it/],
    ])("refuses the link %s to %s by its name", async (name, target, message) => {
      put("contenders/python/bad/index.py");
      link(`contenders/python/bad/${name}`, target);
      await expect(names()).rejects.toThrow(message);
    });

    it("refuses a contender's folder that is a link out of the checkout", () => {
      link("contenders/python/bad", os.tmpdir());
      expect(find).toThrow(/the link .*contenders\/python\/bad leads out of the checkout/);
    });
  });

  it("names the build command of a contender that has to be built", () => {
    put("python/wheels/index.py");
    put("python/wheels/requirements.txt");
    put("rust/missing-crate/Cargo.toml");
    const [python, rust] = findContenders(folder, defaults).contenders;
    if (!python || !rust) throw new Error("both must be found");
    expect(() => contenderCode(python)).toThrow(/python\/wheels is not built .*: make build/);
    expect(() => contenderCode(rust)).toThrow(/'missing-crate' is not built .*: make build ARCH=arm64/);
  });
});
