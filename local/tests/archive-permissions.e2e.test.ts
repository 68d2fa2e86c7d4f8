import * as fs from "node:fs";
import * as path from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { contender, type Result } from "./archive-result";
import { Checkout, settings } from "./checkout";

describe("the archive contest with the emulator's S3, which enforces IAM policies", () => {
  let checkout: Checkout;

  beforeAll(async () => {
    checkout = new Checkout();
    checkout.write(
      "contenders/python/elsewhere/index.py",
      fs.readFileSync(path.join(__dirname, "faulty", "index.py")),
    );
    const again = fs.readFileSync(path.join(__dirname, "again", "index.py"));
    for (const name of ["again", "denied"]) checkout.write(`contenders/python/${name}/index.py`, again);
    const variables = "environment: { LEVEL: '1' }\n";
    checkout.write("contenders/python/again/contender.yaml", `${variables}invokesItself: true\n`);
    checkout.write("contenders/python/denied/contender.yaml", variables);
    checkout.write("Pulumi.dev.yaml", "config:\n  lambench:scenarios: [archive]\n");
    await checkout.ok("lambench local start --s3 emulator");
    await checkout.ok("pulumi stack init dev --non-interactive");
    const all = settings({ objectCount: 3, objectSizeMib: 1, runsPerContender: 1 });
    await checkout.ok(`pulumi up --yes --skip-preview --non-interactive --stack dev ${all}`);
  });
  afterAll(async () => {
    await checkout.remove();
  });

  it("lets every function do what it needs, and a contender write nothing but its archive, and invoke nothing but itself if it says that it does", async () => {
    const { archive } = JSON.parse(
      await checkout.ok("lambench run archive --stack dev --json --progress none"),
    ) as Result;
    const rust = fs.readdirSync(path.join(checkout.root, "contenders", "rust"));
    expect(archive.success.map(contender).sort()).toEqual(
      ["python-again", "python-naive", ...rust.map((id) => `rust-${id}`)].sort(),
    );
    const denied = expect.stringMatching(/^crash: .*AccessDenied/) as string;
    expect(archive.failure).toEqual([
      { arn: expect.stringMatching(/python-denied$/) as string, reason: denied },
      { arn: expect.stringMatching(/python-elsewhere$/) as string, reason: denied },
    ]);
    // It counts requests, and no bytes.
    for (const { s3, total_price_usd } of archive.success) {
      expect(s3?.writes).toBeGreaterThanOrEqual(2);
      expect(s3?.sent_bytes).toBeNull();
      expect(total_price_usd).toBeGreaterThan(0);
    }
  });

  it("destroys everything it made", async () => {
    await checkout.ok("pulumi destroy --yes --skip-preview --non-interactive --stack dev");
    expect(await checkout.ok("aws s3 ls")).toBe("");
  });
});
