import {
  AuthorizeSecurityGroupIngressCommand,
  CreateTagsCommand,
  DeleteVpcEndpointsCommand,
  DescribeSecurityGroupRulesCommand,
  ModifyVpcAttributeCommand,
} from "@aws-sdk/client-ec2";
import { beforeAll, describe, expect, test } from "vitest";
import { expectDeleted, expectNoDrift, refreshed, useEnvironment } from "../testing/environment";
import { type Properties, string } from "../values";

const VPC = "aws:ec2/vpc:Vpc";
const SUBNET = "aws:ec2/subnet:Subnet";
const GROUP = "aws:ec2/securityGroup:SecurityGroup";
const INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";
const EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule";
const ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint";
const env = useEnvironment();
let vpcId = "";

beforeAll(async () => {
  vpcId = (await env.engine.create(VPC, "shared", { cidrBlock: "10.1.0.0/16" })).id;
});

describe("a VPC", () => {
  test("is created, changed in place, imported and deleted", async () => {
    const args = { cidrBlock: "10.0.0.0/24", enableDnsHostnames: true, tags: { Name: "a" } };
    const vpc = await env.engine.create(VPC, "v", args);
    expect(vpc.state).toMatchObject({
      arn: `arn:aws:ec2:us-east-1:000000000000:vpc/${vpc.id}`,
      defaultSecurityGroupId: expect.stringMatching(/^sg-/) as string,
      mainRouteTableId: expect.stringMatching(/^rtb-/) as string,
    });
    await expectNoDrift(env.engine, vpc);
    expect((await env.engine.import(VPC, vpc.id))?.inputs).toEqual(vpc.inputs);
    const news = { cidrBlock: "10.0.0.0/24", tags: { Name: "b" } };
    expect(await env.engine.diff(vpc, news)).toEqual({
      changed: ["enableDnsHostnames", "tags"],
      replaces: [],
    });
    const updated = await env.engine.update(vpc, news);
    await expectNoDrift(env.engine, updated);
    expect((await env.engine.diff(vpc, { cidrBlock: "10.9.0.0/24" })).replaces).toEqual(["cidrBlock"]);
    await expectDeleted(env.engine, updated);
  });

  test("shows what others changed", async () => {
    const args = { cidrBlock: "10.2.0.0/24" };
    const vpc = await env.engine.create(VPC, "drift", args);
    const EnableDnsSupport = { Value: false };
    await env.aws.ec2.send(new ModifyVpcAttributeCommand({ VpcId: vpc.id, EnableDnsSupport }));
    await env.aws.ec2.send(new CreateTagsCommand({ Resources: [vpc.id], Tags: [{ Key: "a", Value: "1" }] }));
    const live = await refreshed(env.engine, vpc);
    expect((await env.engine.diff(live, args)).changed).toEqual(["enableDnsSupport", "tags"]);
  });
});

describe("a subnet", () => {
  test("is created in a zone, changed in place, imported and deleted", async () => {
    const { names } = await env.engine.invoke("aws:index/getAvailabilityZones:getAvailabilityZones", {
      state: "available",
      filters: [{ name: "opt-in-status", values: ["opt-in-not-required"] }],
    });
    expect(names).toEqual(["us-east-1a", "us-east-1b", "us-east-1c"]);
    const args = { vpcId, cidrBlock: "10.1.1.0/24", availabilityZone: "us-east-1b" };
    const subnet = await env.engine.create(SUBNET, "s", args);
    await expectNoDrift(env.engine, subnet);
    const news = { ...args, mapPublicIpOnLaunch: true, tags: { a: "1" } };
    expect((await env.engine.diff(subnet, news)).replaces).toEqual([]);
    const updated = await env.engine.update(subnet, news);
    await expectNoDrift(env.engine, updated);
    const elsewhere = { ...news, availabilityZone: "us-east-1c" };
    expect((await env.engine.diff(updated, elsewhere)).replaces).toEqual(["availabilityZone"]);
    await expectDeleted(env.engine, updated);
  });

  test("may be in any zone", async () => {
    const subnet = await env.engine.create(SUBNET, "any", { vpcId, cidrBlock: "10.1.2.0/24" });
    expect(subnet.state.availabilityZone).toMatch(/^us-east-1/);
    await expectNoDrift(env.engine, subnet);
  });
});

describe("a service for endpoints", () => {
  const lookUp = (args: Properties) =>
    env.engine.invoke("aws:ec2/getVpcEndpointService:getVpcEndpointService", args);

  test("is found with its full name and its zones", async () => {
    expect(await lookUp({ service: "sqs", serviceType: "Interface" })).toMatchObject({
      availabilityZones: ["us-east-1a", "us-east-1b", "us-east-1c"],
      serviceName: "com.amazonaws.us-east-1.sqs",
      serviceType: "Interface",
    });
  });

  test("is refused by name where there is none", async () => {
    await expect(lookUp({ service: "sqsx" })).rejects.toThrow(
      "there is no VPC endpoint service 'com.amazonaws.us-east-1.sqsx'",
    );
  });
});

describe("a security group", () => {
  test("lets nothing in or out, is retagged in place, imported and deleted", async () => {
    const args = { vpcId, description: "Functions", tags: { a: "1" } };
    const group = await env.engine.create(GROUP, "functions", args);
    expect(group.state.name).toMatch(/^functions-[0-9a-f]{7}$/);
    expect(await rulesOf(group.id)).toEqual([]);
    await expectNoDrift(env.engine, group);
    expect((await env.engine.import(GROUP, group.id))?.inputs).toEqual(group.inputs);
    const news = { vpcId, description: "Functions", tags: { b: "2" } };
    const updated = await env.engine.update(group, news);
    await expectNoDrift(env.engine, updated);
    expect((await env.engine.diff(updated, { vpcId })).replaces).toEqual(["description"]);
    await expectDeleted(env.engine, updated);
  });

  test("loses rules of others before it is deleted, where that is asked for", async () => {
    const group = await env.engine.create(GROUP, "revoked", { vpcId, revokeRulesOnDelete: true });
    const IpPermissions = [{ IpProtocol: "-1", IpRanges: [{ CidrIp: "10.0.0.0/8" }] }];
    await env.aws.ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId: group.id, IpPermissions }));
    await expectDeleted(env.engine, group);
  });
});

describe("a security group's rule", () => {
  test("is created for a group and a port, changed in place, imported and deleted", async () => {
    const functions = await env.engine.create(GROUP, "from", { vpcId });
    const database = await env.engine.create(GROUP, "to", { vpcId });
    for (const type of [INGRESS, EGRESS]) {
      const args = {
        securityGroupId: database.id,
        referencedSecurityGroupId: functions.id,
        ipProtocol: "tcp",
        fromPort: 5432,
        toPort: 5432,
        description: "PostgreSQL",
        tags: { a: "1" },
      };
      const rule = await env.engine.create(type, "postgres", args);
      expect(rule.state.securityGroupRuleId).toBe(rule.id);
      await expectNoDrift(env.engine, rule);
      expect((await env.engine.import(type, rule.id))?.inputs).toEqual(rule.inputs);
      const news = { ...args, fromPort: 5433, toPort: 5433, description: "Two", tags: undefined };
      expect((await env.engine.diff(rule, news)).replaces).toEqual([]);
      const updated = await env.engine.update(rule, news);
      await expectNoDrift(env.engine, updated);
      await expectDeleted(env.engine, updated);
    }
    expect(await rulesOf(database.id)).toEqual([]);
  });

  test("for all ports has none, and shows that it is gone", async () => {
    const group = await env.engine.create(GROUP, "open", { vpcId });
    const args = { securityGroupId: group.id, ipProtocol: "-1", cidrIpv4: "10.0.0.0/8" };
    const rule = await env.engine.create(EGRESS, "all", args);
    await expectNoDrift(env.engine, rule);
    await env.engine.delete(group);
    expect(await env.engine.refresh(rule)).toBeUndefined();
    await env.engine.delete(rule);
  });
});

describe("a VPC endpoint", () => {
  test("with interfaces moves between subnets and groups in place", async () => {
    const [one, two] = await Promise.all(
      ["10.1.10.0/24", "10.1.11.0/24"].map((cidrBlock) =>
        env.engine.create(SUBNET, cidrBlock, { vpcId, cidrBlock }),
      ),
    );
    const group = await env.engine.create(GROUP, "endpoints", { vpcId });
    const args = {
      vpcId,
      serviceName: "com.amazonaws.us-east-1.secretsmanager",
      vpcEndpointType: "Interface",
      privateDnsEnabled: true,
      securityGroupIds: [group.id],
      subnetIds: [one?.id ?? ""],
      tags: { a: "1" },
    };
    const endpoint = await env.engine.create(ENDPOINT, "secrets", args);
    expect(endpoint.state.state).toBe("available");
    await expectNoDrift(env.engine, endpoint);
    const news = { ...args, subnetIds: [two?.id ?? ""], privateDnsEnabled: false, tags: { b: "2" } };
    expect((await env.engine.diff(endpoint, news)).replaces).toEqual([]);
    const updated = await env.engine.update(endpoint, news);
    await expectNoDrift(env.engine, updated);
    await expectDeleted(env.engine, updated);
  });

  test("in route tables is created, changed in place, and shows that it is gone", async () => {
    const table = await env.engine.create("aws:ec2/routeTable:RouteTable", "r", { vpcId, tags: { a: "1" } });
    await expectNoDrift(env.engine, table);
    const subnet = await env.engine.create(SUBNET, "routed", { vpcId, cidrBlock: "10.1.12.0/24" });
    const args = { routeTableId: table.id, subnetId: subnet.id };
    const associated = await env.engine.create(
      "aws:ec2/routeTableAssociation:RouteTableAssociation",
      "a",
      args,
    );
    await expectNoDrift(env.engine, associated);
    const gateway = { vpcId, serviceName: "com.amazonaws.us-east-1.s3" };
    const endpoint = await env.engine.create(ENDPOINT, "s3", gateway);
    await expectNoDrift(env.engine, endpoint);
    const updated = await env.engine.update(endpoint, { ...gateway, routeTableIds: [table.id] });
    await expectNoDrift(env.engine, updated);
    await env.aws.ec2.send(new DeleteVpcEndpointsCommand({ VpcEndpointIds: [endpoint.id] }));
    expect(await env.engine.refresh(endpoint)).toBeUndefined();
    await expectDeleted(env.engine, associated);
    await expectDeleted(env.engine, table);
  });
});

async function rulesOf(groupId: string): Promise<string[]> {
  const Filters = [{ Name: "group-id", Values: [groupId] }];
  const found = await env.aws.ec2.send(new DescribeSecurityGroupRulesCommand({ Filters }));
  return (found.SecurityGroupRules ?? []).map((rule) => string({ id: rule.SecurityGroupRuleId }, "id"));
}
