import { type Properties, optionalString } from "../values";

/**
 * What something is part of, and its id in there. The id alone does not tell where it is, which is in the state;
 * on import there is none, and the id is `<parent>/<id>`.
 */
export function pathOf(id: string, known: Properties, parent: string): [parent: string, id: string] {
  const place = optionalString(known, parent);
  const slash = id.indexOf("/");
  if (slash > 0) return [place ?? id.slice(0, slash), id.slice(slash + 1)];
  if (place === undefined) throw new Error(`'${id}' does not say where it is: write it as <${parent}>/${id}`);
  return [place, id];
}
