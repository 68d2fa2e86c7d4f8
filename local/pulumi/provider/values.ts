/** Stands for a value that is only known once a resource exists; it occurs in previews only. */
export class Unknown {
  static readonly value = new Unknown();
  readonly isUnknown = true;
}

/** A file of a deployment: its text, or the path of a local file. */
export interface AssetSource {
  readonly text?: string;
  readonly path?: string;
  readonly uri?: string;
}

export class Asset {
  constructor(
    readonly source: AssetSource,
    /** SHA-256 of the content, computed by the engine. */
    readonly hash?: string,
  ) {}
}

/** Files by path, or the path of a local folder or ZIP file. */
export interface ArchiveSource {
  readonly assets?: Readonly<Record<string, Asset | Archive>>;
  readonly path?: string;
  readonly uri?: string;
}

export class Archive {
  constructor(
    readonly source: ArchiveSource,
    /** SHA-256 of the content, computed by the engine. */
    readonly hash?: string,
  ) {}
}

export type Value =
  null | boolean | number | string | Unknown | Asset | Archive | readonly Value[] | Properties;

/** The inputs or the state of a resource, by Pulumi's camelCase names. */
export interface Properties {
  readonly [name: string]: Value | undefined;
}

export function isAbsent(value: Value | undefined): value is null | undefined {
  return value === undefined || value === null;
}

/** True for a nested object: neither a list nor one of the special values. */
export function isProperties(value: Value | undefined): value is Properties {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Unknown || value instanceof Asset || value instanceof Archive)
  );
}

export function isList(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

export function isScalar(value: Value | undefined): value is string | number | boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

/** True if the value is, or has anywhere inside, one that is not known yet. */
export function hasUnknown(value: Value | undefined): boolean {
  if (value instanceof Unknown) return true;
  if (isList(value)) return value.some(hasUnknown);
  return isProperties(value) && Object.values(value).some(hasUnknown);
}

/** The properties with these names, as far as there are any. */
export function pick(properties: Properties, names: Iterable<string>): Properties {
  return Object.fromEntries(
    [...names].flatMap((name) => (properties[name] === undefined ? [] : [[name, properties[name]]])),
  );
}

// Readers for inputs that `check` has already accepted: a wrong type here is a mistake in this provider.

export function string(properties: Properties, name: string): string {
  const value = optionalString(properties, name);
  if (value === undefined) throw new TypeError(`property '${name}' is missing`);
  return value;
}

export function optionalString(properties: Properties, name: string): string | undefined {
  const value = properties[name] ?? undefined;
  if (value !== undefined && typeof value !== "string")
    throw new TypeError(`property '${name}' is not a string`);
  return value;
}

export function optionalNumber(properties: Properties, name: string): number | undefined {
  const value = properties[name] ?? undefined;
  if (value !== undefined && typeof value !== "number")
    throw new TypeError(`property '${name}' is not a number`);
  return value;
}

export function boolean(properties: Properties, name: string): boolean {
  return properties[name] === true;
}

export function optionalObject(properties: Properties, name: string): Properties | undefined {
  const value = properties[name] ?? undefined;
  if (value !== undefined && !isProperties(value)) throw new TypeError(`property '${name}' is not an object`);
  return value;
}

export function objects(properties: Properties, name: string): Properties[] {
  const value = properties[name] ?? [];
  if (!isList(value)) throw new TypeError(`property '${name}' is not a list`);
  return value.filter(isProperties);
}

export function strings(properties: Properties, name: string): string[] {
  const value = properties[name] ?? [];
  if (!isList(value)) throw new TypeError(`property '${name}' is not a list`);
  return value.filter(isScalar).map(String);
}

/** A map of strings, such as tags or environment variables; empty if it is absent. */
export function stringMap(properties: Properties, name: string): Record<string, string> {
  const map = optionalObject(properties, name) ?? {};
  return Object.fromEntries(
    Object.entries(map).flatMap(([key, value]) => (isScalar(value) ? [[key, String(value)]] : [])),
  );
}
