import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";

export const ROOT = path.resolve(__dirname, "../../../..");
const PYTHON = process.env.LAMBENCH_PYTHON ?? path.join(ROOT, ".lambench/venv/bin/python");
const LAUNCHER = process.env.LAMBENCH_EMULATOR ?? path.join(ROOT, "local/emulator/launcher.py");
const START_DEADLINE_MS = 40_000;

/** A running emulator with nothing in it. */
export interface Emulator {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts an emulator for one test, on a free port and with state of its own. Its end is an error if AWS would have refused
 * one of the requests that it got.
 */
export async function startEmulator(): Promise<Emulator> {
  if (!existsSync(PYTHON)) {
    throw new Error(
      `${PYTHON} is missing: run \`make demo\` once, or set LAMBENCH_PYTHON to a Python with ministack`,
    );
  }
  const folder = await mkdtemp(path.join(os.tmpdir(), "lambench-emulator-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${String(port)}`;
  const log = await open(path.join(folder, "log"), "a");
  const stdio = ["ignore", log.fd, log.fd] as const;
  const emulator = spawn(PYTHON, [LAUNCHER], { env: environment(folder, port, url), stdio: [...stdio] });
  const ended = once(emulator, "exit");
  const stop = async (): Promise<void> => {
    emulator.kill("SIGTERM");
    await ended;
    await log.close();
    const invalid = invalidRequests(await readFile(path.join(folder, "log"), "utf8"));
    await rm(folder, { recursive: true, force: true });
    if (invalid.length > 0) throw new Error(`AWS would have refused:\n${invalid.join("\n")}`);
  };
  const deadline = Date.now() + START_DEADLINE_MS;
  while (!(await answers(url))) {
    if (emulator.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`the emulator did not start: run \`${PYTHON} ${LAUNCHER}\` to see why`);
    }
    await pause(50);
  }
  return { url, stop };
}

/**
 * The lines of an emulator's log about requests that AWS would refuse, for a caller may have hidden the error, and about
 * services whose requests are not checked.
 */
export function invalidRequests(log: string): readonly string[] {
  return log.split("\n").filter((line) => /\b(invalid|unchecked) request: /.test(line));
}

/**
 * A port on which nothing listens. It is below those that the kernel gives to outgoing connections (32768 and up): one
 * of them could take it before the emulator listens.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once("listening", () =>
        server.close(() => {
          resolve(true);
        }),
      );
      server.once("error", () => {
        resolve(false);
      });
      server.listen(port, "127.0.0.1");
    });
    if (isFree) return port;
  }
}

function environment(folder: string, port: number, url: string): NodeJS.ProcessEnv {
  return {
    PATH: `${path.dirname(PYTHON)}:/usr/bin:/bin`,
    HOME: folder,
    TMPDIR: folder,
    GATEWAY_PORT: String(port),
    BIND_HOST: "127.0.0.1",
    AWS_ENDPOINT_URL: url,
    MINISTACK_REGION: "us-east-1",
    IOT_MTLS_ENABLED: "0",
    LOG_LEVEL: "WARNING",
    AUTH: "true",
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/_ministack/health`)).ok;
  } catch {
    return false;
  }
}
