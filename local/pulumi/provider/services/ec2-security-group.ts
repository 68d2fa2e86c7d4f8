import {
  CreateSecurityGroupCommand,
  DeleteSecurityGroupCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSecurityGroupsCommand,
  RevokeSecurityGroupEgressCommand,
  RevokeSecurityGroupIngressCommand,
} from "@aws-sdk/client-ec2";
import type { Clients } from "../clients";
import { orMissing } from "../errors";
import type { ResourceType } from "../resource-type";
import { tagMap } from "../tags";
import { boolean, string } from "../values";
import { arnOf, retagById, tagSpecifications } from "./ec2";

const MISSING = "InvalidGroup.NotFound";

/** Its rules are resources of their own. */
export const securityGroup: ResourceType = {
  inputs: {
    name: { type: "string", replaces: true },
    namePrefix: { type: "string", replaces: true, unread: true },
    description: { type: "string", default: "Managed by Pulumi", replaces: true },
    revokeRulesOnDelete: { type: "boolean", default: false, unread: true },
    tags: { type: "map" },
    vpcId: { type: "string", required: true, replaces: true },
  },
  outputs: ["arn", "ownerId", "region", "tagsAll"],
  volatile: ["tagsAll"],
  name: { property: "name", prefix: "namePrefix" },

  async create(aws, inputs) {
    const { GroupId } = await aws.ec2.send(
      new CreateSecurityGroupCommand({
        Description: string(inputs, "description"),
        GroupName: string(inputs, "name"),
        TagSpecifications: tagSpecifications("security-group", inputs),
        VpcId: string(inputs, "vpcId"),
      }),
    );
    return { id: GroupId ?? "" };
  },

  /** As the official provider does: EC2 allows a new group all outbound traffic, which the program has not declared. */
  async settle(aws, id) {
    await revoke(aws, id, await rulesOf(aws, id));
  },

  async read(aws, id) {
    const call = aws.ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: [id] }));
    const found = (await orMissing(call, MISSING))?.SecurityGroups?.[0];
    if (!found) return undefined;
    const tags = tagMap(found.Tags);
    return {
      inputs: { name: found.GroupName, description: found.Description, tags, vpcId: found.VpcId },
      outputs: {
        arn: arnOf(aws, "security-group", found.OwnerId, id),
        ownerId: found.OwnerId,
        region: aws.region,
        tagsAll: tags,
      },
    };
  },

  async update(aws, id, change) {
    await retagById(aws, id, change);
  },

  async delete(aws, id, state) {
    if (boolean(state, "revokeRulesOnDelete")) await revoke(aws, id, await rulesOf(aws, id));
    await orMissing(aws.ec2.send(new DeleteSecurityGroupCommand({ GroupId: id })), MISSING);
  },
};

interface Rules {
  readonly ingress: string[];
  readonly egress: string[];
}

async function rulesOf(aws: Clients, groupId: string): Promise<Rules> {
  const Filters = [{ Name: "group-id", Values: [groupId] }];
  const rules: Rules = { ingress: [], egress: [] };
  let NextToken: string | undefined;
  do {
    const page = await aws.ec2.send(new DescribeSecurityGroupRulesCommand({ Filters, NextToken }));
    for (const { IsEgress, SecurityGroupRuleId } of page.SecurityGroupRules ?? []) {
      if (SecurityGroupRuleId) rules[IsEgress ? "egress" : "ingress"].push(SecurityGroupRuleId);
    }
    NextToken = page.NextToken;
  } while (NextToken);
  return rules;
}

async function revoke(aws: Clients, GroupId: string, { ingress, egress }: Rules): Promise<void> {
  if (ingress.length > 0) {
    await aws.ec2.send(new RevokeSecurityGroupIngressCommand({ GroupId, SecurityGroupRuleIds: ingress }));
  }
  if (egress.length > 0) {
    await aws.ec2.send(new RevokeSecurityGroupEgressCommand({ GroupId, SecurityGroupRuleIds: egress }));
  }
}
