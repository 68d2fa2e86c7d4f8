import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { type ServiceError, credentials } from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { Properties } from "../values";
import { decode, encode } from "../wire";
import { ROOT } from "./emulator";

/** A resource as Pulumi has it in its state. */
export interface Resource {
  readonly type: string;
  readonly name: string;
  readonly id: string;
  readonly inputs: Properties;
  readonly state: Properties;
}

/** The provider as a process, called in the engine's order. */
export class Engine {
  private constructor(
    private readonly plugin: ChildProcess,
    private readonly client: ResourceProviderClient,
  ) {}

  static async start(environment: NodeJS.ProcessEnv = {}): Promise<Engine> {
    const plugin = spawn(path.join(ROOT, "local/pulumi/bin/pulumi-resource-aws"), [], {
      env: {
        PATH: process.env.PATH,
        AWS_ACCESS_KEY_ID: "test",
        AWS_SECRET_ACCESS_KEY: "test",
        AWS_REGION: "us-east-1",
        ...environment,
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [port] = (await once(createInterface(plugin.stdout), "line")) as [string];
    return new Engine(plugin, new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure()));
  }

  async stop(): Promise<void> {
    this.client.close();
    const ended = once(this.plugin, "exit");
    this.plugin.kill("SIGTERM");
    await ended;
  }

  /** Registers a provider with these arguments; returns what is wrong with them. */
  async configure(args: Properties): Promise<string[]> {
    const check = new rpc.CheckRequest().setUrn(urn("pulumi:providers:aws", "local")).setNews(encode(args));
    const checked = await call<rpc.CheckResponse>((respond) => this.client.checkConfig(check, respond));
    const failures = checked.getFailuresList().map((failure) => failure.getReason());
    if (failures.length > 0) return failures;
    const configure = new rpc.ConfigureRequest().setArgs(encode(args));
    await call<rpc.ConfigureResponse>((respond) => this.client.configure(configure, respond));
    return [];
  }

  /** The inputs as the provider completes them; throws what is wrong with them. */
  async check(type: string, name: string, news: Properties, olds: Properties = {}): Promise<Properties> {
    const request = new rpc.CheckRequest()
      .setUrn(urn(type, name))
      .setNews(encode(news))
      .setOlds(encode(olds));
    const response = await call<rpc.CheckResponse>((respond) => this.client.check(request, respond));
    const failures = response.getFailuresList().map((failure) => failure.getReason());
    if (failures.length > 0) throw new Error(failures.join("\n"));
    return decode(response.getInputs());
  }

  async create(type: string, name: string, args: Properties): Promise<Resource> {
    const inputs = await this.check(type, name, args);
    const request = new rpc.CreateRequest().setUrn(urn(type, name)).setProperties(encode(inputs));
    const response = await call<rpc.CreateResponse>((respond) => this.client.create(request, respond));
    return { type, name, id: response.getId(), inputs, state: decode(response.getProperties()) };
  }

  /** The state that the preview of a creation shows. */
  async preview(type: string, name: string, args: Properties): Promise<Properties> {
    const inputs = await this.check(type, name, args);
    const request = new rpc.CreateRequest()
      .setUrn(urn(type, name))
      .setProperties(encode(inputs))
      .setPreview(true);
    return decode(
      (await call<rpc.CreateResponse>((respond) => this.client.create(request, respond))).getProperties(),
    );
  }

  async diff(resource: Resource, args: Properties): Promise<{ changed: string[]; replaces: string[] }> {
    const inputs = await this.check(resource.type, resource.name, args, resource.inputs);
    const request = new rpc.DiffRequest()
      .setId(resource.id)
      .setUrn(urn(resource.type, resource.name))
      .setOlds(encode(resource.state))
      .setOldInputs(encode(resource.inputs))
      .setNews(encode(inputs));
    const response = await call<rpc.DiffResponse>((respond) => this.client.diff(request, respond));
    return { changed: response.getDiffsList(), replaces: response.getReplacesList() };
  }

  async update(resource: Resource, args: Properties): Promise<Resource> {
    const inputs = await this.check(resource.type, resource.name, args, resource.inputs);
    const request = new rpc.UpdateRequest()
      .setId(resource.id)
      .setUrn(urn(resource.type, resource.name))
      .setOlds(encode(resource.state))
      .setOldInputs(encode(resource.inputs))
      .setNews(encode(inputs));
    const response = await call<rpc.UpdateResponse>((respond) => this.client.update(request, respond));
    return { ...resource, inputs, state: decode(response.getProperties()) };
  }

  /** The resource as it really is; undefined if there is none. */
  async refresh(resource: Resource): Promise<Resource | undefined> {
    const request = new rpc.ReadRequest()
      .setId(resource.id)
      .setUrn(urn(resource.type, resource.name))
      .setInputs(encode(resource.inputs))
      .setProperties(encode(resource.state));
    const response = await call<rpc.ReadResponse>((respond) => this.client.read(request, respond));
    if (response.getId() === "") return undefined;
    return { ...resource, inputs: decode(response.getInputs()), state: decode(response.getProperties()) };
  }

  /** The resource with an id, which is all that Pulumi knows of it. */
  async import(type: string, id: string): Promise<Resource | undefined> {
    return this.refresh({ type, name: "imported", id, inputs: {}, state: {} });
  }

  async delete(resource: Resource): Promise<void> {
    const request = new rpc.DeleteRequest()
      .setId(resource.id)
      .setUrn(urn(resource.type, resource.name))
      .setProperties(encode(resource.state));
    await call<Empty>((respond) => this.client.delete(request, respond));
  }

  /** What the engine calls when the user presses Ctrl-C. */
  async cancel(): Promise<void> {
    await call<Empty>((respond) => this.client.cancel(new Empty(), respond));
  }

  async invoke(token: string, args: Properties = {}): Promise<Properties> {
    const request = new rpc.InvokeRequest().setTok(token).setArgs(encode(args));
    return decode(
      (await call<rpc.InvokeResponse>((respond) => this.client.invoke(request, respond))).getReturn(),
    );
  }
}

/** A call as a promise, rejected with the provider's message. */
function call<Response>(
  send: (respond: (error: ServiceError | null, response: Response) => void) => unknown,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    send((error, response) => {
      if (error) reject(new Error(error.details));
      else resolve(response);
    });
  });
}

function urn(type: string, name: string): string {
  return `urn:pulumi:test::lambench::${type}::${name}`;
}
