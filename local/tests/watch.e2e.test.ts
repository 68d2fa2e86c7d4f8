import type { ChildProcess } from "node:child_process";
import * as fs from "node:fs";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { Checkout, until } from "./checkout";
import { functionProcesses } from "./processes";

/** A package of its own, so that a build takes seconds and no other test's functions change. */
const BINARY = "watched-greeting";
const FUNCTIONS = ["first", "second"].map((name) => `lambench-dev-greeting-${name}`);
const UP = "pulumi up --yes --skip-preview --non-interactive --stack dev";
/** How `make build` builds for this machine, and puts what it has built where stacks look for it. */
const BUILD =
  `cargo build --locked --workspace --bin ${BINARY} && ` +
  `install -D "$CARGO_TARGET_DIR/debug/${BINARY}" "$CARGO_TARGET_DIR/lambda/${BINARY}/bootstrap"`;

const MANIFEST = `[package]
name = "greeting"
edition = "2024"

[[bin]]
name = "${BINARY}"
path = "src/main.rs"

[dependencies]
lambda_runtime.workspace = true
serde_json.workspace = true
tokio = { workspace = true, features = ["macros", "rt"] }
`;

const source = (greeting: string): string => `//! Greets.
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(async |_: LambdaEvent<Value>| Ok::<_, Error>("${greeting}"))).await
}
`;

const STACK = `import { RustFunction } from "../../infra/function";
import { scenario } from "../../infra/scenario";

export const greeting = scenario({
  name: "greeting",
  settings: {},
  deploy({ target, parent }) {
    for (const name of ["first", "second"]) {
      const args = { description: "Greets", memory: 128, timeout: 3, environment: {}, statements: [] };
      new RustFunction(name, { target, bin: "${BINARY}", name: \`greeting-\${name}\`, ...args }, { parent });
    }
    return { outputs: {}, environment: {} };
  },
});
`;

describe("lambench local watch", () => {
  let checkout: Checkout;
  let watching: ChildProcess | undefined;
  /** What it has printed so far. */
  let said = "";

  const write = (greeting: string): void => {
    checkout.write("functions/greeting/src/main.rs", source(greeting));
  };
  const answers = (): Promise<string[]> =>
    Promise.all(
      FUNCTIONS.map((name) =>
        checkout.ok(`aws lambda invoke --function-name ${name} ${name}.json >/dev/null && cat ${name}.json`),
      ),
    );
  /** Changes something, and waits until it is told what came of it. */
  const told = async (change: () => unknown, ...words: string[]): Promise<string> => {
    const before = said.length;
    change();
    const all = (): boolean => words.every((word) => said.slice(before).includes(word));
    const what = (): string => `it says ${words.join(" and ")}; it has said:\n${said}`;
    await until(what, 240, () => Promise.resolve(all()));
    return said.slice(before);
  };
  const swapped = FUNCTIONS.map((name) => `${BINARY}: swapped in ${name} (built in `);

  beforeAll(async () => {
    checkout = new Checkout();
    checkout.write("functions/greeting/Cargo.toml", MANIFEST);
    write("one");
    checkout.write("stacks/greeting/index.ts", STACK);
    checkout.write(
      "stacks/index.ts",
      `import { deployStack } from "../infra/program";\nimport { greeting } from "./greeting";\n\nexport = deployStack([greeting]);\n`,
    );
    checkout.write("Pulumi.dev.yaml", "config:\n  lambench:scenarios: [greeting]\n");
    await checkout.ok("cargo metadata --offline --format-version 1 >/dev/null"); // puts the package into Cargo.lock
    await checkout.ok(BUILD);
    await checkout.ok("lambench local start");
  });
  afterAll(async () => {
    watching?.kill("SIGKILL");
    fs.rmSync(checkout.artefact(BINARY), { recursive: true, force: true });
    await checkout.remove();
  });

  it("asks this checkout's environment, whatever the shell points at, and says what to do where nothing is deployed", async () => {
    const elsewhere = "AWS_ENDPOINT_URL=https://example.com HTTP_PROXY=http://127.0.0.1:9 NO_PROXY=";
    const { code, stderr } = await checkout.run(`${elsewhere} lambench local watch --stack dev`);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^error: no function of the stack 'dev' at http:\S+ is built from .*: deploy one with `make build`, then/,
    );
  });

  it("begins with what is deployed, and leaves it alone where it is what the sources say", async () => {
    await checkout.ok("pulumi stack init dev --non-interactive");
    await checkout.ok(UP);
    watching = checkout.start("lambench local watch");
    const listen = (data: Buffer): void => {
      said += data.toString();
    };
    watching.stdout?.on("data", listen);
    watching.stderr?.on("data", listen);
    const begun = await told(() => undefined, "nothing to swap: the functions already run this code");
    expect(begun).toMatch(/^watching functions\/, .* for 2 deployed functions at http:/);
    expect(await answers()).toEqual(['"one"', '"one"']);
  });

  it("swaps a changed function everywhere it is deployed, also where it is warm", async () => {
    const warm = FUNCTIONS.flatMap((name) => functionProcesses(checkout, name));
    expect(warm).toHaveLength(2);
    await told(
      () => {
        write("two");
      },
      ...swapped,
    );
    expect(await answers()).toEqual(['"two"', '"two"']);
    const now = FUNCTIONS.flatMap((name) => functionProcesses(checkout, name));
    expect(now.filter((pid) => warm.includes(pid))).toEqual([]);
  });

  it("shows what doesn't compile, leaves the function alone, and goes on watching", async () => {
    const failed = await told(() => {
      checkout.write(
        "functions/greeting/src/main.rs",
        source("three").replace("async fn main", "async main"),
      );
    }, "not built");
    expect(failed).toContain("functions/greeting/src/main.rs:5:1");
    expect(await answers()).toEqual(['"two"', '"two"']);
    await told(
      () => {
        write("three");
      },
      ...swapped,
    );
    expect(await answers()).toEqual(['"three"', '"three"']);
  });

  it("builds again what changes during a build", async () => {
    await told(() => {
      write("four");
    }, "Compiling greeting");
    // Only what is written once the compiler runs is newer than the build: cargo notes its begin just before.
    const compiler = `for pid in $(pgrep --full 'crate-name watched_greetin[g]'); do readlink /proc/$pid/cwd; done`;
    await until("the compiler runs", 60, async () =>
      (await checkout.run(compiler)).stdout.includes(checkout.root),
    );
    await told(
      () => {
        write("five");
      },
      "Compiling greeting",
      ...swapped,
    );
    await until("the last change is answered", 60, async () =>
      (await answers()).every((answer) => answer === '"five"'),
    );
  });

  it("passes over a source that no deployed function is made of", async () => {
    const passed = await told(() => {
      checkout.write("functions/aurora/src/unused.rs", "//! Not deployed.\n");
    }, "no deployed function is built from it");
    expect(passed).toContain("functions/aurora/src/unused.rs changed");
  });

  it("ends with Ctrl-C and one line, whatever it is doing", async () => {
    await told(() => {
      write("six");
    }, "Compiling greeting");
    const ended = new Promise((resolve) => watching?.on("exit", resolve));
    const last = await told(() => watching?.kill("SIGINT"), "stopped watching");
    expect(await ended).toBe(130);
    expect(last).toMatch(/^stopped watching; .*pulumi up --refresh.*$/m);
    const builds = `pgrep --full '${checkout.root}/[.]lambench/venv/bin/cargo-lambda'`;
    await until("its build has ended as well", 10, async () => (await checkout.run(builds)).code === 1);
  });

  it("leaves a stack that the next pulumi up brings in line", async () => {
    await checkout.ok(`${UP} --refresh`);
    await checkout.ok("pulumi preview --refresh --expect-no-changes --non-interactive --stack dev");
    expect(await answers()).toEqual(['"five"', '"five"']);
  });
});
