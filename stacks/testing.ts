import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import * as pulumi from "@pulumi/pulumi";
import { expect } from "vitest";

import type { Scenario } from "../infra/scenario";
import { readTarget } from "../infra/target";

/** A resource that a program under test has declared. */
export interface Declared {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
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

const STATIC: Readonly<Record<string, object>> = {
  "aws:index/getRegion:getRegion": { region: "eu-west-1" },
  "aws:index/getPartition:getPartition": { partition: "aws" },
  "aws:index/getAvailabilityZones:getAvailabilityZones": {
    names: ["eu-west-1a", "eu-west-1b", "eu-west-1c"],
  },
};

/** What AWS would add to a resource: an ARN, and what else a scenario reads. */
function computed(type: string, name: string): object {
  const service = type.split(":")[1]?.split("/")[0] ?? "";
  return {
    arn: `arn:aws:${service}:eu-west-1:123456789012:function:${name}`,
    bucket: name,
    name,
    url: `https://${service}.eu-west-1.amazonaws.com/123456789012/${name}`,
    endpoint: `${name}.cluster-x.eu-west-1.rds.amazonaws.com`,
    readerEndpoint: `${name}.cluster-ro-x.eu-west-1.rds.amazonaws.com`,
    port: 5432,
    apiEndpoint: `https://${name}.execute-api.eu-west-1.amazonaws.com`,
    executionArn: `arn:aws:execute-api:eu-west-1:123456789012:${name}`,
    streamArn: `arn:aws:${service}:eu-west-1:123456789012:table/${name}/stream/1`,
    sourceCodeHash: "hash",
    masterUserSecrets: [{ secretArn: `arn:aws:secretsmanager:eu-west-1:123456789012:secret:rds!${name}` }],
  };
}

/** A scenario deployed to Pulumi's mocks, on the stack `full` in eu-west-1, for x86_64. */
export class MockedStack {
  readonly declared: Declared[] = [];
  private readonly target = fs.mkdtempSync(path.join(os.tmpdir(), "artefacts-"));

  /** @param bins the functions' binaries, which need not be built for this */
  constructor(bins: readonly string[]) {
    for (const bin of bins) {
      fs.mkdirSync(path.join(this.target, "lambda", bin), { recursive: true });
      fs.writeFileSync(path.join(this.target, "lambda", bin, "bootstrap"), ELF);
    }
  }

  /** Makes the engine a mock, whose resources are this stack's. */
  async mock(): Promise<void> {
    await pulumi.runtime.setMocks(
      {
        newResource: ({ type, name, inputs }) => {
          this.declared.push({ type, name, inputs: inputs as Record<string, unknown> });
          return { id: `${name}-id`, state: { ...computed(type, name), ...(inputs as object) } };
        },
        call: ({ token }) => STATIC[token] ?? {},
      },
      "lambench",
      "full",
    );
  }

  /** Deploys a scenario with some settings; returns its outputs. */
  async deploy(
    scenario: Scenario,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<Record<string, unknown>> {
    process.env.CARGO_TARGET_DIR = this.target;
    const keys = { architecture: "x86_64", ...settings };
    pulumi.runtime.setAllConfig(
      Object.fromEntries(Object.entries(keys).map(([key, value]) => [`lambench:${key}`, value])),
    );
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
    return this.resources("aws:iam/rolePolicy:RolePolicy").map(({ name, inputs }) => [
      name,
      (JSON.parse(inputs.policy as string) as { Statement: PolicyStatement[] }).Statement,
    ]);
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

  /** Fails if a policy has a wildcard: for actions never, for resources only where EC2 and X-Ray take nothing else. */
  expectExactPolicies(): void {
    for (const [name, statements] of this.policies()) {
      for (const { Action, Resource, Condition } of statements) {
        const wild = Action.filter((action) => action.includes("*"));
        expect(wild, name).toEqual([]);
        if (Action.every((action) => /^(ec2|xray):/.test(action))) continue;
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
