import { type Properties, type Value, isList, isProperties } from "./values";

/** AWS's names by Pulumi's, where they differ by more than a capital letter. */
export type Names = Readonly<Record<string, string>>;

/**
 * Nested inputs with AWS's names: `daysAfterInitiation` becomes `DaysAfterInitiation`.
 */
export function toAws(value: Value | undefined, names: Names = {}): unknown {
  if (isList(value)) return value.map((item) => toAws(item, names));
  if (!isProperties(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      names[name] ?? name.charAt(0).toUpperCase() + name.slice(1),
      toAws(field, names),
    ]),
  );
}

/** The reverse of {@link toAws}, for what AWS returns. */
export function fromAws(value: unknown, names: Names = {}): Value | undefined {
  if (value === undefined || value === null) return undefined;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.flatMap((item: unknown) => fromAws(item, names) ?? []);
  if (typeof value !== "object") return value as string | number | boolean;
  const reverse = new Map(Object.entries(names).map(([ours, theirs]) => [theirs, ours]));
  const properties: Record<string, Properties[string]> = {};
  for (const [name, field] of Object.entries(value)) {
    properties[reverse.get(name) ?? name.charAt(0).toLowerCase() + name.slice(1)] = fromAws(field, names);
  }
  return properties;
}
