import {
  CreateSubnetCommand,
  DeleteSubnetCommand,
  DescribeSubnetsCommand,
  ModifySubnetAttributeCommand,
} from "@aws-sdk/client-ec2";
import type { Clients } from "../clients";
import { orMissing } from "../errors";
import type { ResourceType } from "../resource-type";
import { tagMap } from "../tags";
import { type Properties, boolean, optionalString, string } from "../values";
import { arnOf, retagById, tagSpecifications } from "./ec2";

const MISSING = "InvalidSubnetID.NotFound";

export const subnet: ResourceType = {
  inputs: {
    availabilityZone: { type: "string", replaces: true, computed: true },
    cidrBlock: { type: "string", required: true, replaces: true },
    mapPublicIpOnLaunch: { type: "boolean", default: false },
    tags: { type: "map" },
    vpcId: { type: "string", required: true, replaces: true },
  },
  outputs: ["arn", "availabilityZoneId", "ownerId", "region", "tagsAll"],
  volatile: ["tagsAll"],

  async create(aws, inputs) {
    const { Subnet } = await aws.ec2.send(
      new CreateSubnetCommand({
        AvailabilityZone: optionalString(inputs, "availabilityZone"),
        CidrBlock: string(inputs, "cidrBlock"),
        TagSpecifications: tagSpecifications("subnet", inputs),
        VpcId: string(inputs, "vpcId"),
      }),
    );
    return { id: Subnet?.SubnetId ?? "" };
  },

  async settle(aws, id, inputs) {
    if (boolean(inputs, "mapPublicIpOnLaunch")) await putPublicIp(aws, id, inputs);
  },

  async read(aws, id) {
    const call = aws.ec2.send(new DescribeSubnetsCommand({ SubnetIds: [id] }));
    const found = (await orMissing(call, MISSING))?.Subnets?.[0];
    if (!found) return undefined;
    const tags = tagMap(found.Tags);
    return {
      inputs: {
        availabilityZone: found.AvailabilityZone,
        cidrBlock: found.CidrBlock,
        mapPublicIpOnLaunch: found.MapPublicIpOnLaunch,
        tags,
        vpcId: found.VpcId,
      },
      outputs: {
        arn: arnOf(aws, "subnet", found.OwnerId, id),
        availabilityZoneId: found.AvailabilityZoneId,
        ownerId: found.OwnerId,
        region: aws.region,
        tagsAll: tags,
      },
    };
  },

  async update(aws, id, change) {
    if (change.changed.has("mapPublicIpOnLaunch")) await putPublicIp(aws, id, change.news);
    await retagById(aws, id, change);
  },

  async delete(aws, id) {
    await orMissing(aws.ec2.send(new DeleteSubnetCommand({ SubnetId: id })), MISSING);
  },
};

async function putPublicIp(aws: Clients, SubnetId: string, inputs: Properties): Promise<void> {
  const MapPublicIpOnLaunch = { Value: boolean(inputs, "mapPublicIpOnLaunch") };
  await aws.ec2.send(new ModifySubnetAttributeCommand({ SubnetId, MapPublicIpOnLaunch }));
}
