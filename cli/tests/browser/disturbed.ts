import type { Result, Second } from "./result";

/** A load's result with what else may happen by second: a throttle, an outage, dead letters, and a time without anything. */
export function disturbed(result: Result): Result {
  const { pipeline } = result;
  if (!pipeline) return result;
  const all = Array.from({ length: 60 }, (_, second) => count(second));
  const late: Second = { ...count(75), due: 0, sent: 0, accepted: 0, rows: 0, dead_lettered: 7 };
  return { ...result, pipeline: { ...pipeline, seconds: [...all, late] } };
}

function count(second: number): Second {
  const [isThrottled, isOut] = [second >= 10 && second < 20, second >= 30 && second < 45];
  const refused = isThrottled ? 30 + second : 0;
  const accepted = 100 - refused - (second === 20 ? 5 : 0);
  const rows = isOut ? 0 : second === 45 ? 16 * 100 - 7 : accepted;
  const unknown = 100 - refused - accepted;
  return { second, due: 100, sent: 100, accepted, refused, unknown, rows, dead_lettered: 0 };
}
