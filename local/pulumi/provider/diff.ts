import { isMadeUp } from "./check";
import type { ResourceType } from "./resource-type";
import { changedInputs } from "./equality";
import type { Properties } from "./values";

export interface Difference {
  /** The inputs that differ. */
  readonly changed: string[];
  /** Those of them that need a new resource. */
  readonly replaces: string[];
  /** The new resource would collide with the old one, which has to go first. */
  readonly deleteBeforeReplace: boolean;
}

/** What is to be done to get from the old inputs to the new ones. */
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
 * A name that was made up is made up anew for a replacement; one that the program gives stays, and is taken.
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
