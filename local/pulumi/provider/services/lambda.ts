import {
  type Architecture,
  CreateFunctionCommand,
  DeleteFunctionCommand,
  DeleteFunctionConcurrencyCommand,
  GetFunctionCommand,
  type GetFunctionCommandOutput,
  GetFunctionConfigurationCommand,
  type LoggingConfig,
  PutFunctionConcurrencyCommand,
  type Runtime,
  TagResourceCommand,
  type TracingMode,
  UntagResourceCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import { zip } from "../archive";
import type { Clients } from "../clients";
import { orMissing } from "../errors";
import { fromAws, toAws } from "../naming";
import type { Live, PropertyTable, ResourceType } from "../resource-type";
import { retag, type Tagging } from "../tags";
import {
  Archive,
  type Properties,
  optionalNumber,
  optionalObject,
  optionalString,
  string,
  stringMap,
  strings,
} from "../values";
import { until } from "../wait";

const MISSING = "ResourceNotFoundException";
/** The official provider's value for "no reserved concurrency". */
const UNRESERVED = -1;

const LOGGING: PropertyTable = {
  logFormat: { type: "string", required: true },
  logGroup: { type: "string" },
  applicationLogLevel: { type: "string" },
  systemLogLevel: { type: "string" },
};

export const lambdaFunction: ResourceType = {
  inputs: {
    name: { type: "string", replaces: true },
    architectures: { type: "list", default: ["x86_64"] },
    code: { type: "archive", required: true },
    description: { type: "string" },
    environment: { type: "object", fields: { variables: { type: "map" } } },
    ephemeralStorage: { type: "object", default: { size: 512 }, fields: { size: { type: "number" } } },
    handler: { type: "string", required: true },
    loggingConfig: { type: "object", fields: LOGGING },
    memorySize: { type: "number", default: 128 },
    packageType: { type: "string", default: "Zip", allowed: ["Zip"] },
    reservedConcurrentExecutions: { type: "number", default: UNRESERVED },
    role: { type: "string", required: true },
    runtime: { type: "string", required: true },
    sourceCodeHash: { type: "string", unread: true },
    tags: { type: "map" },
    timeout: { type: "number", default: 3 },
    tracingConfig: { type: "object", default: { mode: "PassThrough" }, fields: { mode: { type: "string" } } },
    vpcConfig: {
      type: "object",
      fields: {
        securityGroupIds: { type: "list", required: true, set: true },
        subnetIds: { type: "list", required: true, set: true },
      },
    },
  },
  outputs: [
    "arn",
    "codeSha256",
    "invokeArn",
    "lastModified",
    "qualifiedArn",
    "qualifiedInvokeArn",
    "region",
    "sourceCodeSize",
    "tagsAll",
    "version",
  ],
  volatile: ["codeSha256", "lastModified", "sourceCodeSize", "tagsAll"],
  hash: { property: "sourceCodeHash", of: "code" },
  name: { property: "name" },

  async create(aws, inputs) {
    const name = string(inputs, "name");
    await aws.lambda.send(
      new CreateFunctionCommand({
        ...configuration(inputs),
        FunctionName: name,
        Architectures: strings(inputs, "architectures") as Architecture[],
        Code: { ZipFile: await code(inputs) },
        PackageType: "Zip",
        Tags: stringMap(inputs, "tags"),
      }),
    );
    return { id: name };
  },

  async settle(aws, id, inputs) {
    await untilReady(aws, id);
    if (inputs.reservedConcurrentExecutions !== UNRESERVED) await putConcurrency(aws, id, inputs);
  },

  async read(aws, id, known) {
    const found = await orMissing(aws.lambda.send(new GetFunctionCommand({ FunctionName: id })), MISSING);
    return found && live(aws, id, known, found);
  },

  async update(aws, id, { olds, news, changed }) {
    if (["architectures", "code", "sourceCodeHash"].some((name) => changed.has(name))) {
      await aws.lambda.send(
        new UpdateFunctionCodeCommand({
          FunctionName: id,
          Architectures: strings(news, "architectures") as Architecture[],
          ZipFile: await code(news),
        }),
      );
      await untilReady(aws, id);
    }
    if (CONFIGURED.some((name) => changed.has(name))) {
      await aws.lambda.send(
        new UpdateFunctionConfigurationCommand({ FunctionName: id, ...configuration(news) }),
      );
      await untilReady(aws, id);
    }
    if (changed.has("reservedConcurrentExecutions")) await putConcurrency(aws, id, news);
    if (changed.has("tags")) await retag({ olds, news }, await tagging(aws, id));
  },

  async delete(aws, id) {
    await orMissing(aws.lambda.send(new DeleteFunctionCommand({ FunctionName: id })), MISSING);
  },
};

/** The inputs that `configuration` carries. */
const CONFIGURED = [
  "description",
  "environment",
  "ephemeralStorage",
  "handler",
  "loggingConfig",
  "memorySize",
  "role",
  "runtime",
  "timeout",
  "tracingConfig",
  "vpcConfig",
];

function configuration(inputs: Properties) {
  const environment = optionalObject(inputs, "environment") ?? {};
  const vpc = optionalObject(inputs, "vpcConfig") ?? {}; // an empty one takes the function out of its VPC
  return {
    Description: optionalString(inputs, "description") ?? "",
    Environment: { Variables: stringMap(environment, "variables") },
    EphemeralStorage: { Size: optionalNumber(optionalObject(inputs, "ephemeralStorage") ?? {}, "size") },
    Handler: optionalString(inputs, "handler"),
    LoggingConfig: toAws(declaredLogging(inputs)) as LoggingConfig,
    MemorySize: optionalNumber(inputs, "memorySize"),
    Role: string(inputs, "role"),
    Runtime: string(inputs, "runtime") as Runtime,
    Timeout: optionalNumber(inputs, "timeout"),
    TracingConfig: toAws(optionalObject(inputs, "tracingConfig")) as { Mode?: TracingMode },
    VpcConfig: { SecurityGroupIds: strings(vpc, "securityGroupIds"), SubnetIds: strings(vpc, "subnetIds") },
  };
}

async function code(inputs: Properties): Promise<Uint8Array> {
  if (inputs.code instanceof Archive) return zip(inputs.code);
  throw new TypeError("property 'code' is not an archive");
}

function live(aws: Clients, id: string, known: Properties, found: GetFunctionCommandOutput): Live {
  const is = found.Configuration ?? {};
  const arn = is.FunctionArn ?? "";
  const isKnownCode = known.codeSha256 === undefined || known.codeSha256 === is.CodeSha256;
  return {
    inputs: {
      name: id,
      architectures: is.Architectures ?? ["x86_64"],
      // Other code than Pulumi's has no source: without one, the next update puts Pulumi's back.
      code: isKnownCode ? known.code : undefined,
      description: is.Description,
      environment: { variables: is.Environment?.Variables },
      ephemeralStorage: { size: is.EphemeralStorage?.Size ?? 512 },
      handler: is.Handler,
      loggingConfig: readLogging(id, is.LoggingConfig, optionalObject(known, "loggingConfig")),
      memorySize: is.MemorySize,
      packageType: is.PackageType ?? "Zip",
      reservedConcurrentExecutions: found.Concurrency?.ReservedConcurrentExecutions ?? UNRESERVED,
      role: is.Role,
      runtime: is.Runtime,
      tags: found.Tags,
      timeout: is.Timeout,
      tracingConfig: { mode: is.TracingConfig?.Mode ?? "PassThrough" },
      vpcConfig: { securityGroupIds: is.VpcConfig?.SecurityGroupIds, subnetIds: is.VpcConfig?.SubnetIds },
    },
    outputs: {
      arn,
      codeSha256: is.CodeSha256,
      invokeArn: invokeArn(aws.region, arn),
      lastModified: is.LastModified,
      qualifiedArn: `${arn}:$LATEST`,
      qualifiedInvokeArn: invokeArn(aws.region, `${arn}:$LATEST`),
      region: aws.region,
      sourceCodeSize: is.CodeSize,
      tagsAll: found.Tags,
      version: "$LATEST",
      vpcConfig: is.VpcConfig?.VpcId ? { vpcId: is.VpcConfig.VpcId } : undefined,
    },
  };
}

/** The ARN by which API Gateway invokes a function. */
function invokeArn(region: string, arn: string): string {
  return `arn:aws:apigateway:${region}:lambda:path/2015-03-31/functions/${arn}/invocations`;
}

function defaultLogGroup(functionName: string): string {
  return `/aws/lambda/${functionName}`;
}

/** The logging configuration to set; complete, because an update keeps what it does not name. */
function declaredLogging(inputs: Properties): Properties {
  const defaults = { logFormat: "Text", logGroup: defaultLogGroup(string(inputs, "name")) };
  return { ...defaults, ...optionalObject(inputs, "loggingConfig") };
}

/** The logging without the defaults that AWS adds to what was declared; undefined if it is all defaults. */
function readLogging(
  functionName: string,
  logging: LoggingConfig | undefined,
  known: Properties | undefined,
): Properties | undefined {
  const defaults: Properties = {
    logGroup: defaultLogGroup(functionName),
    applicationLogLevel: "INFO",
    systemLogLevel: "INFO",
  };
  const fields = Object.entries((fromAws(logging) ?? {}) as Properties).filter(
    ([name, value]) => known?.[name] !== undefined || value !== defaults[name],
  );
  const isDefault = fields.every(([name, value]) => name === "logFormat" && value === "Text");
  return isDefault && !known ? undefined : Object.fromEntries(fields);
}

/** Waits until the last creation or update of a function has taken effect. */
async function untilReady(aws: Clients, name: string): Promise<void> {
  await until(`preparing function '${name}'`, aws.cancelled, async () => {
    const is = await aws.lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name }));
    if (is.State === "Failed" || is.LastUpdateStatus === "Failed") {
      const reason = is.StateReason ?? is.LastUpdateStatusReason ?? "no reason given";
      throw new Error(`Lambda cannot use function '${name}': ${reason}`);
    }
    return is.State === "Active" && is.LastUpdateStatus !== "InProgress";
  });
}

async function putConcurrency(aws: Clients, name: string, inputs: Properties): Promise<void> {
  const limit = optionalNumber(inputs, "reservedConcurrentExecutions") ?? UNRESERVED;
  if (limit === UNRESERVED) {
    await aws.lambda.send(new DeleteFunctionConcurrencyCommand({ FunctionName: name }));
  } else {
    await aws.lambda.send(
      new PutFunctionConcurrencyCommand({ FunctionName: name, ReservedConcurrentExecutions: limit }),
    );
  }
}

async function tagging(aws: Clients, name: string): Promise<Tagging> {
  const { FunctionArn: Resource } = await aws.lambda.send(
    new GetFunctionConfigurationCommand({ FunctionName: name }),
  );
  return {
    untag: (TagKeys) => aws.lambda.send(new UntagResourceCommand({ Resource, TagKeys })),
    tag: (Tags) => aws.lambda.send(new TagResourceCommand({ Resource, Tags })),
  };
}
