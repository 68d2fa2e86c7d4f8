import type { ChildProcess } from "node:child_process";

import { type Ended, until } from "./checkout";

/** A command that was started: what it has printed so far, and how it ends. */
export class Running {
  stdout = "";
  stderr = "";
  /** How it ended; its code is null if a signal ended it. */
  readonly ended: Promise<Omit<Ended, "code"> & { readonly code: number | null }>;

  constructor(private readonly process: ChildProcess) {
    process.stdout?.on("data", (chunk: Buffer) => (this.stdout += chunk.toString()));
    process.stderr?.on("data", (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.ended = new Promise((resolve) =>
      process.on("close", (code) => {
        resolve({ code, stdout: this.stdout, stderr: this.stderr });
      }),
    );
  }

  /** Waits until standard error has something, 60 s at most. */
  async says(what: RegExp): Promise<void> {
    const waited = (): string => `it says ${what}; it has said:\n${this.stderr}`;
    await until(waited, 60, () => Promise.resolve(what.test(this.stderr)));
  }

  kill(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }
}
