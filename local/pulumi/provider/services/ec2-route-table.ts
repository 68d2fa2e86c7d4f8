import {
  AssociateRouteTableCommand,
  CreateRouteTableCommand,
  DeleteRouteTableCommand,
  DescribeRouteTablesCommand,
  DisassociateRouteTableCommand,
} from "@aws-sdk/client-ec2";
import { orMissing } from "../errors";
import type { ResourceType } from "../resource-type";
import { tagMap } from "../tags";
import { string } from "../values";
import { arnOf, retagById, tagSpecifications } from "./ec2";

const MISSING = "InvalidRouteTableID.NotFound";

/** A table with the VPC's own route, and what gateway endpoints add. */
export const routeTable: ResourceType = {
  inputs: {
    tags: { type: "map" },
    vpcId: { type: "string", required: true, replaces: true },
  },
  outputs: ["arn", "ownerId", "region", "tagsAll"],
  volatile: ["tagsAll"],

  async create(aws, inputs) {
    const { RouteTable } = await aws.ec2.send(
      new CreateRouteTableCommand({
        TagSpecifications: tagSpecifications("route-table", inputs),
        VpcId: string(inputs, "vpcId"),
      }),
    );
    return { id: RouteTable?.RouteTableId ?? "" };
  },

  async read(aws, id) {
    const call = aws.ec2.send(new DescribeRouteTablesCommand({ RouteTableIds: [id] }));
    const found = (await orMissing(call, MISSING))?.RouteTables?.[0];
    if (!found) return undefined;
    const tags = tagMap(found.Tags);
    return {
      inputs: { tags, vpcId: found.VpcId },
      outputs: {
        arn: arnOf(aws, "route-table", found.OwnerId, id),
        ownerId: found.OwnerId,
        region: aws.region,
        tagsAll: tags,
      },
    };
  },

  async update(aws, id, change) {
    await retagById(aws, id, change);
  },

  async delete(aws, id) {
    await orMissing(aws.ec2.send(new DeleteRouteTableCommand({ RouteTableId: id })), MISSING);
  },
};

export const routeTableAssociation: ResourceType = {
  inputs: {
    routeTableId: { type: "string", required: true },
    subnetId: { type: "string", required: true },
  },
  outputs: ["region"],

  async create(aws, inputs) {
    const { AssociationId } = await aws.ec2.send(
      new AssociateRouteTableCommand({
        RouteTableId: string(inputs, "routeTableId"),
        SubnetId: string(inputs, "subnetId"),
      }),
    );
    return { id: AssociationId ?? "" };
  },

  async read(aws, id) {
    const Filters = [{ Name: "association.route-table-association-id", Values: [id] }];
    const { RouteTables } = await aws.ec2.send(new DescribeRouteTablesCommand({ Filters }));
    const found = RouteTables?.[0]?.Associations?.find((one) => one.RouteTableAssociationId === id);
    return (
      found && {
        inputs: { routeTableId: found.RouteTableId, subnetId: found.SubnetId },
        outputs: { region: aws.region },
      }
    );
  },

  async delete(aws, id) {
    const call = aws.ec2.send(new DisassociateRouteTableCommand({ AssociationId: id }));
    await orMissing(call, "InvalidAssociationID.NotFound");
  },
};
