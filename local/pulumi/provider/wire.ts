import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";
import { Archive, Asset, Unknown, isList, type Properties, type Value } from "./values";

// The engine's wire format (sdk/go/common/resource/plugin/rpc.go): JSON in a protobuf Struct, in which an
// object with this key is something that JSON cannot express, and a string of this list is a value that is not
// known yet.
const SIGNATURE_KEY = "4dabf18193072939515e22adb298388d";
const SIGNATURES = {
  asset: "c44067f5952c0a294b673a41bacd8c17",
  archive: "0def7320c3a5731c473e5ecbe6d01bc7",
  secret: "1b47061264138c4ac30d75fd1eb44270",
  output: "d0e6a833031e9bbcd3f4e8bde6ca49a4",
  resource: "5cf8f73096256a8f31e491e813e4eb8e",
} as const;
const UNKNOWN_STRING = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const UNKNOWNS = new Set([
  UNKNOWN_STRING,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", // boolean
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421", // number
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2", // list
  "030794c1-ac77-496b-92df-f27374a8bd58", // asset
  "e48ece36-62e2-4504-bad9-02848725956a", // archive
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff", // object
]);

type Json = JavaScriptValue;
type JsonObject = Record<string, Json>;

/** What the engine sent, as values; empty if it sent nothing. */
export function decode(struct: Struct | undefined): Properties {
  return struct ? decodeObject(struct.toJavaScript()) : {};
}

/** Values as the engine wants them. Undefined properties are left out. */
export function encode(properties: Properties): Struct {
  return Struct.fromJavaScript(encodeObject(properties));
}

function decodeObject(object: JsonObject): Properties {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, decodeValue(value)]));
}

function decodeValue(value: Json): Value {
  if (typeof value === "string") return UNKNOWNS.has(value) ? Unknown.value : value;
  if (Array.isArray(value)) return value.map(decodeValue);
  if (value === null || typeof value !== "object") return value;
  const object = value as JsonObject;
  const signature = object[SIGNATURE_KEY];
  return signature === undefined ? decodeObject(object) : decodeSpecial(signature, object);
}

function decodeSpecial(signature: Json, object: JsonObject): Value {
  switch (signature) {
    case SIGNATURES.asset:
      return decodeAsset(object);
    case SIGNATURES.archive:
      return decodeArchive(object);
    case SIGNATURES.secret:
      return decodeValue(object.value ?? null);
    case SIGNATURES.output: // without a value: not known yet
      return object.value === undefined ? Unknown.value : decodeValue(object.value);
    case SIGNATURES.resource: // a component has no id
      return decodeValue(object.id ?? object.urn ?? null);
    default:
      throw new Error(
        `the engine sent a value of unknown kind ${JSON.stringify(signature)}: ` +
          "use the Pulumi CLI version that local/pulumi/cli/go.mod pins",
      );
  }
}

function decodeArchive(object: JsonObject): Archive {
  if (object.assets === undefined || object.assets === null) {
    return new Archive(place(object), hashOf(object));
  }
  const assets: Record<string, Asset | Archive> = {};
  for (const [path, value] of Object.entries(decodeObject(object.assets as JsonObject))) {
    if (!(value instanceof Asset || value instanceof Archive)) {
      throw new Error(`'${path}' in an archive is neither an asset nor an archive`);
    }
    assets[path] = value;
  }
  return new Archive({ assets }, hashOf(object));
}

/** Where a file or archive is; the engine sends what is not set as empty strings. */
function place(object: JsonObject): { path?: string; uri?: string } {
  if (typeof object.path === "string" && object.path !== "") return { path: object.path };
  if (typeof object.uri === "string" && object.uri !== "") return { uri: object.uri };
  return {};
}

function decodeAsset(object: JsonObject): Asset {
  const source = place(object);
  const isText = source.path === undefined && source.uri === undefined;
  return new Asset(
    isText ? { text: typeof object.text === "string" ? object.text : "" } : source,
    hashOf(object),
  );
}

function hashOf(object: JsonObject): string | undefined {
  return typeof object.hash === "string" && object.hash !== "" ? object.hash : undefined;
}

function encodeObject(properties: Properties): JsonObject {
  const object: JsonObject = {};
  for (const [name, value] of Object.entries(properties)) {
    if (value !== undefined) object[name] = encodeValue(value);
  }
  return object;
}

function encodeValue(value: Value): Json {
  if (value === null || typeof value !== "object") return value;
  if (value instanceof Unknown) return UNKNOWN_STRING;
  if (value instanceof Asset) return encodeSpecial(SIGNATURES.asset, { ...value.source, hash: value.hash });
  if (value instanceof Archive)
    return encodeSpecial(SIGNATURES.archive, { ...value.source, hash: value.hash });
  if (isList(value)) return value.map(encodeValue);
  return encodeObject(value);
}

function encodeSpecial(signature: string, fields: Properties): JsonObject {
  return { [SIGNATURE_KEY]: signature, ...encodeObject(fields) };
}
