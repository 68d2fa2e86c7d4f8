import { afterAll, beforeAll, expect } from "vitest";
import { Clients } from "../clients";
import { type Emulator, startEmulator } from "./emulator";
import { Engine, type Resource } from "./engine";

// As in main.ts: the warning does not apply.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";

/** What a test of one service needs: the provider, and clients to verify its work. */
export interface Environment {
  readonly engine: Engine;
  readonly aws: Clients;
  /** The endpoint of the emulator. */
  readonly url: string;
}

/** Starts an emulator and a provider for the tests of a file; to be used inside tests only. */
export function useEnvironment(): Environment {
  let emulator: Emulator | undefined;
  let engine: Engine | undefined;
  let aws: Clients | undefined;

  beforeAll(async () => {
    emulator = await startEmulator();
    engine = await Engine.start({ AWS_ENDPOINT_URL: emulator.url });
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    const settings = { region: "us-east-1", endpoints: {}, credentials };
    aws = new Clients(settings, { AWS_ENDPOINT_URL: emulator.url }, new AbortController().signal);
    expect(await engine.configure({})).toEqual([]);
  });

  afterAll(async () => {
    await engine?.stop();
    await emulator?.stop();
  });

  return {
    get engine() {
      return made(engine);
    },
    get aws() {
      return made(aws);
    },
    get url() {
      return made(emulator).url;
    },
  };
}

/** Expects that a refresh finds no difference, as it must right after a deployment. */
export async function expectNoDrift(engine: Engine, resource: Resource): Promise<void> {
  const live = await engine.refresh(resource);
  expect(live?.state, "`pulumi refresh` would report changes that nobody made").toEqual(resource.state);
  expect(live?.inputs, "`pulumi preview` would want to undo changes that nobody made").toEqual(
    resource.inputs,
  );
}

/** Expects that it can be deleted, that it is gone then, and that deleting it again does no harm. */
export async function expectDeleted(engine: Engine, resource: Resource): Promise<void> {
  await engine.delete(resource);
  expect(await engine.refresh(resource), `${resource.id} is still there`).toBeUndefined();
  await engine.delete(resource);
}

/** The resource as a refresh finds it, which must still exist. */
export async function refreshed(engine: Engine, resource: Resource): Promise<Resource> {
  const live = await engine.refresh(resource);
  if (!live) throw new Error(`${resource.id} has disappeared`);
  return live;
}

function made<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the environment exists inside tests only");
  return value;
}
