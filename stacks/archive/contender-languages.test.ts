import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";

import { unzipSync } from "fflate";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { ROOT } from "../../infra/artefact";
import type { Architecture } from "../../infra/target";
import { contenderCode } from "./contender-code";
import { type Contender, findContenders } from "./contenders";

const HOST: Architecture = process.arch === "arm64" ? "arm64" : "x86_64";
const OTHER: Architecture = HOST === "arm64" ? "x86_64" : "arm64";

/** A program for a machine: an ELF header (ELF specification, `e_machine`), as printf writes it. */
const ELF: Readonly<Record<Architecture, string>> = {
  x86_64: "\\177ELF--------------\\076\\000",
  arm64: "\\177ELF--------------\\267\\000",
};

describe("a contender in a language that the stack does not know", () => {
  let checkout: string;
  const write = (file: string, content: string, mode?: number): void => {
    const target = path.join(checkout, file);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.writeFileSync(target, content, { mode });
  };
  /** A program of the machine. */
  const tool = (name: string, script: string): void => {
    write(`bin/${name}`, `#!/bin/sh\n${script}\n`, 0o755);
  };
  const fixture = (language: string): void => {
    fs.cpSync(
      path.join(__dirname, "fixtures", language),
      path.join(checkout, "contenders", language, "mine"),
      {
        recursive: true,
      },
    );
  };
  beforeEach(() => {
    checkout = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "lambench-languages-")));
    fs.mkdirSync(path.join(checkout, "contenders"));
    fs.copyFileSync(`${ROOT}/contenders/build.sh`, path.join(checkout, "contenders/build.sh"));
    vi.stubEnv("CARGO_TARGET_DIR", path.join(checkout, "target"));
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    fs.rmSync(checkout, { recursive: true });
  });

  /** What `make build` does for contenders, and what it printed. */
  const build = async (architecture = HOST): Promise<{ code: number; said: string }> => {
    const env = { ...process.env, PATH: `${checkout}/bin:${process.env.PATH ?? ""}` };
    const arguments_ = [
      "contenders/build.sh",
      "local",
      architecture,
      path.join(checkout, "target/contenders"),
    ];
    return await new Promise((resolve) => {
      execFile("bash", arguments_, { cwd: checkout, env }, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
        resolve({ code, said: stdout + stderr });
      });
    });
  };
  const found = (architecture = HOST): Contender => {
    const defaults = { architecture, memory: 512, timeout: 900 };
    const [contender] = findContenders(path.join(checkout, "contenders"), defaults, checkout).contenders;
    if (!contender) throw new Error("it must be found");
    return contender;
  };
  /** The names of the function's files, and where the ZIP is, if it brings its own runtime. */
  const code = async (architecture = HOST): Promise<{ names: string[]; zip?: string }> => {
    const archive = contenderCode(found(architecture), checkout);
    if ("assets" in archive) return { names: Object.keys(await (archive.assets as Promise<object>)).sort() };
    const zip = await (archive as unknown as { path: Promise<string> }).path;
    return { names: Object.keys(unzipSync(fs.readFileSync(zip))).sort(), zip };
  };

  it.each([
    ["c", ["Makefile", "bootstrap", "main.c"]],
    ["go", ["bootstrap"]],
  ])(
    "is built and started where it is written in %s: it takes an event and answers",
    async (language, files) => {
      fixture(language);
      expect(await build()).toMatchObject({ code: 0 });
      expect(found()).toMatchObject({ runtime: "provided.al2023", handler: "bootstrap" });
      const { names, zip = "" } = await code();
      expect(names).toEqual(files);
      const program = path.join(checkout, "bootstrap");
      fs.writeFileSync(program, unzipSync(fs.readFileSync(zip)).bootstrap ?? "", { mode: 0o755 });
      const event = { archive_key: "archives/a.zip" };
      expect(JSON.parse(await answer(program, JSON.stringify(event)))).toEqual(event);
    },
    180_000,
  );

  it("is built for the architecture that it asks for, where its compiler can do that", async () => {
    fixture("go");
    write("contenders/go/mine/contender.yaml", `architecture: ${OTHER}\n`);
    expect(await build()).toMatchObject({ code: 0 });
    expect((await code()).names).toEqual(["bootstrap"]);
  }, 180_000);

  it("is refused where its compiler builds for another architecture, with what to do", async () => {
    fixture("c");
    write("contenders/c/mine/contender.yaml", `architecture: ${OTHER}\n`);
    expect(await build()).toMatchObject({ code: 0 });
    await expect(code()).rejects.toThrow(
      `the bootstrap of the contender c/mine is built for ${HOST}, but the contender's architecture is ${OTHER}: build it with: ` +
        `make build ARCH=${OTHER} (its build step has to follow the variable ARCH)`,
    );
  });

  it("may be written in Zig, which builds for any architecture", async () => {
    tool(
      "zig",
      `case $4 in aarch64-linux) printf '${ELF.arm64}' ;; x86_64-linux) printf '${ELF.x86_64}' ;; esac > bootstrap`,
    );
    write("contenders/zig/mine/main.zig", "");
    write(
      "contenders/zig/mine/Makefile",
      'build:\n\tzig build-exe main.zig -target "$${ARCH/arm64/aarch64}-linux" -femit-bin=bootstrap\n\nSHELL := /bin/bash\n',
    );
    for (const architecture of ["arm64", "x86_64"] as const) {
      expect(await build(architecture)).toEqual({
        code: 0,
        said: expect.stringContaining("zig/mine") as string,
      });
      expect((await code(architecture)).names).toEqual(["Makefile", "bootstrap", "main.zig"]);
    }
  });

  it("may be written in Java, with a runtime of Lambda's and what the build leaves in dist/", async () => {
    tool("javac", 'touch "$2/Mine.class"');
    write("contenders/java/mine/Mine.java", "");
    write("contenders/java/mine/lib/sdk.jar", "");
    write(
      "contenders/java/mine/build.sh",
      "set -e\nmkdir -p dist/lib\njavac -d dist Mine.java\ncp lib/*.jar dist/lib/\n",
    );
    write(
      "contenders/java/mine/contender.yaml",
      "runtime: java21\nhandler: Mine::handleRequest\nmemory: 1769\n",
    );
    expect(await build()).toMatchObject({ code: 0 });
    expect(found()).toMatchObject({ runtime: "java21", handler: "Mine::handleRequest", memory: 1769 });
    expect(await code()).toEqual({ names: ["Mine.class", "lib/sdk.jar"] });
  });

  it("may be written in TypeScript, whose package.json says how it is built into dist/", async () => {
    tool("npm", 'echo "npm $*"; [ "$1" = install ] || { mkdir dist; touch dist/index.mjs; }');
    write("contenders/node/mine/package.json", '{ "scripts": { "build": "esbuild index.ts" } }');
    write("contenders/node/mine/index.ts", "");
    const { code: ended, said } = await build();
    expect({ ended, said: said.split("\n") }).toEqual({
      ended: 0,
      said: ["node/mine", "npm install --no-audit --no-fund --silent", "npm run --silent build", ""],
    });
    expect(found()).toMatchObject({ runtime: "nodejs22.x", handler: "index.handler" });
    expect(await code()).toEqual({ names: ["index.mjs"] });
  });

  it("may bring a runtime of its own: a script 'bootstrap' beside what it starts", async () => {
    write("contenders/python/mine/bootstrap", "#!/bin/sh\nexec runtime/bin/python3 -m archiver\n");
    write("contenders/python/mine/archiver/__main__.py", "");
    write(
      "contenders/python/mine/build.sh",
      "mkdir -p runtime/bin\ntouch runtime/bin/python3\nchmod 755 runtime/bin/python3\n",
    );
    expect(await build()).toMatchObject({ code: 0 });
    expect(found()).toMatchObject({ runtime: "provided.al2023" });
    const { names, zip = "" } = await code();
    expect(names).toEqual(["archiver/__main__.py", "bootstrap", "build.sh", "runtime/bin/python3"]);
    expect(modes(fs.readFileSync(zip))).toEqual({
      "archiver/__main__.py": 0o644,
      bootstrap: 0o755,
      "build.sh": 0o644,
      "runtime/bin/python3": 0o755,
    });
  });

  it("needs no build where its folder has a bootstrap already, but one for its architecture", async () => {
    write("contenders/swift/mine/bootstrap", "#!/bin/sh\n", 0o644);
    write("contenders/swift/mine/lib/libcrypto.so", "");
    expect(await build()).toEqual({ code: 0, said: "" });
    const { names, zip = "" } = await code();
    expect(names).toEqual(["bootstrap", "lib/libcrypto.so"]);
    expect(modes(fs.readFileSync(zip)).bootstrap).toBe(0o755);
    write("contenders/swift/mine/bootstrap", "\x7fELF--------------\x3e\x00");
    await expect(code("arm64")).rejects.toThrow(
      "the bootstrap of the contender swift/mine is built for x86_64, but the contender's architecture is arm64: put one for arm64 " +
        "into its folder, or set architecture: x86_64 in its contender.yaml",
    );
  });

  it("is refused without anything that could be started, with what to do", async () => {
    write("contenders/c/mine/main.c", "");
    write("contenders/c/mine/Makefile", "all:\n\techo never\nbuild := no target\n");
    expect(await build()).toEqual({ code: 0, said: "" });
    await expect(code()).rejects.toThrow(
      "the contender c/mine has the runtime provided.al2023, which starts a program 'bootstrap', but its folder has none: put it " +
        "there, or a build.sh or a Makefile with the target 'build' that makes it, or set another runtime in its contender.yaml",
    );
  });
});

/** Starts a function's program as Lambda does, hands it an event, and returns its answer. */
async function answer(program: string, event: string): Promise<string> {
  let started: ChildProcess | undefined;
  const answered = new Promise<string>((resolve, reject) => {
    let taken = false;
    const api = http.createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        if (request.url === "/2018-06-01/runtime/invocation/request-1/response") {
          response.end("{}");
          resolve(body);
          api.closeAllConnections();
          api.close();
        } else if (request.url === "/2018-06-01/runtime/invocation/next" && !taken) {
          taken = true;
          response.setHeader("Lambda-Runtime-Aws-Request-Id", "request-1");
          response.setHeader("Content-Length", event.length);
          response.end(event);
        }
      });
    });
    api.listen(0, "127.0.0.1", () => {
      const { port } = api.address() as AddressInfo;
      started = spawn(program, { env: { AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}` }, stdio: "pipe" });
      started.on("exit", (code, signal) => {
        reject(new Error(`it ended with ${code ?? signal ?? ""}`));
      });
    });
  });
  try {
    return await answered;
  } finally {
    if (started?.exitCode === null) {
      started.kill("SIGKILL");
      await once(started, "exit");
    }
  }
}

/** The modes of the files in a ZIP, by name (APPNOTE 4.3.12). */
function modes(zip: Buffer): Record<string, number> {
  const found: Record<string, number> = {};
  for (
    let at = zip.indexOf("PK\x01\x02", 0, "latin1");
    at >= 0;
    at = zip.indexOf("PK\x01\x02", at + 4, "latin1")
  ) {
    const name = zip.toString("utf8", at + 46, at + 46 + zip.readUInt16LE(at + 28));
    found[name] = (zip.readUInt32LE(at + 38) >>> 16) & 0o777;
  }
  return found;
}
