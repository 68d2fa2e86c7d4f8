import { setTimeout as pause } from "node:timers/promises";

/** The most time that a resource may take until it can be used, or until it is gone. */
const DEADLINE_MS = 120_000;

/**
 * Polls until a condition is true.
 * @param what the condition, for the message if it does not become true
 * @throws Error at the deadline, or when the user cancels
 */
export async function until(
  what: string,
  cancelled: AbortSignal,
  isSo: () => Promise<boolean>,
): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  for (let interval = 20; !(await isSo()); interval = Math.min(interval * 2, 1000)) {
    if (Date.now() > deadline) throw new Error(`${what} took more than ${String(DEADLINE_MS / 1000)} s`);
    await pause(interval, undefined, { signal: cancelled });
  }
}
