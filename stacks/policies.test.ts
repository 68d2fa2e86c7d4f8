import { describe, expect, it } from "vitest";

import { faultsOf, overlap, type RenderedStatement } from "./iam-checks";
import { describeEachVariant } from "./variants";

/** Where the stacks' policies are, by resource type. */
const POLICIES: Readonly<Record<string, string>> = {
  "aws:iam/role:Role": "assumeRolePolicy",
  "aws:iam/rolePolicy:RolePolicy": "policy",
  "aws:s3/bucketPolicy:BucketPolicy": "policy",
  "aws:sqs/queuePolicy:QueuePolicy": "policy",
};
/** What all inline policies of a role may have together, characters without white space (IAM quotas). */
const INLINE_POLICIES = 10_240;

describe("the policies of each stack", async () => {
  await describeEachVariant(({ stack }) => {
    it("have actions that exist, on resources that those actions take", async () => {
      const policies = Object.entries(POLICIES).flatMap(([type, property]) =>
        stack.resources(type).map(({ name, inputs }) => ({ type, name, policy: inputs[property] as string })),
      );
      expect(policies.length).toBeGreaterThan(3);
      for (const { type, name, policy } of policies) {
        const { Statement } = JSON.parse(policy) as { Statement: RenderedStatement[] };
        const faults = await Promise.all(Statement.map(faultsOf));
        expect(faults.flat(), `${type} ${name}`).toEqual([]);
      }
    });

    it("leave room in what a role's inline policies may have", () => {
      const sizes = new Map<string, number>();
      for (const { inputs } of stack.resources("aws:iam/rolePolicy:RolePolicy")) {
        const role = inputs.role as string;
        sizes.set(role, (sizes.get(role) ?? 0) + (inputs.policy as string).replaceAll(/\s/g, "").length);
      }
      for (const [role, size] of sizes) expect(size, role).toBeLessThan(INLINE_POLICIES / 2);
    });
  });
});

describe("the check of policies", () => {
  const statement = (Action: string, Resource: string, Condition = {}): RenderedStatement => ({
    Effect: "Allow",
    Action: [Action],
    Resource: [Resource],
    Condition,
  });

  it.each([
    ["a misspelt action", statement("s3:GetObjects", "arn:aws:s3:::b/*"), "there is no action s3:GetObjects"],
    ["an unknown service", statement("s4:Get", "*"), "there is no service s4"],
    [
      "a bucket where objects belong",
      statement("s3:GetObject", "arn:aws:s3:::b"),
      "s3:GetObject takes none of",
    ],
    [
      "objects where a bucket belongs",
      statement("s3:ListBucket", "arn:aws:s3:::b/*"),
      "s3:ListBucket takes none",
    ],
    [
      "a resource for an action that takes none",
      statement("dynamodb:ListStreams", "arn:aws:dynamodb:eu-west-1:123456789012:table/t/stream/1"),
      "dynamodb:ListStreams takes none of",
    ],
    ["an ARN without an account", statement("sqs:SendMessage", "arn:aws:sqs:eu-west-1:q"), "suits none of"],
    ["an unknown partition", statement("s3:ListBucket", "arn:amazon:s3:::b"), "arn:amazon:s3:::b is no ARN"],
    [
      "a condition key that AWS does not have",
      statement("s3:ListBucket", "arn:aws:s3:::b", { StringLike: { "s3:prefixes": "a" } }),
      "there is no condition key s3:prefixes",
    ],
    [
      "an operator that AWS does not have",
      statement("s3:ListBucket", "arn:aws:s3:::b", { StringMatches: { "s3:prefix": "a" } }),
      "there is no operator StringMatches",
    ],
  ])("finds %s", async (_what, faulty, fault) => {
    expect((await faultsOf(faulty)).join("; ")).toContain(fault);
  });

  it("takes a log group's streams, whose names the policy leaves open", () => {
    const form =
      "arn:${Partition}:logs:${Region}:${Account}:log-group:${LogGroupName}:log-stream:${LogStreamName}";
    expect(overlap("arn:aws:logs:eu-west-1:1:log-group:/aws/lambda/f:*", form)).toBe(true);
    expect(overlap("arn:aws:logs:eu-west-1:1:log-group:/aws/lambda/f", form)).toBe(false);
  });
});
