import { Checkout } from "./checkout";

/** What `lambench check contender --json` reports of a case. */
export interface Checked {
  readonly contender: string;
  readonly input: string;
  readonly faults: string;
  readonly verdict: "valid" | "refused" | "invalid";
  readonly why?: string;
  readonly left: readonly { readonly key: string; readonly is_upload: boolean }[];
}

/** A checkout with a stack whose contenders are checked. */
export class ContenderChecks {
  readonly checkout = new Checkout();

  /** Deploys the contenders that the checkout has. */
  async deploy(): Promise<void> {
    await this.checkout.ok("lambench local start");
    this.checkout.write(
      "Pulumi.dev.yaml",
      'config:\n  lambench:scenarios: [archive]\n  lambench:objectCount: "1"\n',
    );
    await this.checkout.ok("pulumi stack init dev --non-interactive");
    await this.checkout.ok("pulumi up --yes --skip-preview --non-interactive --stack dev");
  }

  /** Checks the contenders that `options` name. */
  async check(options: string): Promise<Checked[]> {
    const ended = await this.checkout.run(
      `lambench check contender ${options} --stack dev --json --progress none`,
    );
    if (ended.stdout === "") throw new Error(ended.stderr);
    return JSON.parse(ended.stdout) as Checked[];
  }

  /** All inputs. */
  async inputs(): Promise<string[]> {
    const help = await this.checkout.ok("lambench check contender --help");
    return [...help.matchAll(/^ +- ([a-z0-9-]+): +[A-Z0-9]/gm)]
      .map(([, name]) => name ?? "")
      .filter((name) => !["auto", "bar", "counter", "none"].includes(name));
  }
}
