import { type Properties, stringMap } from "./values";

/** What has to be set and removed to get from the old tags to the new ones. */
export function tagChanges(
  olds: Properties,
  news: Properties,
): { set: Record<string, string>; removed: string[] } {
  const before = stringMap(olds, "tags");
  const after = stringMap(news, "tags");
  return {
    set: Object.fromEntries(Object.entries(after).filter(([key, value]) => before[key] !== value)),
    removed: Object.keys(before).filter((key) => !Object.hasOwn(after, key)),
  };
}

/** Tags as most services list them. */
export function tagList(tags: Readonly<Record<string, string>>): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

/** Tags as a map, from such a list. */
export function tagMap(tags: readonly { Key?: string; Value?: string }[] = []): Record<string, string> {
  return Object.fromEntries(tags.map((tag) => [tag.Key ?? "", tag.Value ?? ""]));
}
