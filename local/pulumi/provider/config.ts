import { type Properties, isList, isProperties, Unknown, type Value } from "./values";

/** The provider's settings, from the program or the environment. */
export interface Settings {
  readonly region: string;
  /** URLs by the service's name in the official provider's `endpoints`. */
  readonly endpoints: Readonly<Record<string, string>>;
  /** If absent, the SDK's default chain applies: the environment first. */
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
}

/** A setting of the provider that cannot be used. */
export class SettingsError extends Error {}

// The options of the official provider that have a meaning here, and those that have none but do no harm:
// checks may happen although they are skipped, and S3 is always addressed by path.
const SUPPORTED = new Set([
  "accessKey",
  "endpoints",
  "region",
  "s3UsePathStyle",
  "secretKey",
  "skipCredentialsValidation",
  "skipMetadataApiCheck",
  "skipRegionValidation",
  "skipRequestingAccountId",
  "token",
  "version",
]);

// Other names that the official provider takes for a service.
const ALIASES: Readonly<Record<string, string>> = {
  cloudwatchevents: "events",
  cloudwatchlog: "logs",
  cloudwatchlogs: "logs",
  eventbridge: "events",
  s3api: "s3",
  stepfunctions: "sfn",
};

/**
 * The settings from the arguments of the provider, completed from the environment.
 * @throws SettingsError naming what is wrong and what to do
 */
export function parseSettings(args: Properties, environment: NodeJS.ProcessEnv): Settings {
  for (const name of Object.keys(args)) {
    if (!SUPPORTED.has(name) && isSet(args[name])) {
      const supported = [...SUPPORTED].sort().join(", ");
      throw new SettingsError(
        `the local AWS provider does not support its option '${name}'; supported: ${supported}`,
      );
    }
  }
  const endpoints = parseEndpoints(args.endpoints);
  if (Object.keys(endpoints).length === 0 && !environment.AWS_ENDPOINT_URL) {
    throw new SettingsError(
      "the local AWS provider has no endpoint: it works with local environments only. Start one with `lambench local start`, " +
        'then run `eval "$(lambench local env)"`; to deploy to AWS, use the official AWS provider',
    );
  }
  return {
    region: text(args.region) ?? environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION ?? "us-east-1",
    endpoints,
    credentials: parseCredentials(args),
  };
}

/**
 * The URL of a service.
 * @param service the official provider's name for it, such as `sfn`
 * @throws SettingsError if there is none: a local environment must never send requests to AWS
 */
export function endpointOf(settings: Settings, service: string, environment: NodeJS.ProcessEnv): string {
  const endpoint = settings.endpoints[service] ?? environment.AWS_ENDPOINT_URL;
  if (!endpoint) {
    throw new SettingsError(
      `the local AWS provider has no endpoint for '${service}': add it to the provider's \`endpoints\`, or set AWS_ENDPOINT_URL`,
    );
  }
  return endpoint;
}

function parseEndpoints(value: Value | undefined): Record<string, string> {
  const list = parseNested(value);
  const endpoints: Record<string, string> = {};
  for (const map of isList(list) ? list : []) {
    if (!isProperties(map)) continue;
    for (const [service, url] of Object.entries(map)) {
      if (typeof url !== "string" || url === "") continue;
      if (!URL.canParse(url)) {
        throw new SettingsError(
          `the endpoint of '${service}', '${url}', is not a URL: write it as http://HOST:PORT`,
        );
      }
      endpoints[ALIASES[service] ?? service] = url;
    }
  }
  return endpoints;
}

/** The engine passes nested options as JSON text. */
function parseNested(value: Value | undefined): Value | undefined {
  return typeof value === "string" && value !== "" ? (JSON.parse(value) as Value) : value;
}

function parseCredentials(args: Properties): Settings["credentials"] {
  const accessKeyId = text(args.accessKey);
  const secretAccessKey = text(args.secretKey);
  if (accessKeyId === undefined && secretAccessKey === undefined) return undefined;
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    const [given, missing] =
      accessKeyId === undefined ? ["secretKey", "accessKey"] : ["accessKey", "secretKey"];
    throw new SettingsError(`the AWS provider has '${given}' but no '${missing}': set both, or neither`);
  }
  return { accessKeyId, secretAccessKey, sessionToken: text(args.token) };
}

function isSet(value: Value | undefined): boolean {
  return value !== undefined && value !== null && value !== "" && !(value instanceof Unknown);
}

function text(value: Value | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
