import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
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

/** Starts an emulator for one test, on a free port and with state of its own. */
export async function startEmulator(): Promise<Emulator> {
  if (!existsSync(PYTHON)) {
    throw new Error(
      `${PYTHON} is missing: run \`make demo\` once, or set LAMBENCH_PYTHON to a Python with ministack`,
    );
  }
  const folder = await mkdtemp(path.join(os.tmpdir(), "lambench-emulator-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${String(port)}`;
  const emulator = spawn(PYTHON, [LAUNCHER], { env: environment(folder, port, url), stdio: "ignore" });
  const ended = once(emulator, "exit");
  const stop = async (): Promise<void> => {
    emulator.kill("SIGTERM");
    await ended;
    await rm(folder, { recursive: true, force: true });
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

/** A port on which nothing listens. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
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
