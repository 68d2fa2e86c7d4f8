import {
  AddTagsToResourceCommand,
  ListTagsForResourceCommand,
  RemoveTagsFromResourceCommand,
} from "@aws-sdk/client-rds";
import type { Clients } from "../clients";
import type { Change } from "../resource-type";
import { retag, tagList, tagMap } from "../tags";
import { type Properties, optionalString } from "../values";

// What the resources of RDS share.

export async function tagsOf(aws: Clients, arn: string | undefined): Promise<Record<string, string>> {
  const { TagList } = await aws.rds.send(new ListTagsForResourceCommand({ ResourceName: arn }));
  return tagMap(TagList);
}

export async function retagArn(aws: Clients, ResourceName: string, change: Change): Promise<void> {
  if (!change.changed.has("tags")) return;
  await retag(change, {
    untag: (TagKeys) => aws.rds.send(new RemoveTagsFromResourceCommand({ ResourceName, TagKeys })),
    tag: (tags) => aws.rds.send(new AddTagsToResourceCommand({ ResourceName, Tags: tagList(tags) })),
  });
}

/** The declared version, where it is a prefix of the real one: RDS completes `16` to `16.8`. */
export function engineVersion(known: Properties, actual: string | undefined): string | undefined {
  const declared = optionalString(known, "engineVersion");
  return declared !== undefined && actual?.startsWith(`${declared}.`) ? declared : actual;
}
