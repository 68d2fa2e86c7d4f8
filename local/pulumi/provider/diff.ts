import { isMadeUp } from "./check";
import type { ResourceType } from "./resource-type";
import { changedInputs } from "./equality";
import type { Properties } from "./values";

export interface Difference {
  /** The inputs that differ. */
  readonly changed: string[];
  /** Those of them that need a replacement. */
  readonly replaces: string[];
  /** The old resource has to be deleted first: the new one would collide with it. */
  readonly deleteBeforeReplace: boolean;
}

/** How to get from the old inputs to the new ones. */
export function diff(
  logicalName: string,
  type: ResourceType,
  olds: Properties,
  news: Properties,
): Difference {
  const changed = [...changedInputs(olds, news, type.inputs)];
  const replaces = changed.filter((name) => !type.update || type.inputs[name]?.replaces);
  return {
    changed,
    replaces,
    deleteBeforeReplace: replaces.length > 0 && keepsGivenName(logicalName, type, olds, news),
  };
}

/**
 * A replacement gets a new generated name; a name that the program gives stays the same, and is taken.
 */
function keepsGivenName(
  logicalName: string,
  type: ResourceType,
  olds: Properties,
  news: Properties,
): boolean {
  if (!type.name) return false;
  const name = news[type.name.property];
  return name === olds[type.name.property] && !isMadeUp(logicalName, type.name, news, name);
}
