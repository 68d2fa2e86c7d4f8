import * as fs from "node:fs";

import type { Checkout } from "./checkout";

/** Clock ticks per second in /proc: 100 on every Linux that Node.js runs on (sysconf(_SC_CLK_TCK)). */
const TICKS = 100;

/** The processes that run a function in a checkout's local environment. */
export function functionProcesses(checkout: Checkout, functionName: string): number[] {
  const ports = JSON.parse(fs.readFileSync(`${checkout.root}/.lambench/ports.json`, "utf8")) as {
    emulator: number;
  };
  const wanted = [
    `AWS_LAMBDA_FUNCTION_NAME=${functionName}`,
    `AWS_ENDPOINT_URL=http://127.0.0.1:${ports.emulator}`,
  ];
  return fs
    .readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      const variables = read(`/proc/${pid}/environ`).split("\0");
      return wanted.every((variable) => variables.includes(variable));
    })
    .map(Number);
}

/** Kills processes; returns how many of them there still were. */
export function kill(pids: readonly number[]): number {
  const isKilled = (pid: number): boolean => {
    try {
      return process.kill(pid, "SIGKILL");
    } catch {
      return false;
    }
  };
  return pids.filter(isKilled).length;
}

/** A variable of the environment that a process was started with. */
export function variable(pid: number, name: string): string | undefined {
  const variables = read(`/proc/${pid}/environ`).split("\0");
  return variables.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** CPU time that processes have used so far, seconds. */
export function cpuSeconds(pids: readonly number[]): number {
  return pids.reduce((all, pid) => {
    // The name of the program, in brackets, may hold spaces: user and system time are the 12th and 13th field behind it.
    const fields = read(`/proc/${pid}/stat`).split(") ").at(-1)?.split(" ") ?? [];
    return all + (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS;
  }, 0);
}

/** Peak resident memory of a process, MB (1,000,000 bytes). */
export function peakMemory(pid: number): number {
  return memory(pid, "VmHWM");
}

/** Resident memory of a process now, MB (1,000,000 bytes). */
export function residentMemory(pid: number): number {
  return memory(pid, "VmRSS");
}

function memory(pid: number, field: string): number {
  const kibibytes = new RegExp(`^${field}:\\s*(\\d+) kB$`, "m").exec(read(`/proc/${pid}/status`))?.[1];
  return (Number(kibibytes ?? NaN) * 1024) / 1e6;
}

/** A file of a process; empty if the process has ended or belongs to another user. */
function read(file: string): string {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
