import { execFile, execFileSync, spawn, type ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout } from "node:timers/promises";

import { invalidRequests } from "../pulumi/provider/testing/emulator";

const ROOT = path.resolve(__dirname, "..", "..");

/** What a command printed, and how it ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A checkout of its own in a temporary folder, with this one's installed packages and built functions: what a test
 * deploys, changes or breaks there cannot disturb the developer's environment or another test's.
 */
export class Checkout {
  readonly root = fs.mkdtempSync(path.join(os.tmpdir(), "lambench-e2e-"));
  /** Where Cargo has compiled this one. */
  readonly compiled = path.resolve(ROOT, process.env.CARGO_TARGET_DIR ?? "target");
  private target = this.compiled;

  constructor() {
    const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"], {
      cwd: ROOT,
      encoding: "utf8",
    });
    for (const file of files
      .split("\0")
      .filter((name) => fs.existsSync(path.join(ROOT, name)) && name !== "")) {
      this.write(file, fs.readFileSync(path.join(ROOT, file)));
    }
    const programs = ["pulumi", "pulumi-language-nodejs", "pulumi-resource-aws"];
    const installed = programs.map((name) => `.lambench/pulumi/${name}`);
    for (const name of ["node_modules", ".lambench/venv", ".lambench/bin", ...installed]) {
      fs.mkdirSync(path.dirname(path.join(this.root, name)), { recursive: true });
      if (fs.existsSync(path.join(ROOT, name)))
        fs.symlinkSync(path.join(ROOT, name), path.join(this.root, name));
    }
    // Owned by root and closed to others, the folder would lock out the user that PostgreSQL runs as.
    fs.chmodSync(this.root, 0o755);
  }

  /** From now on it has built functions of its own, which a test may change. */
  copyArtefacts(): void {
    const own = path.join(this.root, "target");
    for (const folder of ["lambda", "contenders"]) {
      const built = path.join(this.target, folder);
      if (fs.existsSync(built))
        fs.cpSync(built, path.join(own, folder), { recursive: true, preserveTimestamps: true });
    }
    this.target = own;
  }

  /** Where Cargo leaves a built function. */
  artefact(binary: string): string {
    return path.join(this.target, "lambda", binary);
  }

  /** Writes a file of the checkout. */
  write(file: string, content: string | Buffer): void {
    const whole = path.join(this.root, file);
    fs.mkdirSync(path.dirname(whole), { recursive: true });
    fs.writeFileSync(whole, content);
  }

  /** Runs what a user would type; never throws. */
  async run(command: string, env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    return await new Promise((resolve) => {
      const options = { cwd: this.root, env: { ...this.environment(), ...env }, maxBuffer: 64 << 20 };
      execFile("bash", ["-c", this.shell(command)], options, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
        resolve({ code, stdout, stderr });
      });
    });
  }

  /** Runs a command that must succeed; returns what it printed. */
  async ok(command: string): Promise<string> {
    const { code, stdout, stderr } = await this.run(command);
    if (code !== 0) throw new Error(`'${command}' ended with ${code}:\n${stdout}\n${stderr}`);
    return stdout;
  }

  /** Starts a command that is still running when the test goes on. */
  start(command: string): ChildProcess {
    return spawn("bash", ["-c", this.shell(`exec ${command}`)], {
      cwd: this.root,
      env: this.environment(),
      stdio: "pipe",
    });
  }

  /** Stops what runs and removes the folder; an error if AWS would have refused a request of the last environment. */
  async remove(): Promise<void> {
    await this.run("lambench local stop");
    const log = path.join(this.root, ".lambench", "logs", "emulator.log");
    const invalid = fs.existsSync(log) ? invalidRequests(fs.readFileSync(log, "utf8")) : [];
    fs.rmSync(this.root, { recursive: true, force: true });
    if (invalid.length > 0) throw new Error(`AWS would have refused:\n${invalid.join("\n")}`);
  }

  /** As a user's shell has it: the installed commands first, then the local environment, if it runs. */
  private shell(command: string): string {
    return `eval "$(lambench local env 2>/dev/null)"; ${command}`;
  }

  private environment(): NodeJS.ProcessEnv {
    const bin = path.join(this.root, ".lambench", "bin");
    return { ...process.env, PATH: `${bin}:${process.env.PATH ?? ""}`, CARGO_TARGET_DIR: this.target };
  }
}

/** Everything a command printed, for expectations on its messages. */
export function said({ stdout, stderr }: Ended): string {
  return stdout + stderr;
}

/** Options of `pulumi up` that set a stack's settings first: a process less than `pulumi config set` for each. */
export function settings(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([key, value]) => `--config '${key}=${value}'`)
    .join(" ");
}

/**
 * Waits until a condition holds; fails at a deadline, with what it has waited for.
 * @param pause between two polls, ms
 */
export async function until(
  what: string | (() => string),
  seconds: number,
  holds: () => Promise<boolean>,
  pause = 50,
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await holds())) {
    if (Date.now() > deadline) {
      throw new Error(`waited ${seconds} s in vain until ${typeof what === "string" ? what : what()}`);
    }
    await setTimeout(pause);
  }
}
