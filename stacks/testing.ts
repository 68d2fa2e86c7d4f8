import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import * as pulumi from "@pulumi/pulumi";
import { expect } from "vitest";

import { deployStack } from "../infra/program";
import type { Scenario } from "../infra/scenario";
import { readTarget } from "../infra/target";

/** A resource that a program under test has declared. */
export interface Declared {
  readonly type: string;
  /** What it is called on AWS, as far as the program says it; else what the program calls it. */
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** The ids, by {@link idOf}, of what was there when it was declared: what it depends on, and perhaps more. */
  readonly after: readonly string[];
}

/** A resource or component in the tree that `pulumi up` prints. */
export interface TreeNode {
  /** `urn:pulumi:<stack>::<project>::<types of its parents and its own, with `$` between>::<name>`. */
  readonly urn: string;
  /** The parent's; empty for what has none but the stack. */
  readonly parent: string;
}

/** A resource's type and name. */
export function idOf({ type, name }: Pick<Declared, "type" | "name">): string {
  return `${type}::${name}`;
}

/** One statement of a policy document. */
export interface PolicyStatement {
  readonly Effect: string;
  readonly Action: string[];
  readonly Resource: string[];
  readonly Condition?: unknown;
}

/** An ELF header for x86_64: all that a stack looks at in an artefact. */
const ELF = Buffer.concat([
  Buffer.from("\x7fELF"),
  Buffer.alloc(14),
  Buffer.from([0x3e, 0]),
  Buffer.alloc(12),
]);

/** Where a mocked stack is. */
export interface Place {
  /** Such as `aws`, or `aws-cn` in China. */
  readonly partition: string;
  readonly region: string;
  /** The zones that have interface endpoints; all three unless said otherwise. */
  readonly endpointZones?: readonly string[];
}

const IRELAND: Place = { partition: "aws", region: "eu-west-1" };
const ACCOUNT = "123456789012";

/** The end of a resource's ARN, and where the ARN has neither region nor account (Service Authorization Reference). */
const ARNS: Readonly<
  Record<string, readonly [service: string, prefix: string, global?: "account" | "none"]>
> = {
  "aws:cloudwatch/eventRule:EventRule": ["events", "rule/"],
  "aws:cloudwatch/logGroup:LogGroup": ["logs", "log-group:"],
  "aws:dynamodb/table:Table": ["dynamodb", "table/"],
  "aws:iam/role:Role": ["iam", "role/", "account"],
  "aws:kinesis/stream:Stream": ["kinesis", "stream/"],
  "aws:kinesis/streamConsumer:StreamConsumer": ["kinesis", "stream/"],
  "aws:kms/key:Key": ["kms", "key/"],
  "aws:lambda/function:Function": ["lambda", "function:"],
  "aws:rds/cluster:Cluster": ["rds", "cluster:"],
  "aws:s3/bucket:Bucket": ["s3", "", "none"],
  "aws:sfn/stateMachine:StateMachine": ["states", "stateMachine:"],
  "aws:sqs/queue:Queue": ["sqs", ""],
};

function arnOf(type: string, name: string, { partition, region }: Place): string | undefined {
  const [service, prefix, global] = ARNS[type] ?? [];
  if (service === undefined) return undefined;
  const account = global === "none" ? "" : ACCOUNT;
  const end = type.endsWith("Consumer") ? `/consumer/${name}:1764460800` : "";
  return `arn:${partition}:${service}:${global === undefined ? region : ""}:${account}:${prefix ?? ""}${name}${end}`;
}

/** The inputs that say what a resource is called on AWS. */
type Naming = Partial<
  Record<"name" | "identifier" | "clusterIdentifier" | "namePrefix" | "bucketPrefix" | "description", string>
> & { readonly tags?: { readonly Name?: string } };

/** What a resource is called on AWS, without what the provider adds to a prefix. */
function nameOnAws(label: string, inputs: Naming): string {
  const { name, identifier, clusterIdentifier, namePrefix, bucketPrefix, description = "", tags } = inputs;
  const start = (namePrefix ?? bucketPrefix)?.replace(/-$/, "");
  // A prefix may be cut; a role's description is not.
  const whole = start !== undefined && description.startsWith(start) ? description : start;
  return name ?? identifier ?? clusterIdentifier ?? whole ?? tags?.Name ?? label;
}

/** What AWS would add to a resource: an ARN, and what else a scenario reads. */
function computed(type: string, name: string, place: Place): object {
  const { partition, region } = place;
  const service = type.split(":")[1]?.split("/")[0] ?? "";
  const arn = (rest: string): string => `arn:${partition}:${rest}`;
  return {
    arn: arnOf(type, name, place),
    bucket: name,
    name,
    url: `https://${service}.${region}.amazonaws.com/${ACCOUNT}/${name}`,
    endpoint: `${name}.cluster-x.${region}.rds.amazonaws.com`,
    readerEndpoint: `${name}.cluster-ro-x.${region}.rds.amazonaws.com`,
    port: 5432,
    apiEndpoint: `https://${name}.execute-api.${region}.amazonaws.com`,
    executionArn: arn(`execute-api:${region}:${ACCOUNT}:${name}`),
    streamArn: arn(`${service}:${region}:${ACCOUNT}:table/${name}/stream/2026-11-30T00:00:00.000`),
    sourceCodeHash: "hash",
    masterUserSecrets: [{ secretArn: arn(`secretsmanager:${region}:${ACCOUNT}:secret:rds!${name}`) }],
  };
}

const ZONES = ["a", "b", "c"];

/** What functions that look something up return. */
function lookedUp(token: string, inputs: Readonly<Record<string, unknown>>, place: Place): object {
  const { partition, region, endpointZones = ZONES } = place;
  const zones = (letters: readonly string[]): string[] => letters.map((letter) => `${region}${letter}`);
  const found: Readonly<Record<string, object>> = {
    "aws:index/getRegion:getRegion": { region },
    "aws:index/getPartition:getPartition": { partition },
    "aws:index/getAvailabilityZones:getAvailabilityZones": {
      names: zones(ZONES),
    },
    "aws:ec2/getVpcEndpointService:getVpcEndpointService": {
      availabilityZones: zones(endpointZones),
      serviceName: `com.amazonaws.${region}.${String(inputs.service)}`,
    },
  };
  return found[token] ?? {};
}

/** A scenario deployed to Pulumi's mocks, on the stack `full`, in eu-west-1 unless said otherwise, for x86_64. */
export class MockedStack {
  readonly declared: Declared[] = [];
  readonly tree: TreeNode[] = [];
  private readonly made: string[] = [];
  private readonly target = fs.mkdtempSync(path.join(os.tmpdir(), "artefacts-"));

  /** @param bins the functions' binaries, which need not be built for this */
  constructor(
    bins: readonly string[],
    private readonly place: Place = IRELAND,
  ) {
    for (const bin of bins) {
      fs.mkdirSync(path.join(this.target, "lambda", bin), { recursive: true });
      fs.writeFileSync(path.join(this.target, "lambda", bin, "bootstrap"), ELF);
    }
  }

  /** Makes the engine a mock, whose resources are this stack's. */
  async mock(): Promise<void> {
    await pulumi.runtime.setMocks(
      {
        newResource: async ({ type, name: label, inputs }) => {
          const name = nameOnAws(label, inputs as Naming);
          const declared = { type, name, inputs: inputs as Record<string, unknown>, after: [...this.made] };
          this.declared.push(declared);
          // Later, so that it is not there for what is declared beside it.
          await new Promise(setImmediate);
          this.made.push(idOf(declared));
          const added = computed(type, name, this.place);
          return { id: `${name}-id`, state: { ...added, ...(inputs as object) } };
        },
        call: ({ token, inputs }) => lookedUp(token, inputs as Readonly<Record<string, unknown>>, this.place),
      },
      "lambench",
      "full",
    );
    // Pulumi's mocks give a URN its parent's type; the engine, those of all its parents (pulumi/sdk/go/common/resource/urn).
    const monitor = pulumi.runtime.getMonitor() as unknown as {
      newUrn(parent: string, type: string, name: string): string;
    };
    monitor.newUrn = (parent, type, name) => {
      const parents = parent === "" ? "" : `${parent.split("::")[2] ?? ""}$`;
      const urn = `urn:pulumi:full::lambench::${parents}${type}::${name}`;
      this.tree.push({ urn, parent });
      return urn;
    };
  }

  /** Deploys a scenario with some settings; returns its outputs. */
  async deploy(
    scenario: Scenario,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<Record<string, unknown>> {
    this.configure(settings);
    const config = new pulumi.Config("lambench");
    const deploy = scenario.configure(config, [scenario]);
    const { outputs, environment } = deploy(readTarget(config, {}), undefined);
    const settled = new Promise<Record<string, unknown>>((resolve) => {
      pulumi.output({ ...outputs, environment }).apply(resolve as (values: unknown) => void);
    });
    // Until all is registered: what is still under way would reach the mocks of the next stack.
    await pulumi.runtime.disconnect(false);
    return await settled;
  }

  /** Deploys several scenarios with their defaults, as the program does. */
  async deployTogether(scenarios: readonly Scenario[]): Promise<void> {
    this.configure({ scenarios: JSON.stringify(scenarios.map(({ name }) => name)) });
    deployStack(scenarios);
    await pulumi.runtime.disconnect(false);
  }

  private configure(settings: Readonly<Record<string, string>>): void {
    process.env.CARGO_TARGET_DIR = this.target;
    const keys = { architecture: "x86_64", ...settings };
    pulumi.runtime.setAllConfig(
      Object.fromEntries(Object.entries(keys).map(([key, value]) => [`lambench:${key}`, value])),
    );
  }

  /** The resources of a type. */
  resources(type: string): Declared[] {
    return this.declared.filter((resource) => resource.type === type);
  }

  /** The only resource of a type that has a name. */
  resource(type: string, name: string): Declared {
    const found = this.resources(type).find((resource) => resource.name === name);
    if (!found) throw new Error(`no ${type} '${name}'`);
    return found;
  }

  /** The statements of every role, by the role's name. */
  policies(): [string, PolicyStatement[]][] {
    const policies = new Map<string, PolicyStatement[]>();
    for (const { inputs } of this.resources("aws:iam/rolePolicy:RolePolicy")) {
      const role = inputs.role as string;
      const { Statement } = JSON.parse(inputs.policy as string) as { Statement: PolicyStatement[] };
      policies.set(role, [...(policies.get(role) ?? []), ...Statement]);
    }
    return [...policies];
  }

  /** The resources on which a function may do something, by action. */
  allowed(name: string): Record<string, string[]> {
    const [, statements] = this.policies().find(([role]) => role === name) ?? [];
    const allowed: Record<string, string[]> = {};
    for (const { Effect, Action, Resource } of statements ?? []) {
      if (Effect !== "Allow") continue;
      for (const action of Action) allowed[action] = [...(allowed[action] ?? []), ...Resource];
    }
    return allowed;
  }

  /** Fails if a policy has a wildcard: for actions never, for resources only where EC2, X-Ray and ListStreams take nothing else. */
  expectExactPolicies(): void {
    for (const [name, statements] of this.policies()) {
      for (const { Action, Resource, Condition } of statements) {
        const wild = Action.filter((action) => action.includes("*"));
        expect(wild, name).toEqual([]);
        if (Action.every((action) => /^(ec2|xray):|^dynamodb:ListStreams$/.test(action))) continue;
        expect(Condition, name).toBeUndefined();
        expect(Resource, name).not.toContain("*");
      }
    }
  }

  /** Removes the artefacts. */
  remove(): void {
    fs.rmSync(this.target, { recursive: true });
  }
}

/**
 * What a shell makes of an output's command line, as in `eval "$(pulumi stack output …)"`: the arguments of each call of `aws`.
 * @param answers what `aws` prints, call by call
 */
export function awsCalls(command: unknown, answers: readonly string[]): string[][] {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "aws-"));
  const aws = `#!/bin/sh
    calls="$(ls ${folder}/call-* 2>/dev/null | wc -l)"
    printf '%s\\0' "$@" > "${folder}/call-$calls"
    cat "${folder}/answer-$calls"`;
  fs.writeFileSync(path.join(folder, "aws"), aws, { mode: 0o755 });
  answers.forEach((answer, index) => {
    fs.writeFileSync(path.join(folder, `answer-${index}`), answer);
  });
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH ?? ""}`, COMMAND: String(command) };
  execFileSync("sh", ["-c", 'eval "$COMMAND"'], { env });
  const calls = answers.map((_, index) => fs.readFileSync(path.join(folder, `call-${index}`), "utf8"));
  fs.rmSync(folder, { recursive: true });
  return calls.map((call) => call.split("\0").slice(0, -1));
}
