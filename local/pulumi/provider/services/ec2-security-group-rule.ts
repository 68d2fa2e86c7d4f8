import {
  AuthorizeSecurityGroupEgressCommand,
  AuthorizeSecurityGroupIngressCommand,
  DescribeSecurityGroupRulesCommand,
  type IpPermission,
  ModifySecurityGroupRulesCommand,
  RevokeSecurityGroupEgressCommand,
  RevokeSecurityGroupIngressCommand,
  type SecurityGroupRule,
} from "@aws-sdk/client-ec2";
import type { Clients } from "../clients";
import { orMissing } from "../errors";
import type { Live, ResourceType } from "../resource-type";
import { tagMap } from "../tags";
import { type Properties, optionalNumber, optionalString, string } from "../values";
import { arnOf, retagById, tagSpecifications } from "./ec2";

const MISSING = ["InvalidSecurityGroupRuleId.NotFound", "InvalidGroup.NotFound"];
/** EC2's value for "no port", where the protocol has none. */
const NO_PORT = -1;

/** What is allowed into a security group, from one source. */
export const ingressRule = rule("ingress");
/** What is allowed out of a security group, to one destination. */
export const egressRule = rule("egress");

function rule(direction: "ingress" | "egress"): ResourceType {
  return {
    inputs: {
      cidrIpv4: { type: "string" },
      description: { type: "string" },
      fromPort: { type: "number" },
      ipProtocol: { type: "string", required: true },
      referencedSecurityGroupId: { type: "string" },
      securityGroupId: { type: "string", required: true, replaces: true },
      tags: { type: "map" },
      toPort: { type: "number" },
    },
    outputs: ["arn", "region", "securityGroupRuleId", "tagsAll"],
    volatile: ["tagsAll"],

    async create(aws, inputs) {
      const request = {
        GroupId: string(inputs, "securityGroupId"),
        IpPermissions: [permission(inputs)],
        TagSpecifications: tagSpecifications("security-group-rule", inputs),
      };
      const { SecurityGroupRules } = await (direction === "ingress"
        ? aws.ec2.send(new AuthorizeSecurityGroupIngressCommand(request))
        : aws.ec2.send(new AuthorizeSecurityGroupEgressCommand(request)));
      return { id: SecurityGroupRules?.[0]?.SecurityGroupRuleId ?? "" };
    },

    async read(aws, id, known) {
      const call = aws.ec2.send(new DescribeSecurityGroupRulesCommand({ SecurityGroupRuleIds: [id] }));
      const found = (await orMissing(call, ...MISSING))?.SecurityGroupRules?.[0];
      return found && live(aws, id, known, found);
    },

    async update(aws, id, change) {
      if ([...change.changed].some((name) => name !== "tags")) await modify(aws, id, change.news);
      await retagById(aws, id, change);
    },

    async delete(aws, id, state) {
      const request = { GroupId: string(state, "securityGroupId"), SecurityGroupRuleIds: [id] };
      const call =
        direction === "ingress"
          ? aws.ec2.send(new RevokeSecurityGroupIngressCommand(request))
          : aws.ec2.send(new RevokeSecurityGroupEgressCommand(request));
      await orMissing<unknown>(call, ...MISSING);
    },
  };
}

function permission(inputs: Properties): IpPermission {
  const Description = optionalString(inputs, "description");
  const CidrIp = optionalString(inputs, "cidrIpv4");
  const GroupId = optionalString(inputs, "referencedSecurityGroupId");
  return {
    FromPort: optionalNumber(inputs, "fromPort"),
    IpProtocol: string(inputs, "ipProtocol"),
    ToPort: optionalNumber(inputs, "toPort"),
    ...(CidrIp !== undefined && { IpRanges: [{ CidrIp, Description }] }),
    ...(GroupId !== undefined && { UserIdGroupPairs: [{ GroupId, Description }] }),
  };
}

async function modify(aws: Clients, id: string, inputs: Properties): Promise<void> {
  await aws.ec2.send(
    new ModifySecurityGroupRulesCommand({
      GroupId: string(inputs, "securityGroupId"),
      SecurityGroupRules: [
        {
          SecurityGroupRuleId: id,
          SecurityGroupRule: {
            CidrIpv4: optionalString(inputs, "cidrIpv4"),
            Description: optionalString(inputs, "description"),
            FromPort: optionalNumber(inputs, "fromPort"),
            IpProtocol: string(inputs, "ipProtocol"),
            ReferencedGroupId: optionalString(inputs, "referencedSecurityGroupId"),
            ToPort: optionalNumber(inputs, "toPort"),
          },
        },
      ],
    }),
  );
}

function live(aws: Clients, id: string, known: Properties, found: SecurityGroupRule): Live {
  const tags = tagMap(found.Tags);
  const port = (name: string, value: number | undefined) =>
    value === NO_PORT && known[name] === undefined ? undefined : value;
  return {
    inputs: {
      cidrIpv4: found.CidrIpv4,
      description: found.Description,
      fromPort: port("fromPort", found.FromPort),
      ipProtocol: found.IpProtocol,
      referencedSecurityGroupId: found.ReferencedGroupInfo?.GroupId,
      securityGroupId: found.GroupId,
      tags,
      toPort: port("toPort", found.ToPort),
    },
    outputs: {
      arn: arnOf(aws, "security-group-rule", found.GroupOwnerId, id),
      region: aws.region,
      securityGroupRuleId: id,
      tagsAll: tags,
    },
  };
}
