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

/** What the model has counted since it was started, and what it holds. */
export interface Counters {
  readonly requests: readonly {
    readonly operation: string;
    readonly access_key: string;
    readonly requests: number;
  }[];
  readonly store: { readonly objects: number; readonly object_bytes: number; readonly open_uploads: number };
}

/** The admin endpoint of a checkout's local S3. */
export class S3Model {
  private constructor(private readonly admin: string) {}

  static async of(checkout: Checkout): Promise<S3Model> {
    const parts = JSON.parse(await checkout.ok("lambench local status --json")) as {
      readonly admin?: string;
    }[];
    const admin = parts.find((part) => part.admin !== undefined)?.admin;
    if (admin === undefined) throw new Error("the local environment has no S3 model");
    return new S3Model(admin);
  }

  /** Has S3 fail so, and in no other way. */
  async setFaults(faults: readonly Fault[]): Promise<void> {
    await this.ask("faults", { method: "PUT", body: JSON.stringify(faults) });
  }

  async counters(): Promise<Counters> {
    return (await (await this.ask("counters")).json()) as Counters;
  }

  /** The constants of its timing and limits. */
  async profile(): Promise<object> {
    return (await (await this.ask("profile")).json()) as object;
  }

  private async ask(what: string, request: RequestInit = {}): Promise<Response> {
    const answer = await fetch(`${this.admin}/${what}`, request);
    if (!answer.ok) throw new Error(`the S3 model refuses ${what}: ${await answer.text()}`);
    return answer;
  }
}
