import { type UntypedServiceImplementation, type handleUnaryCall, status } from "@grpc/grpc-js";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import * as plugin from "../plugin";
import { type Subject, check } from "./check";
import { Clients } from "./clients";
import { parseSettings } from "./config";
import { diff } from "./diff";
import { explain } from "./errors";
import { initFailed } from "./init-failed";
import * as lifecycle from "./lifecycle";
import type { ResourceType } from "./resource-type";
import { isEqual } from "./equality";
import { DATA_FUNCTIONS, RESOURCE_TYPES } from "./types";
import { type Properties, hasUnknown } from "./values";
import { decode, encode } from "./wire";

/**
 * The engine's calls (pulumi/provider.proto), as functions from request to response.
 * @param version the version of the AWS package that this provider stands for
 */
export function handlers(version: string): UntypedServiceImplementation {
  const cancelled = new AbortController();
  let clients: Clients | undefined;
  const aws = (): Clients => {
    if (!clients) throw new Error("the engine called the provider before it configured it");
    return clients;
  };
  return {
    handshake: unary(() => new rpc.ProviderHandshakeResponse()),
    getPluginInfo: unary(() => new PluginInfo().setVersion(version)),
    attach: unary(() => new Empty()),
    cancel: unary(() => {
      cancelled.abort();
      return new Empty();
    }),
    checkConfig: unary((request: rpc.CheckRequest) => checkConfig(request, cancelled.signal)),
    diffConfig: unary(diffConfig),
    configure: unary(async (request: rpc.ConfigureRequest) => {
      clients = await connect(decode(request.getArgs()), cancelled.signal);
      return configured();
    }),
    check: unary(checkInputs),
    diff: unary(diffInputs),
    create: unary((request: rpc.CreateRequest) => create(aws, request)),
    read: unary((request: rpc.ReadRequest) => read(aws(), request)),
    update: unary((request: rpc.UpdateRequest) => update(aws, request)),
    delete: unary(async (request: rpc.DeleteRequest) => {
      await rowOf(request).type.delete(aws(), request.getId(), decode(request.getProperties()));
      return new Empty();
    }),
    invoke: unary((request: rpc.InvokeRequest) => invoke(aws(), request)),
  };
}

function unary<Request, Response>(
  handle: (request: Request) => Response | Promise<Response>,
): handleUnaryCall<Request, Response> {
  return plugin.unary(handle, (error) => ({
    code: status.UNKNOWN,
    details: explain(error),
    ...(error instanceof lifecycle.NotReady && { metadata: initFailed(error) }),
  }));
}

/** Without support for secrets, outputs and resources, the engine sends plain values. */
function configured(): rpc.ConfigureResponse {
  return new rpc.ConfigureResponse()
    .setAcceptsecrets(false)
    .setAcceptresources(false)
    .setAcceptoutputs(false)
    .setSupportspreview(true);
}

/** The clients for the provider's arguments, once the endpoint has responded. */
async function connect(args: Properties, cancelled: AbortSignal): Promise<Clients> {
  const clients = new Clients(parseSettings(args, process.env), process.env, cancelled);
  await clients.probe();
  return clients;
}

/**
 * Checks here already whether the endpoint responds: `configure` would too, but its error is shown once for
 * each resource. (A refresh or destroy does not call this.)
 */
async function checkConfig(request: rpc.CheckRequest, cancelled: AbortSignal): Promise<rpc.CheckResponse> {
  const response = new rpc.CheckResponse().setInputs(request.getNews());
  const args = decode(request.getNews());
  if (hasUnknown(args)) return response;
  try {
    await connect(args, cancelled);
  } catch (error) {
    response.addFailures(new rpc.CheckFailure().setReason(explain(error)));
  }
  return response;
}

/**
 * Changed settings never replace the provider, and with it every resource: endpoints change from one start to
 * the next.
 */
function diffConfig(request: rpc.DiffRequest): rpc.DiffResponse {
  const olds = decode(request.getOldInputs() ?? request.getOlds());
  const news = decode(request.getNews());
  const names = [...new Set([...Object.keys(olds), ...Object.keys(news)])];
  return diffResponse(names.filter((name) => !isEqual(olds[name], news[name])));
}

function checkInputs(request: rpc.CheckRequest): rpc.CheckResponse {
  const { type, subject } = rowOf(request);
  const { inputs, failures } = check(subject, type, decode(request.getOlds()), decode(request.getNews()));
  const response = new rpc.CheckResponse().setInputs(encode(inputs));
  for (const { property, reason } of failures) {
    response.addFailures(new rpc.CheckFailure().setProperty(property).setReason(reason));
  }
  return response;
}

function diffInputs(request: rpc.DiffRequest): rpc.DiffResponse {
  const { type, subject } = rowOf(request);
  const difference = diff(subject.name, type, decode(request.getOldInputs()), decode(request.getNews()));
  return diffResponse(difference.changed)
    .setReplacesList(difference.replaces)
    .setDeletebeforereplace(difference.deleteBeforeReplace);
}

function diffResponse(changed: string[]): rpc.DiffResponse {
  const { DIFF_NONE, DIFF_SOME } = rpc.DiffResponse.DiffChanges;
  return new rpc.DiffResponse()
    .setDiffsList(changed)
    .setChanges(changed.length === 0 ? DIFF_NONE : DIFF_SOME);
}

async function create(aws: () => Clients, request: rpc.CreateRequest): Promise<rpc.CreateResponse> {
  const { type } = rowOf(request);
  const inputs = decode(request.getProperties());
  if (request.getPreview()) {
    return new rpc.CreateResponse().setProperties(encode(lifecycle.previewCreate(type, inputs)));
  }
  const { id, state } = await lifecycle.create(type, aws(), inputs);
  return new rpc.CreateResponse().setId(id).setProperties(encode(state));
}

async function read(aws: Clients, request: rpc.ReadRequest): Promise<rpc.ReadResponse> {
  const known = { inputs: decode(request.getInputs()), state: decode(request.getProperties()) };
  const live = await lifecycle.read(rowOf(request).type, aws, request.getId(), known);
  if (!live) return new rpc.ReadResponse(); // without an id: there is none
  return new rpc.ReadResponse()
    .setId(request.getId())
    .setInputs(encode(live.inputs))
    .setProperties(encode(live.state));
}

async function update(aws: () => Clients, request: rpc.UpdateRequest): Promise<rpc.UpdateResponse> {
  const { type } = rowOf(request);
  const state = decode(request.getOlds());
  const news = decode(request.getNews());
  if (request.getPreview()) {
    return new rpc.UpdateResponse().setProperties(encode(lifecycle.previewUpdate(type, state, news)));
  }
  const change = { state, olds: decode(request.getOldInputs()), news };
  const updated = await lifecycle.update(type, aws(), request.getId(), change);
  return new rpc.UpdateResponse().setProperties(encode(updated));
}

async function invoke(aws: Clients, request: rpc.InvokeRequest): Promise<rpc.InvokeResponse> {
  const call = DATA_FUNCTIONS[request.getTok()];
  if (!call) {
    const known = Object.keys(DATA_FUNCTIONS).join(", ");
    throw new Error(`the local AWS provider has no function '${request.getTok()}': it has ${known}`);
  }
  const result: Properties = await call(aws, decode(request.getArgs()));
  return new rpc.InvokeResponse().setReturn(encode(result));
}

/** The row of the table for the resource that a request names by its URN. */
function rowOf(request: { getUrn(): string }): { type: ResourceType; subject: Subject } {
  const [, , types = "", ...name] = request.getUrn().split("::");
  const subject = { type: types.slice(types.lastIndexOf("$") + 1), name: name.join("::") };
  const type = RESOURCE_TYPES[subject.type];
  if (!type) {
    const known = Object.keys(RESOURCE_TYPES).join(", ");
    throw new Error(
      `the local AWS provider does not support ${subject.type} ('${subject.name}'); supported: ${known}. ` +
        "Leave it out of local stacks, or deploy to AWS",
    );
  }
  return { type, subject };
}
