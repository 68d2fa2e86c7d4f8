import { describe, expect, test } from "vitest";
import { Clients } from "./clients";
import { initFailed } from "./init-failed";
import { NotReady, create, previewCreate, previewUpdate, read, update } from "./lifecycle";
import type { Live, ResourceType } from "./resource-type";
import { Unknown } from "./values";

const AWS = new Clients({ region: "us-east-1", endpoints: {} }, {}, new AbortController().signal);

/** A resource type with one resource, whose state is `live`. */
function typeOver(live: { now: Live | undefined }, more: Partial<ResourceType> = {}): ResourceType {
  return {
    inputs: {
      size: { type: "number", default: 1 },
      policy: { type: "string", json: true },
      forceDestroy: { type: "boolean", default: false, unread: true },
      port: { type: "number", computed: true },
    },
    outputs: ["arn", "version"],
    volatile: ["version"],
    create: () => Promise.resolve({ id: "thing-1", outputs: { token: "kept" } }),
    read: () => Promise.resolve(live.now),
    delete: () => Promise.resolve(),
    ...more,
  };
}

const LIVE: Live = { inputs: { size: 1, policy: '{"a":1}' }, outputs: { arn: "arn:1", version: "1" } };

describe("create", () => {
  test("returns what was declared and what AWS added", async () => {
    const inputs = { size: 1, policy: '{ "a": 1 }' };
    const { id, state } = await create(typeOver({ now: LIVE }), AWS, inputs);
    expect(id).toBe("thing-1");
    expect(state).toEqual({ ...inputs, arn: "arn:1", version: "1" });
  });

  test("does not lose a resource that exists but is not ready: Pulumi could never delete it", async () => {
    const settle = () => Promise.reject(new Error("it does not start"));
    const failing = create(typeOver({ now: LIVE }, { settle }), AWS, { size: 1 });
    const error = await failing.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(NotReady);
    if (!(error instanceof NotReady)) return;
    expect(error).toMatchObject({
      id: "thing-1",
      message: "it does not start",
      state: { size: 1, token: "kept" },
    });
    const [detail] = initFailed(error).get("grpc-status-details-bin");
    expect(String(detail)).toContain("pulumirpc.ErrorResourceInitFailed");
    expect(String(detail)).toContain("thing-1");
  });

  test("previews the outputs as unknown", () => {
    expect(previewCreate(typeOver({ now: undefined }), { size: 2 })).toEqual({
      size: 2,
      arn: Unknown.value,
      version: Unknown.value,
      port: Unknown.value,
    });
  });
});

describe("update", () => {
  test("is told what changed, and returns what AWS then has", async () => {
    const live = { now: LIVE };
    let changed: string[] = [];
    const type = typeOver(live, {
      update: (_aws, _id, change) => {
        changed = [...change.changed];
        live.now = { inputs: { size: 2 }, outputs: { arn: "arn:1", version: "2" } };
        return Promise.resolve();
      },
    });
    const request = { state: { size: 1, arn: "arn:1", version: "1" }, olds: { size: 1 }, news: { size: 2 } };
    expect(await update(type, AWS, "thing-1", request)).toEqual({ size: 2, arn: "arn:1", version: "2" });
    expect(changed).toEqual(["size"]);
  });

  test("previews as unknown only what an update may change", () => {
    const state = { size: 1, arn: "arn:1", version: "1" };
    expect(previewUpdate(typeOver({ now: LIVE }), state, { size: 2 })).toEqual({
      size: 2,
      arn: "arn:1",
      version: Unknown.value,
    });
  });
});

describe("read", () => {
  test("keeps the program's spelling, and what AWS does not return", async () => {
    const known = { inputs: { size: 1, policy: '{ "a": 1 }', forceDestroy: true }, state: {} };
    const found = await read(typeOver({ now: LIVE }), AWS, "thing-1", known);
    expect(found?.inputs).toEqual(known.inputs);
    expect(found?.state).toEqual({ ...known.inputs, arn: "arn:1", version: "1" });
  });

  test("returns what is there where it differs", async () => {
    const live = { now: { ...LIVE, inputs: { size: 9 } } };
    const found = await read(typeOver(live), AWS, "thing-1", {
      inputs: { size: 1, policy: "{}" },
      state: {},
    });
    expect(found?.inputs).toMatchObject({ size: 9 });
  });

  test("finds everything by the id alone", async () => {
    const found = await read(typeOver({ now: LIVE }), AWS, "thing-1", { inputs: {}, state: {} });
    expect(found?.inputs).toEqual({ ...LIVE.inputs, forceDestroy: false });
  });

  test("finds no drift in what AWS chose, but in what it was told to choose", async () => {
    const live = { now: { ...LIVE, inputs: { size: 1, port: 5432 } } };
    const left = await read(typeOver(live), AWS, "thing-1", { inputs: { size: 1 }, state: {} });
    expect(left?.inputs).not.toHaveProperty("port");
    expect(left?.state).toMatchObject({ port: 5432 });
    const told = await read(typeOver(live), AWS, "thing-1", { inputs: { size: 1, port: 1 }, state: {} });
    expect(told?.inputs).toMatchObject({ port: 5432 });
  });

  test("has in the state what an input really is, even if that is no drift", async () => {
    const type = typeOver(
      { now: { inputs: {}, outputs: { port: 54_321 } } },
      { inputs: { port: { type: "number", unread: true } } },
    );
    const found = await read(type, AWS, "thing-1", { inputs: { port: 5432 }, state: {} });
    expect(found).toEqual({ inputs: { port: 5432 }, state: { port: 54_321 } });
  });

  test("has the fields that AWS adds to a declared object in the state alone", async () => {
    const inputs = { network: { subnets: ["a"] } };
    const type = typeOver(
      { now: { inputs, outputs: { network: { vpc: "vpc-1" } } } },
      { inputs: { network: { type: "object" } } },
    );
    const found = await read(type, AWS, "thing-1", { inputs, state: {} });
    expect(found).toEqual({ inputs, state: { network: { subnets: ["a"], vpc: "vpc-1" } } });
  });

  test("of nothing is nothing", async () => {
    expect(
      await read(typeOver({ now: undefined }), AWS, "thing-1", { inputs: {}, state: {} }),
    ).toBeUndefined();
  });
});
