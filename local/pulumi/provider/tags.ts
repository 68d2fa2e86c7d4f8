import { type Properties, stringMap } from "./values";

/** How a service removes tags from a resource and adds tags to it. */
export interface Tagging {
  untag(keys: string[]): Promise<unknown>;
  tag(tags: Record<string, string>): Promise<unknown>;
}

/** Replaces the old tags of a resource by the new ones; makes no call where they are the same. */
export async function retag(
  { olds, news }: { readonly olds: Properties; readonly news: Properties },
  service: Tagging,
): Promise<void> {
  const before = stringMap(olds, "tags");
  const after = stringMap(news, "tags");
  const removed = Object.keys(before).filter((key) => !Object.hasOwn(after, key));
  const set = Object.entries(after).filter(([key, value]) => before[key] !== value);
  if (removed.length > 0) await service.untag(removed);
  if (set.length > 0) await service.tag(Object.fromEntries(set));
}

/** Tags as most services list them. */
export function tagList(tags: Readonly<Record<string, string>>): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

/** Tags as a map, from such a list. */
export function tagMap(tags: readonly { Key?: string; Value?: string }[] = []): Record<string, string> {
  return Object.fromEntries(tags.map((tag) => [tag.Key ?? "", tag.Value ?? ""]));
}
