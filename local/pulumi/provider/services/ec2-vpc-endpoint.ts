import {
  CreateVpcEndpointCommand,
  DeleteVpcEndpointsCommand,
  DescribeVpcEndpointsCommand,
  ModifyVpcEndpointCommand,
  type VpcEndpoint,
  type VpcEndpointType,
} from "@aws-sdk/client-ec2";
import type { Clients } from "../clients";
import { orMissing } from "../errors";
import { fromAws } from "../naming";
import type { Change, ResourceType } from "../resource-type";
import { tagMap } from "../tags";
import { type Properties, boolean, optionalString, string, strings } from "../values";
import { until } from "../wait";
import { arnOf, retagById, tagSpecifications } from "./ec2";

const MISSING = "InvalidVpcEndpointId.NotFound";

export const vpcEndpoint: ResourceType = {
  inputs: {
    // The emulator returns neither the policy nor the groups nor whether there are private names.
    policy: { type: "string", json: true, unread: true },
    privateDnsEnabled: { type: "boolean", default: false, unread: true },
    routeTableIds: { type: "list", set: true },
    securityGroupIds: { type: "list", set: true, unread: true },
    serviceName: { type: "string", required: true, replaces: true },
    subnetIds: { type: "list", set: true },
    tags: { type: "map" },
    vpcEndpointType: {
      type: "string",
      default: "Gateway",
      allowed: ["Gateway", "Interface"],
      replaces: true,
    },
    vpcId: { type: "string", required: true, replaces: true },
  },
  outputs: [
    "arn",
    "dnsEntries",
    "networkInterfaceIds",
    "ownerId",
    "region",
    "requesterManaged",
    "state",
    "tagsAll",
  ],
  volatile: ["dnsEntries", "networkInterfaceIds", "tagsAll"],

  async create(aws, inputs) {
    const isInterface = inputs.vpcEndpointType === "Interface";
    const { VpcEndpoint } = await aws.ec2.send(
      new CreateVpcEndpointCommand({
        PolicyDocument: optionalString(inputs, "policy"),
        RouteTableIds: strings(inputs, "routeTableIds"),
        SecurityGroupIds: strings(inputs, "securityGroupIds"),
        ServiceName: string(inputs, "serviceName"),
        SubnetIds: strings(inputs, "subnetIds"),
        TagSpecifications: tagSpecifications("vpc-endpoint", inputs),
        VpcEndpointType: string(inputs, "vpcEndpointType") as VpcEndpointType,
        VpcId: string(inputs, "vpcId"),
        ...(isInterface && { PrivateDnsEnabled: boolean(inputs, "privateDnsEnabled") }),
      }),
    );
    return { id: VpcEndpoint?.VpcEndpointId ?? "" };
  },

  async settle(aws, id) {
    await until(`preparing VPC endpoint ${id}`, aws.cancelled, async () => {
      const state = (await find(aws, id))?.State?.toLowerCase();
      if (state === "failed" || state === "rejected") throw new Error(`VPC endpoint ${id} is ${state}`);
      return state === "available";
    });
  },

  async read(aws, id) {
    const found = await find(aws, id);
    if (!found) return undefined;
    const tags = tagMap(found.Tags);
    return {
      inputs: {
        routeTableIds: found.RouteTableIds,
        serviceName: found.ServiceName,
        subnetIds: found.SubnetIds,
        tags,
        vpcEndpointType: found.VpcEndpointType,
        vpcId: found.VpcId,
      },
      outputs: {
        arn: arnOf(aws, "vpc-endpoint", found.OwnerId, id),
        dnsEntries: fromAws(found.DnsEntries),
        networkInterfaceIds: found.NetworkInterfaceIds,
        ownerId: found.OwnerId,
        region: aws.region,
        requesterManaged: found.RequesterManaged ?? false,
        state: found.State,
        tagsAll: tags,
      },
    };
  },

  async update(aws, id, change) {
    if ([...change.changed].some((name) => name !== "tags")) await modify(aws, id, change);
    await retagById(aws, id, change);
  },

  async delete(aws, id) {
    await orMissing(aws.ec2.send(new DeleteVpcEndpointsCommand({ VpcEndpointIds: [id] })), MISSING);
    await until(`deleting VPC endpoint ${id}`, aws.cancelled, async () => !(await find(aws, id)));
  },
};

async function find(aws: Clients, id: string): Promise<VpcEndpoint | undefined> {
  const call = aws.ec2.send(new DescribeVpcEndpointsCommand({ VpcEndpointIds: [id] }));
  const found = (await orMissing(call, MISSING))?.VpcEndpoints?.[0];
  return found?.State?.toLowerCase() === "deleted" ? undefined : found;
}

async function modify(aws: Clients, VpcEndpointId: string, { olds, news, changed }: Change): Promise<void> {
  const routeTables = moved("routeTableIds", olds, news);
  const groups = moved("securityGroupIds", olds, news);
  const subnets = moved("subnetIds", olds, news);
  const policy = optionalString(news, "policy");
  await aws.ec2.send(
    new ModifyVpcEndpointCommand({
      VpcEndpointId,
      AddRouteTableIds: routeTables.added,
      RemoveRouteTableIds: routeTables.removed,
      AddSecurityGroupIds: groups.added,
      RemoveSecurityGroupIds: groups.removed,
      AddSubnetIds: subnets.added,
      RemoveSubnetIds: subnets.removed,
      ...(changed.has("policy") &&
        (policy === undefined ? { ResetPolicy: true } : { PolicyDocument: policy })),
      ...(changed.has("privateDnsEnabled") && { PrivateDnsEnabled: boolean(news, "privateDnsEnabled") }),
    }),
  );
}

function moved(name: string, olds: Properties, news: Properties): { added: string[]; removed: string[] } {
  const before = strings(olds, name);
  const after = strings(news, name);
  return {
    added: after.filter((one) => !before.includes(one)),
    removed: before.filter((one) => !after.includes(one)),
  };
}
