import {
  CreateVpcCommand,
  DeleteVpcCommand,
  DescribeNetworkAclsCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeVpcAttributeCommand,
  DescribeVpcsCommand,
  ModifyVpcAttributeCommand,
  type Tenancy,
} from "@aws-sdk/client-ec2";
import type { Clients } from "../clients";
import { orMissing } from "../errors";
import type { ResourceType } from "../resource-type";
import { tagMap } from "../tags";
import { type Properties, boolean, string } from "../values";
import { arnOf, retagById, tagSpecifications } from "./ec2";

const MISSING = "InvalidVpcID.NotFound";

export const vpc: ResourceType = {
  inputs: {
    cidrBlock: { type: "string", required: true, replaces: true },
    enableDnsHostnames: { type: "boolean", default: false },
    enableDnsSupport: { type: "boolean", default: true },
    instanceTenancy: { type: "string", default: "default", replaces: true },
    tags: { type: "map" },
  },
  outputs: [
    "arn",
    "defaultNetworkAclId",
    "defaultRouteTableId",
    "defaultSecurityGroupId",
    "dhcpOptionsId",
    "mainRouteTableId",
    "ownerId",
    "region",
    "tagsAll",
  ],
  volatile: ["tagsAll"],

  async create(aws, inputs) {
    const { Vpc } = await aws.ec2.send(
      new CreateVpcCommand({
        CidrBlock: string(inputs, "cidrBlock"),
        InstanceTenancy: string(inputs, "instanceTenancy") as Tenancy,
        TagSpecifications: tagSpecifications("vpc", inputs),
      }),
    );
    return { id: Vpc?.VpcId ?? "" };
  },

  async settle(aws, id, inputs) {
    await putDns(aws, id, inputs);
  },

  async read(aws, id) {
    const call = aws.ec2.send(new DescribeVpcsCommand({ VpcIds: [id] }));
    const found = (await orMissing(call, MISSING))?.Vpcs?.[0];
    if (!found) return undefined;
    const tags = tagMap(found.Tags);
    const { OwnerId: ownerId, DhcpOptionsId: dhcpOptionsId } = found;
    return {
      inputs: {
        ...(await readDns(aws, id)),
        cidrBlock: found.CidrBlock,
        instanceTenancy: found.InstanceTenancy,
        tags,
      },
      outputs: {
        ...(await defaultsOf(aws, id)),
        arn: arnOf(aws, "vpc", ownerId, id),
        dhcpOptionsId,
        ownerId,
        region: aws.region,
        tagsAll: tags,
      },
    };
  },

  async update(aws, id, change) {
    await putDns(aws, id, change.news);
    await retagById(aws, id, change);
  },

  async delete(aws, id) {
    await orMissing(aws.ec2.send(new DeleteVpcCommand({ VpcId: id })), MISSING);
  },
};

/** EC2 changes one attribute per call; DNS names need DNS support, so that is changed first. */
async function putDns(aws: Clients, VpcId: string, inputs: Properties): Promise<void> {
  const EnableDnsSupport = { Value: boolean(inputs, "enableDnsSupport") };
  await aws.ec2.send(new ModifyVpcAttributeCommand({ VpcId, EnableDnsSupport }));
  const EnableDnsHostnames = { Value: boolean(inputs, "enableDnsHostnames") };
  await aws.ec2.send(new ModifyVpcAttributeCommand({ VpcId, EnableDnsHostnames }));
}

async function readDns(aws: Clients, VpcId: string): Promise<Properties> {
  const [support, hostnames] = await Promise.all(
    (["enableDnsSupport", "enableDnsHostnames"] as const).map((Attribute) =>
      aws.ec2.send(new DescribeVpcAttributeCommand({ VpcId, Attribute })),
    ),
  );
  return {
    enableDnsHostnames: hostnames?.EnableDnsHostnames?.Value,
    enableDnsSupport: support?.EnableDnsSupport?.Value,
  };
}

/** What AWS makes with each VPC. */
async function defaultsOf(aws: Clients, id: string): Promise<Properties> {
  const inVpc = { Name: "vpc-id", Values: [id] };
  const [acls, tables, groups] = await Promise.all([
    aws.ec2.send(new DescribeNetworkAclsCommand({ Filters: [inVpc, { Name: "default", Values: ["true"] }] })),
    aws.ec2.send(
      new DescribeRouteTablesCommand({ Filters: [inVpc, { Name: "association.main", Values: ["true"] }] }),
    ),
    aws.ec2.send(
      new DescribeSecurityGroupsCommand({ Filters: [inVpc, { Name: "group-name", Values: ["default"] }] }),
    ),
  ]);
  const mainRouteTableId = tables.RouteTables?.[0]?.RouteTableId;
  return {
    defaultNetworkAclId: acls.NetworkAcls?.[0]?.NetworkAclId,
    defaultRouteTableId: mainRouteTableId,
    defaultSecurityGroupId: groups.SecurityGroups?.[0]?.GroupId,
    mainRouteTableId,
  };
}
