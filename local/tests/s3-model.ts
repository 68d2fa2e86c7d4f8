import * as fs from "node:fs";

import type { Checkout } from "./checkout";

/** Which requests to S3 go wrong, and how, as the model's admin endpoint takes it. */
export interface Fault {
  readonly operations: readonly string[];
  /** Pattern of the object's key; any without it. */
  readonly key?: string;
  readonly kind: "503" | "500" | "reset" | "stall" | "truncate" | "wrong-byte";
  /** How long a stall takes. */
  readonly seconds?: number;
  /** Share of the requests; all without it. */
  readonly rate?: number;
}

/** Has a checkout's local S3 fail so, and in no other way. */
export async function setFaults(checkout: Checkout, faults: readonly Fault[]): Promise<void> {
  const ports = JSON.parse(fs.readFileSync(`${checkout.root}/.lambench/ports.json`, "utf8")) as Record<
    string,
    number
  >;
  const answer = await fetch(`http://127.0.0.1:${ports["s3-admin"] ?? 0}/faults`, {
    method: "PUT",
    body: JSON.stringify(faults),
  });
  if (!answer.ok) throw new Error(`the S3 model refuses the faults: ${await answer.text()}`);
}
