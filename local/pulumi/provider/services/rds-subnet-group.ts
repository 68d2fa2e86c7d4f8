import {
  CreateDBSubnetGroupCommand,
  type DBSubnetGroup,
  DeleteDBSubnetGroupCommand,
  DescribeDBSubnetGroupsCommand,
  ModifyDBSubnetGroupCommand,
} from "@aws-sdk/client-rds";
import type { Clients } from "../clients";
import { orMissing } from "../errors";
import type { ResourceType } from "../resource-type";
import { tagList } from "../tags";
import { string, stringMap, strings } from "../values";
import { retagArn, tagsOf } from "./rds";

const MISSING = "DBSubnetGroupNotFoundFault";

/** The subnets in which a database may be. */
export const subnetGroup: ResourceType = {
  inputs: {
    name: { type: "string", replaces: true },
    namePrefix: { type: "string", replaces: true, unread: true },
    description: { type: "string", default: "Managed by Pulumi" },
    subnetIds: { type: "list", required: true, set: true },
    tags: { type: "map" },
  },
  outputs: ["arn", "region", "supportedNetworkTypes", "tagsAll", "vpcId"],
  volatile: ["tagsAll"],
  name: { property: "name", prefix: "namePrefix", isLowerCase: true },

  async create(aws, inputs) {
    const name = string(inputs, "name");
    await aws.rds.send(
      new CreateDBSubnetGroupCommand({
        DBSubnetGroupDescription: string(inputs, "description"),
        DBSubnetGroupName: name,
        SubnetIds: strings(inputs, "subnetIds"),
        Tags: tagList(stringMap(inputs, "tags")),
      }),
    );
    return { id: name };
  },

  async read(aws, id) {
    const found = await find(aws, id);
    if (!found) return undefined;
    const tags = await tagsOf(aws, found.DBSubnetGroupArn);
    return {
      inputs: {
        name: id,
        description: found.DBSubnetGroupDescription,
        subnetIds: (found.Subnets ?? []).flatMap(({ SubnetIdentifier }) => SubnetIdentifier ?? []),
        tags,
      },
      outputs: {
        arn: found.DBSubnetGroupArn,
        region: aws.region,
        supportedNetworkTypes: found.SupportedNetworkTypes,
        tagsAll: tags,
        vpcId: found.VpcId,
      },
    };
  },

  async update(aws, id, change) {
    if (change.changed.has("description") || change.changed.has("subnetIds")) {
      await aws.rds.send(
        new ModifyDBSubnetGroupCommand({
          DBSubnetGroupDescription: string(change.news, "description"),
          DBSubnetGroupName: id,
          SubnetIds: strings(change.news, "subnetIds"),
        }),
      );
    }
    await retagArn(aws, (await find(aws, id))?.DBSubnetGroupArn ?? "", change);
  },

  async delete(aws, id) {
    const call = aws.rds.send(new DeleteDBSubnetGroupCommand({ DBSubnetGroupName: id }));
    await orMissing(call, MISSING);
  },
};

async function find(aws: Clients, name: string): Promise<DBSubnetGroup | undefined> {
  const call = aws.rds.send(new DescribeDBSubnetGroupsCommand({ DBSubnetGroupName: name }));
  return (await orMissing(call, MISSING))?.DBSubnetGroups?.[0];
}
