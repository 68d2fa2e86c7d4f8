import type { Clients } from "./clients";
import { explain } from "./errors";
import type { Live, ResourceType } from "./resource-type";
import { changedInputs, isEqual } from "./equality";
import { type Properties, Unknown, type Value, isAbsent, isProperties } from "./values";

/** A resource exists, but could not be made ready: Pulumi has to keep it, and retry. */
export class NotReady extends Error {
  constructor(
    readonly id: string,
    readonly inputs: Properties,
    readonly state: Properties,
    cause: unknown,
  ) {
    super(explain(cause));
  }
}

/** Creates the resource and returns its state as AWS has it. */
export async function create(
  type: ResourceType,
  aws: Clients,
  inputs: Properties,
): Promise<{ id: string; state: Properties }> {
  const { id, outputs } = await type.create(aws, inputs);
  const known = { ...inputs, ...outputs };
  try {
    await type.settle?.(aws, id, inputs);
    return { id, state: await stateOf(type, aws, id, inputs, known) };
  } catch (error) {
    throw new NotReady(id, inputs, known, error);
  }
}

/** The expected state after a creation: the inputs, and everything else not known yet. */
export function previewCreate(type: ResourceType, inputs: Properties): Properties {
  return { ...unknown(outputsOf(type)), ...inputs };
}

export async function update(
  type: ResourceType,
  aws: Clients,
  id: string,
  request: { state: Properties; olds: Properties; news: Properties },
): Promise<Properties> {
  const changed = changedInputs(request.olds, request.news, type.inputs);
  await type.update?.(aws, id, { olds: request.olds, news: request.news, changed });
  return stateOf(type, aws, id, request.news, { ...request.state, ...request.news });
}

/** The expected state after an update: what it may change is not known yet. */
export function previewUpdate(type: ResourceType, state: Properties, news: Properties): Properties {
  const outputs = Object.fromEntries(outputsOf(type).map((name) => [name, state[name]]));
  return { ...outputs, ...unknown(type.volatile ?? []), ...news };
}

/**
 * What exists, as inputs and state; undefined if nothing does. Inputs that mean the same as the known ones
 * keep their spelling, and inputs that AWS does not return stay as they were declared.
 */
export async function read(
  type: ResourceType,
  aws: Clients,
  id: string,
  known: { inputs: Properties; state: Properties },
): Promise<{ inputs: Properties; state: Properties } | undefined> {
  const live = await type.read(aws, id, known.state);
  if (!live) return undefined;
  const inputs = liveInputs(type, live, known.inputs);
  return { inputs, state: merged(type, live, inputs) };
}

function liveInputs(type: ResourceType, live: Live, known: Properties): Properties {
  const inputs: Record<string, Value> = {};
  for (const [name, property] of Object.entries(type.inputs)) {
    if (property.computed && isAbsent(known[name])) continue;
    const value = live.inputs[name];
    const isKept = property.unread === true || isEqual(known[name], value, property);
    const input = isKept ? (known[name] ?? property.default) : value;
    if (input !== undefined) inputs[name] = input;
  }
  return inputs;
}

async function stateOf(
  type: ResourceType,
  aws: Clients,
  id: string,
  inputs: Properties,
  known: Properties,
): Promise<Properties> {
  const live = await type.read(aws, id, known);
  if (!live) throw new Error(`'${id}' has disappeared: run \`pulumi refresh\`, then try again`);
  return merged(type, live, inputs);
}

/**
 * The inputs, and what AWS added to them: whole properties, or fields of one. Where an input that is not read is
 * also an output, the output has its real value.
 */
function merged(type: ResourceType, live: Live, inputs: Properties): Properties {
  const chosen = Object.fromEntries(computed(type).map((name) => [name, live.inputs[name]]));
  const state: Record<string, Value | undefined> = { ...chosen, ...live.outputs };
  for (const [name, input] of Object.entries(inputs)) {
    const added = state[name];
    if (type.inputs[name]?.unread && added !== undefined) continue;
    state[name] = isProperties(added) && isProperties(input) ? { ...added, ...input } : input;
  }
  return state;
}

/** Everything that only AWS knows. */
function outputsOf(type: ResourceType): string[] {
  return [...type.outputs, ...computed(type)];
}

function computed(type: ResourceType): string[] {
  return Object.keys(type.inputs).filter((name) => type.inputs[name]?.computed);
}

function unknown(names: readonly string[]): Properties {
  return Object.fromEntries(names.map((name) => [name, Unknown.value]));
}
