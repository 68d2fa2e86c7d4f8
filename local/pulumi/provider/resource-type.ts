import type { Clients } from "./clients";
import type { Properties, Value } from "./values";

export type Kind = "string" | "number" | "boolean" | "list" | "map" | "object" | "archive";

/** One input property of a resource type. */
export interface Property {
  readonly type: Kind;
  readonly required?: true;
  /** AWS's default; `check` adds it, so that drift from it is seen. */
  readonly default?: Value;
  /** The only values that work locally. */
  readonly allowed?: readonly Value[];
  /** A change needs a new resource. */
  readonly replaces?: true;
  /** A JSON document as text: compared by structure, not as text. */
  readonly json?: true;
  /** A list whose order has no meaning. */
  readonly set?: true;
  /** AWS has no such property or does not return it: `read` keeps what was declared. */
  readonly unread?: true;
  /** AWS chooses a value where none is declared: then it is an output, and no drift. */
  readonly computed?: true;
  /** The properties of a nested object, or of each object in a list; without it, any are taken. */
  readonly fields?: PropertyTable;
}

export type PropertyTable = Readonly<Record<string, Property>>;

/** How a physical name is generated where the program gives none: `<logical name>-<7 hex digits>`. */
export interface Naming {
  /** The property that holds the name. */
  readonly property: string;
  /** The property that holds a prefix to use in place of the logical name. */
  readonly prefix?: string;
  /** AWS allows no capital letters in it. */
  readonly isLowerCase?: true;
}

/** An input that is the hash of an archive where the program gives none, as the official provider's bridge fills it (`HashField`). */
export interface Hash {
  readonly property: string;
  /** The archive's property. */
  readonly of: string;
}

/** What really exists, by the names of the inputs and outputs of its type. */
export interface Live {
  readonly inputs: Properties;
  readonly outputs: Properties;
}

/** A row of the table in types.ts: everything the provider knows about one type of resource. */
export interface ResourceType {
  readonly inputs: PropertyTable;
  /** The properties that only AWS can know: unknown in the preview of a creation. */
  readonly outputs: readonly string[];
  /** Those of them that an update may change: unknown in the preview of an update. */
  readonly volatile?: readonly string[];
  /** Absent where a resource has no name of its own, or one that cannot be generated. */
  readonly name?: Naming;
  readonly hash?: Hash;

  /** Creates the resource, and returns as soon as there is anything to delete. */
  create(aws: Clients, inputs: Properties): Promise<Created>;

  /** What has to happen between `create` and the first use of the resource. */
  settle?(aws: Clients, id: string, inputs: Properties): Promise<void>;

  /**
   * What exists under this id, or undefined if nothing does.
   * @param known the state that Pulumi knows; empty on import
   */
  read(aws: Clients, id: string, known: Properties): Promise<Live | undefined>;

  /** Applies changed inputs in place; without it, every change replaces. */
  update?(aws: Clients, id: string, change: Change): Promise<void>;

  /** Deletes the resource and waits until it is gone; no error if there is none. */
  delete(aws: Clients, id: string, state: Properties): Promise<void>;
}

export interface Created {
  readonly id: string;
  /** What cannot be read later; `read` finds it in the known state. */
  readonly outputs?: Properties;
}

export interface Change {
  readonly olds: Properties;
  readonly news: Properties;
  /** The inputs that differ. */
  readonly changed: ReadonlySet<string>;
}
