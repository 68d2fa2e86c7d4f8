import { isDeepStrictEqual } from "node:util";
import type { Property, PropertyTable } from "./resource-type";
import {
  Archive,
  Asset,
  hasUnknown,
  isAbsent,
  isList,
  isProperties,
  type Properties,
  type Value,
} from "./values";

/**
 * Whether two values of a property mean the same: absent and empty are one, archives are compared by their
 * content, JSON documents by their structure. A value that is not known yet equals no other.
 */
export function isEqual(a: Value | undefined, b: Value | undefined, property?: Property): boolean {
  if (hasUnknown(a) || hasUnknown(b)) return false;
  return isDeepStrictEqual(canonical(a, property), canonical(b, property));
}

/** The declared inputs that differ, by name; what AWS may choose never differs. */
export function changedInputs(olds: Properties, news: Properties, table: PropertyTable): Set<string> {
  const isLeftToAws = (name: string) => table[name]?.computed === true && isAbsent(news[name]);
  return new Set(
    Object.keys(table).filter((name) => !isLeftToAws(name) && !isEqual(olds[name], news[name], table[name])),
  );
}

function canonical(value: Value | undefined, property?: Property): unknown {
  if (value === undefined || value === null || value === "") return undefined;
  if (value instanceof Asset || value instanceof Archive) return value.hash ?? value.source;
  if (isList(value)) return canonicalList(value, property);
  if (isProperties(value)) return canonicalObject(value, property);
  return property?.json && typeof value === "string" ? parsed(value) : value;
}

function canonicalList(list: readonly Value[], property?: Property): unknown {
  if (list.length === 0) return undefined;
  const items = list.map((item) => canonical(item, property) ?? {});
  return property?.set ? items.sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b))) : items;
}

function canonicalObject(object: Properties, property?: Property): unknown {
  const entries = Object.entries(object)
    .map(([name, value]) => [name, canonical(value, property?.fields?.[name])] as const)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => a.localeCompare(b));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** The document, or the text itself where it is not JSON: AWS reports what is wrong with it. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
