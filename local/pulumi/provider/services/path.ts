import { type Properties, optionalString } from "../values";

/**
 * The parent of a resource, and the resource's id in it. The id alone does not name the parent, which the state
 * has; an import has no state, and its id is `<parent>/<id>`.
 */
export function pathOf(id: string, known: Properties, parent: string): [parent: string, id: string] {
  const place = optionalString(known, parent);
  const slash = id.indexOf("/");
  if (slash > 0) return [place ?? id.slice(0, slash), id.slice(slash + 1)];
  if (place === undefined)
    throw new Error(`'${id}' does not name its ${parent}: write it as <${parent}>/${id}`);
  return [place, id];
}
