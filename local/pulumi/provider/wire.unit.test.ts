import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { describe, expect, test } from "vitest";
import { Archive, Asset, Unknown } from "./values";
import { decode, encode } from "./wire";

const KEY = "4dabf18193072939515e22adb298388d";
const ASSET = "c44067f5952c0a294b673a41bacd8c17";
const ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e";

type Json = Parameters<typeof Struct.fromJavaScript>[0];

function decoded(object: Json) {
  return decode(Struct.fromJavaScript(object));
}

describe("decode", () => {
  test("leaves plain values alone", () => {
    const plain = {
      text: "a",
      number: 1.5,
      yes: true,
      nothing: null,
      list: [1, "b", []],
      nested: { deep: { x: 0 } },
    };
    expect(decoded(plain)).toEqual(plain);
    expect(decode(undefined)).toEqual({});
  });

  test.each([
    ["string", "04da6b54-80e4-46f7-96ec-b56ff0331ba9"],
    ["boolean", "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7"],
    ["number", "3eeb2bf0-c639-47a8-9e75-3b44932eb421"],
    ["list", "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2"],
    ["asset", "030794c1-ac77-496b-92df-f27374a8bd58"],
    ["archive", "e48ece36-62e2-4504-bad9-02848725956a"],
    ["object", "dd056dcd-154b-4c76-9bd3-c8f88648b5ff"],
  ])("knows an unknown %s, also inside lists and objects", (_kind, sentinel) => {
    const unknown = Unknown.value;
    expect(decoded({ a: sentinel, b: [sentinel], c: { d: sentinel } })).toEqual({
      a: unknown,
      b: [unknown],
      c: { d: unknown },
    });
  });

  test("reads assets: a text, an empty text, a file", () => {
    const asset = (fields: Json) => decoded({ a: { [KEY]: ASSET, ...fields } }).a;
    expect(asset({ text: "hello", hash: "h" })).toEqual(new Asset({ text: "hello" }, "h"));
    expect(asset({ text: "", path: "", uri: "" })).toEqual(new Asset({ text: "" }));
    expect(asset({ text: "", path: "./x", hash: "h" })).toEqual(new Asset({ path: "./x" }, "h"));
  });

  test("reads archives: a folder, and files by name with archives among them", () => {
    const inner = { [KEY]: ARCHIVE, path: "lib", hash: "i" };
    const assets = { "index.py": { [KEY]: ASSET, text: "x" }, lib: inner };
    expect(decoded({ code: { [KEY]: ARCHIVE, hash: "h", assets } }).code).toEqual(
      new Archive(
        { assets: { "index.py": new Asset({ text: "x" }), lib: new Archive({ path: "lib" }, "i") } },
        "h",
      ),
    );
  });

  test("unwraps secrets, outputs and references, wherever the engine sends them", () => {
    expect(
      decoded({
        secret: { [KEY]: SECRET, value: { password: "x" } },
        output: { [KEY]: OUTPUT, value: "y", secret: true },
        pending: { [KEY]: OUTPUT, dependencies: [] },
        reference: { [KEY]: RESOURCE, urn: "urn:x", id: "i-1" },
      }),
    ).toEqual({ secret: { password: "x" }, output: "y", pending: Unknown.value, reference: "i-1" });
  });

  test("refuses what it does not know, rather than pass it on", () => {
    expect(() => decoded({ a: { [KEY]: "something new" } })).toThrow(/unknown kind "something new".*go\.mod/);
    expect(() => decoded({ a: { [KEY]: ARCHIVE, assets: { x: "no asset" } } })).toThrow(
      "neither an asset nor an archive",
    );
  });
});

describe("encode", () => {
  test("is the reverse of decode", () => {
    const values = {
      text: "a",
      list: [1, { b: false }],
      unknown: Unknown.value,
      code: new Archive({ assets: { x: new Asset({ path: "x" }, "1"), y: new Archive({ path: "y" }) } }, "2"),
    };
    expect(decode(encode(values))).toEqual(values);
  });

  test("leaves out what is undefined, and keeps null", () => {
    expect(encode({ a: undefined, b: null, c: { d: undefined } }).toJavaScript()).toEqual({ b: null, c: {} });
  });
});
