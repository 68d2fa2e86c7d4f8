import { randomBytes } from "node:crypto";
import type { Kind, Naming, Property, PropertyTable, ResourceType } from "./resource-type";
import { Archive, Unknown, isAbsent, isList, isProperties, type Properties, type Value } from "./values";

/** An input that cannot be used, and why. */
export interface Failure {
  readonly property: string;
  readonly reason: string;
}

/** The resource that a request is about. */
export interface Subject {
  readonly type: string;
  /** Its name in the program. */
  readonly name: string;
}

/**
 * The inputs with defaults and the physical name, and everything that is wrong with them.
 * Nothing is ignored: a property that is not in the table is a failure.
 */
export function check(
  subject: Subject,
  type: ResourceType,
  olds: Properties,
  news: Properties,
): { inputs: Properties; failures: Failure[] } {
  const failures = checkObject(subject, type.inputs, news, "");
  const inputs: Record<string, Value | undefined> = { ...news };
  for (const [name, property] of Object.entries(type.inputs)) {
    if (isAbsent(inputs[name]) && property.default !== undefined) inputs[name] = property.default;
  }
  if (type.name && isAbsent(inputs[type.name.property])) {
    inputs[type.name.property] = physicalName(subject.name, type.name, olds, inputs);
  }
  if (type.hash && isAbsent(inputs[type.hash.property])) {
    const archive = inputs[type.hash.of];
    if (archive instanceof Archive) inputs[type.hash.property] = archive.hash;
  }
  return { inputs, failures };
}

/** Whether `check` generated the physical name of this resource, rather than the program naming it. */
export function isMadeUp(
  logicalName: string,
  naming: Naming,
  inputs: Properties,
  name: Value | undefined,
): boolean {
  const start = nameStart(logicalName, naming, inputs);
  if (typeof name !== "string" || start === undefined) return false;
  return name.startsWith(start) && /^[0-9a-f]{7}$/.test(name.slice(start.length));
}

function physicalName(logicalName: string, naming: Naming, olds: Properties, inputs: Properties): Value {
  const old = olds[naming.property];
  if (old !== undefined && isMadeUp(logicalName, naming, inputs, old)) return old;
  const start = nameStart(logicalName, naming, inputs);
  return start === undefined ? Unknown.value : start + randomBytes(4).toString("hex").slice(0, 7);
}

/** The prefix of a generated name; undefined if it is not known yet. */
function nameStart(logicalName: string, naming: Naming, inputs: Properties): string | undefined {
  const prefix = naming.prefix === undefined ? undefined : inputs[naming.prefix];
  if (prefix instanceof Unknown) return undefined;
  if (typeof prefix === "string" && prefix !== "") return prefix;
  return `${naming.isLowerCase ? logicalName.toLowerCase() : logicalName}-`;
}

function checkObject(subject: Subject, table: PropertyTable, object: Properties, path: string): Failure[] {
  const unsupported = Object.keys(object)
    .filter((name) => !isAbsent(object[name]) && !Object.hasOwn(table, name))
    .map((name) =>
      failure(path + name, `does not support ${place(subject, path + name)}; supported: ${list(table)}`),
    );
  const declared = Object.entries(table).flatMap(([name, property]) =>
    checkProperty(subject, property, object[name], path + name),
  );
  return [...unsupported, ...declared];
}

function checkProperty(
  subject: Subject,
  property: Property,
  value: Value | undefined,
  path: string,
): Failure[] {
  if (isAbsent(value)) {
    return property.required ? [failure(path, `needs ${place(subject, path)}: add it`)] : [];
  }
  if (value instanceof Unknown) return [];
  if (!isOfKind(value, property.type)) {
    return [failure(path, `needs ${article(property.type)} as ${place(subject, path)}: correct its type`)];
  }
  if (property.allowed && !property.allowed.includes(value)) {
    const allowed = property.allowed.map((one) => JSON.stringify(one)).join(", ");
    const what = `does not support ${JSON.stringify(value)} as ${place(subject, path)}`;
    return [failure(path, `${what}; supported: ${allowed}`)];
  }
  return property.fields ? checkNested(subject, property.fields, value, path) : [];
}

function checkNested(subject: Subject, fields: PropertyTable, value: Value, path: string): Failure[] {
  if (isList(value)) {
    return value.flatMap((item, index) =>
      isProperties(item) ? checkObject(subject, fields, item, `${path}[${String(index)}].`) : [],
    );
  }
  return isProperties(value) ? checkObject(subject, fields, value, `${path}.`) : [];
}

function failure(property: string, what: string): Failure {
  return { property, reason: `the local AWS provider ${what}` };
}

function place(subject: Subject, path: string): string {
  return `property '${path}' of ${subject.type} ('${subject.name}')`;
}

function list(table: PropertyTable): string {
  return Object.keys(table).sort().join(", ");
}

function isOfKind(value: Value, kind: Kind): boolean {
  switch (kind) {
    case "list":
      return isList(value);
    case "map":
    case "object":
      return isProperties(value);
    case "archive":
      return value instanceof Archive;
    default:
      return typeof value === kind;
  }
}

function article(kind: Kind): string {
  return kind === "object" || kind === "archive" ? `an ${kind}` : `a ${kind}`;
}
