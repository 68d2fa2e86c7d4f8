import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { MockedStack, type TreeNode } from "./testing";
import { allScenarios, binaries, describeEachVariant } from "./variants";

/** The types of a resource's parents and its own, from the stack down, and its name. */
function parse(urn: string): { types: string[]; name: string } {
  const [, , types = "", name = ""] = urn.split("::");
  return { types: types.split("$"), name };
}

/** The scenario that a resource belongs to. */
function scenarioOf(urn: string): string | undefined {
  return /^lambench:scenario:(.+)$/.exec(parse(urn).types[0] ?? "")?.[1];
}

/** What of a name is behind its component's; nothing if it doesn't begin with that. */
function behindParents({ urn, parent }: TreeNode): string {
  const [{ name }, component] = [parse(urn), parse(parent).name];
  return component !== "" && name.startsWith(`${component}-`) ? name.slice(component.length + 1) : "";
}

/** URNs that there are more than once. */
function repeated(urns: readonly string[]): string[] {
  return urns.filter((urn, index) => urns.indexOf(urn) !== index);
}

describe("the names in the tree that `pulumi up` prints", () => {
  const stack = new MockedStack(binaries());

  beforeAll(async () => {
    await stack.mock();
    await stack.deployTogether(await allScenarios());
  });
  afterAll(() => {
    stack.remove();
  });

  it("make no URN twice, of all scenarios together", () => {
    expect(stack.tree.length).toBeGreaterThan(200);
    expect(repeated(stack.tree.map(({ urn }) => urn))).toEqual([]);
  });

  it("repeat neither the project, nor the stack, nor the scenario, which their URNs have anyway", () => {
    const names = stack.tree.map(({ urn }) => ({ scenario: scenarioOf(urn), ...parse(urn) }));
    const outside = names.filter(({ scenario }) => scenario === undefined).map(({ name }) => name);
    expect(outside).toEqual(["locks"]);
    const inside = names.filter(({ scenario, types }) => scenario !== undefined && types.length > 1);
    const long = inside.filter(({ scenario = "", name }) =>
      ["lambench", "full", scenario].some((word) => `-${name}-`.includes(`-${word}-`)),
    );
    expect(long).toEqual([]);
  });

  it("add something to their component's only where two components would else have the same URN", () => {
    const shortened = (node: TreeNode): string => node.urn.replace(/[^:]*$/, behindParents(node));
    /** In whichever scenario: a component is named for all that have it. */
    const anywhere = (urn: string): string => urn.replace(/lambench:scenario:[^$]*/, "");
    const long = stack.tree.filter((node) => behindParents(node) !== "");
    const colliding = new Set(repeated(long.map(shortened)).map(anywhere));
    expect(long.filter((node) => !colliding.has(anywhere(shortened(node))))).toEqual([]);
  });

  it("are short, and below components: a scenario has few resources of its own", () => {
    const longest = Math.max(...stack.tree.map(({ urn }) => parse(urn).name.length));
    expect(longest).toBeLessThanOrEqual("worker-queue-sqlx-network".length);
    const own = stack.tree.filter(({ urn }) => {
      const { types } = parse(urn);
      return types.length === 2 && types[1]?.startsWith("aws:") === true;
    });
    expect(own.length).toBeLessThan(stack.tree.length / 10);
  });
});

describe("the names of each stack", async () => {
  await describeEachVariant(({ stack }) => {
    it("make no URN twice", () => {
      expect(repeated(stack.tree.map(({ urn }) => urn))).toEqual([]);
    });
  });
});
