import {
  CreateTagsCommand,
  DeleteTagsCommand,
  type ResourceType as Ec2Type,
  type TagSpecification,
} from "@aws-sdk/client-ec2";
import type { Clients } from "../clients";
import type { Change } from "../resource-type";
import { retag, tagList } from "../tags";
import { type Properties, stringMap } from "../values";

// What all resources of EC2 share.

/** The tags of a new resource; EC2 does not accept an empty list. */
export function tagSpecifications(type: Ec2Type, inputs: Properties): TagSpecification[] | undefined {
  const tags = tagList(stringMap(inputs, "tags"));
  return tags.length === 0 ? undefined : [{ ResourceType: type, Tags: tags }];
}

export async function retagById(aws: Clients, id: string, change: Change): Promise<void> {
  if (!change.changed.has("tags")) return;
  await retag(change, {
    untag: (keys) =>
      aws.ec2.send(new DeleteTagsCommand({ Resources: [id], Tags: keys.map((Key) => ({ Key })) })),
    tag: (tags) => aws.ec2.send(new CreateTagsCommand({ Resources: [id], Tags: tagList(tags) })),
  });
}

export function arnOf(aws: Clients, type: string, owner: string | undefined, id: string): string {
  return `arn:aws:ec2:${aws.region}:${owner ?? ""}:${type}/${id}`;
}
