/** What the AWS provider adds to a prefix: a time and a counter, characters (`id.UniqueIDSuffixLength` of Terraform's plugin SDK). */
const UNIQUE_SUFFIX = 26;

/**
 * The start of a name that has to be unique beyond the stack and its region, and unlike that of the resource it may replace: the
 * provider adds what makes it so. What leaves no room for that is cut.
 * @param max AWS's limit on the whole name, characters
 */
export function namePrefix(name: string, max: number): string {
  return `${name.slice(0, max - UNIQUE_SUFFIX - 1)}-`;
}
