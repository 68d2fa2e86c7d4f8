import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import * as pulumi from "@pulumi/pulumi";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

interface Made {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
}

interface PolicyStatement {
  readonly Effect: string;
  readonly Action: string[];
  readonly Resource: string[];
  readonly Condition?: unknown;
}

/** An ELF header for x86_64: all that the stack looks at in an artefact. */
const ELF = Buffer.concat([
  Buffer.from("\x7fELF"),
  Buffer.alloc(14),
  Buffer.from([0x3e, 0]),
  Buffer.alloc(12),
]);
const BINS = ["fill-bucket", "prepare", "judge", "score", "sweep"].map((name) => `archive-${name}`);

describe("the archive stack", () => {
  const made: Made[] = [];
  let target: string;
  let outputs: Record<string, unknown>;

  beforeAll(async () => {
    target = fs.mkdtempSync(path.join(os.tmpdir(), "artefacts-"));
    for (const bin of [...BINS, "stream"]) {
      fs.mkdirSync(path.join(target, "lambda", bin), { recursive: true });
      fs.writeFileSync(path.join(target, "lambda", bin, "bootstrap"), ELF);
    }
    process.env.CARGO_TARGET_DIR = target;
    await pulumi.runtime.setMocks(
      {
        newResource: ({ type, name, inputs }) => {
          made.push({ type, name, inputs: inputs as Record<string, unknown> });
          const arn = `arn:aws:${type.split(":")[1]?.split("/")[0] ?? ""}:eu-west-1:123456789012:function:${name}`;
          return { id: `${name}-id`, state: { arn, bucket: name, name, ...(inputs as object) } };
        },
        call: () => ({ region: "eu-west-1" }),
      },
      "lambench",
      "full",
    );
    pulumi.runtime.setAllConfig({ "lambench:architecture": "x86_64" });
    const { archive } = await import("./archive");
    const { readTarget } = await import("../infra/target");
    const config = new pulumi.Config("lambench");
    const deployed = archive.deploy(readTarget(config, {}), config, undefined);
    outputs = await settle({ ...deployed.outputs, environment: deployed.environment });
  });
  afterAll(() => {
    fs.rmSync(target, { recursive: true });
  });

  const settle = (value: Record<string, unknown>): Promise<Record<string, unknown>> =>
    new Promise((resolve) => {
      pulumi.output(value).apply(resolve as (settled: unknown) => void);
    });
  const of = (type: string): Made[] => made.filter((one) => one.type === type);
  const policies = (): [string, PolicyStatement[]][] =>
    of("aws:iam/rolePolicy:RolePolicy").map(({ name, inputs }) => [
      name,
      (JSON.parse(inputs.policy as string) as { Statement: PolicyStatement[] }).Statement,
    ]);

  it("deploys the full-size contest without any configuration file", () => {
    expect(outputs.environment).toMatchObject({
      settings: { memory: 512, objectCount: 3000, objectSizeMib: 5, runsPerContender: 10 },
    });
    const [fill] = of("aws:lambda/invocation:Invocation");
    expect(JSON.parse(fill?.inputs.input as string)).toEqual({
      count: 3000,
      mean_bytes: 5 * 2 ** 20,
      seed: 1,
    });
  });

  it("names contenders <project>-<stack>-<lang>-<id>, and finds them by folder", () => {
    const names = of("aws:lambda/function:Function").map(({ name }) => name);
    expect(names).toContain("lambench-full-rust-stream");
    expect(names).toContain("lambench-full-python-naive");
  });

  it("gives no role an action or a resource with a bare wildcard", () => {
    for (const [name, statements] of policies()) {
      for (const { Action, Resource } of statements) {
        expect(
          Action.filter((action) => action.includes("*")),
          name,
        ).toEqual([]);
        expect(
          Resource.filter((resource) => resource === "*" || resource.includes(":*:*")),
          name,
        ).toEqual([]);
      }
    }
  });

  it("lets contenders read sources and write archives, and nothing else in S3", () => {
    const statements = policies().find(([name]) => name.endsWith("-contender"))?.[1] ?? [];
    const s3 = statements.filter(({ Action }) => Action.some((action) => action.startsWith("s3:")));
    const bucket = /^arn:aws:s3:.*?-archive/.exec(s3[1]?.Resource[0] ?? "")?.[0] ?? "no bucket";
    expect(s3).toEqual([
      { Effect: "Allow", Action: ["s3:GetObject"], Resource: [`${bucket}/files/*`] },
      {
        Effect: "Allow",
        Action: ["s3:ListBucket"],
        Resource: [bucket],
        Condition: { StringLike: { "s3:prefix": ["files", "files/*"] } },
      },
      {
        Effect: "Allow",
        Action: ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
        Resource: [`${bucket}/archives/*`, `${bucket}/seg-temps/*`],
      },
    ]);
  });

  it("lets the state machine invoke the contest's functions and nothing else", () => {
    const statements = policies().find(([name]) => name === "lambench-full-archive")?.[1];
    expect(statements?.map(({ Action }) => Action)).toEqual([["lambda:InvokeFunction"]]);
    expect(statements?.[0]?.Resource.some((arn) => arn.endsWith("archive-fill-bucket"))).toBe(false);
    expect(statements?.[0]?.Resource.some((arn) => arn.endsWith("rust-stream"))).toBe(true);
  });

  it("keeps the bucket private, encrypted and for TLS only", () => {
    expect(of("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")[0]?.inputs).toMatchObject({
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    expect(made.some(({ type }) => type.includes("bucketServerSideEncryptionConfiguration"))).toBe(true);
    expect(of("aws:s3/bucketPolicy:BucketPolicy")[0]?.inputs.policy).toContain("aws:SecureTransport");
  });

  it("expires what contenders leave behind, and never the sources", () => {
    const [rules] = of("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration");
    const prefixes = (rules?.inputs.rules as { filter: { prefix: string } }[]).map(
      ({ filter }) => filter.prefix,
    );
    expect(prefixes).toEqual(["archives/", "seg-temps/"]);
  });

  it("has a log group with a retention for every function", () => {
    const groups = of("aws:cloudwatch/logGroup:LogGroup");
    const functions = of("aws:lambda/function:Function").map(
      ({ inputs }) => `/aws/lambda/${String(inputs.name)}`,
    );
    expect(groups.map(({ inputs }) => inputs.name).sort()).toEqual(functions.sort());
    expect(groups.every(({ inputs }) => inputs.retentionInDays === 7)).toBe(true);
  });

  it("writes a definition in which every placeholder has its value", () => {
    const [machine] = of("aws:sfn/stateMachine:StateMachine");
    const definition = machine?.inputs.definition as string;
    expect(definition).not.toMatch(/\$\{/);
    expect(definition).toContain('"MaxConcurrency":5');
    expect(definition).toContain("[0..9]");
  });

  it("refuses a bucket that one invocation could not fill", async () => {
    const { archive } = await import("./archive");
    const { readTarget } = await import("../infra/target");
    pulumi.runtime.setAllConfig({ "lambench:architecture": "x86_64", "lambench:objectCount": "20000" });
    const config = new pulumi.Config("lambench");
    expect(() => archive.deploy(readTarget(config, {}), config, undefined)).toThrow(
      "objectCount 20000 × objectSizeMib 5 is more than 40000 MiB",
    );
  });

  it("prints triggers that a shell takes as they are", () => {
    expect(outputs.archiveTrigger).toMatch(
      /^aws stepfunctions start-execution --state-machine-arn arn:\S+ --input '\{"contenders":\["arn:.*"\]\}' --region eu-west-1$/,
    );
    expect(outputs.archiveResults).toMatch(
      /^aws stepfunctions describe-execution .*--query output --output text --region eu-west-1$/,
    );
  });
});
