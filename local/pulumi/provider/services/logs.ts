import {
  CreateLogGroupCommand,
  DeleteLogGroupCommand,
  DeleteRetentionPolicyCommand,
  DescribeLogGroupsCommand,
  ListTagsForResourceCommand,
  PutRetentionPolicyCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import type { Clients } from "../clients";
import { orMissing } from "../errors";
import type { Change, Live, ResourceType } from "../resource-type";
import { retag } from "../tags";
import { type Properties, boolean, optionalNumber, string, stringMap } from "../values";

/** The official provider's value for "forever". */
const NO_RETENTION = 0;

export const logGroup: ResourceType = {
  inputs: {
    name: { type: "string", replaces: true },
    namePrefix: { type: "string", replaces: true, unread: true },
    retentionInDays: { type: "number", default: NO_RETENTION },
    skipDestroy: { type: "boolean", default: false, unread: true },
    tags: { type: "map" },
  },
  outputs: ["arn", "region", "tagsAll"],
  volatile: ["tagsAll"],
  name: { property: "name", prefix: "namePrefix" },

  async create(aws, inputs) {
    const name = string(inputs, "name");
    const tags = stringMap(inputs, "tags");
    // Logs refuses an empty map.
    const given = Object.keys(tags).length > 0 ? { tags } : {};
    await aws.logs.send(new CreateLogGroupCommand({ logGroupName: name, ...given }));
    return { id: name };
  },

  async settle(aws, id, inputs) {
    if (inputs.retentionInDays !== NO_RETENTION) await putRetention(aws, id, inputs);
  },

  async read(aws, id): Promise<Live | undefined> {
    const group = await find(aws, id);
    if (!group) return undefined;
    const { tags } = await aws.logs.send(new ListTagsForResourceCommand({ resourceArn: group.arn }));
    return {
      inputs: { name: id, retentionInDays: group.retentionInDays, tags },
      outputs: { arn: group.arn, region: aws.region, tagsAll: tags },
    };
  },

  async update(aws, id, change) {
    if (change.changed.has("retentionInDays")) await putRetention(aws, id, change.news);
    if (change.changed.has("tags")) await retagGroup(aws, id, change);
  },

  async delete(aws, id, state) {
    if (boolean(state, "skipDestroy")) return;
    await orMissing(
      aws.logs.send(new DeleteLogGroupCommand({ logGroupName: id })),
      "ResourceNotFoundException",
    );
  },
};

async function find(
  aws: Clients,
  name: string,
): Promise<{ arn: string; retentionInDays: number } | undefined> {
  let nextToken: string | undefined;
  do {
    const page = await aws.logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: name, nextToken }));
    const group = page.logGroups?.find((one) => one.logGroupName === name);
    if (group) {
      return {
        arn: (group.arn ?? "").replace(/:\*$/, ""),
        retentionInDays: group.retentionInDays ?? NO_RETENTION,
      };
    }
    nextToken = page.nextToken;
  } while (nextToken);
  return undefined;
}

async function putRetention(aws: Clients, name: string, inputs: Properties): Promise<void> {
  const days = optionalNumber(inputs, "retentionInDays") ?? NO_RETENTION;
  if (days === NO_RETENTION) {
    await aws.logs.send(new DeleteRetentionPolicyCommand({ logGroupName: name }));
  } else {
    await aws.logs.send(new PutRetentionPolicyCommand({ logGroupName: name, retentionInDays: days }));
  }
}

async function retagGroup(aws: Clients, name: string, change: Change): Promise<void> {
  const group = await find(aws, name);
  if (!group) return;
  await retag(change, {
    untag: (tagKeys) => aws.logs.send(new UntagResourceCommand({ resourceArn: group.arn, tagKeys })),
    tag: (tags) => aws.logs.send(new TagResourceCommand({ resourceArn: group.arn, tags })),
  });
}
