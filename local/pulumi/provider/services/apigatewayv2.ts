import {
  type Cors,
  CreateApiCommand,
  CreateStageCommand,
  DeleteApiCommand,
  DeleteCorsConfigurationCommand,
  DeleteStageCommand,
  type GetStageCommandOutput,
  GetApiCommand,
  GetStageCommand,
  GetTagsCommand,
  type RouteSettings,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateApiCommand,
  UpdateStageCommand,
} from "@aws-sdk/client-apigatewayv2";
import type { Clients } from "../clients";
import { orMissing } from "../errors";
import { fromAws, toAws } from "../naming";
import type { Change, PropertyTable, ResourceType } from "../resource-type";
import { retag } from "../tags";
import { type Properties, boolean, optionalObject, optionalString, string, stringMap } from "../values";
import { pathOf } from "./path";

const MISSING = "NotFoundException";

const CORS: PropertyTable = {
  allowCredentials: { type: "boolean" },
  allowHeaders: { type: "list", set: true },
  allowMethods: { type: "list", set: true },
  allowOrigins: { type: "list", set: true },
  exposeHeaders: { type: "list", set: true },
  maxAge: { type: "number" },
};

/** An HTTP API. */
export const api: ResourceType = {
  inputs: {
    name: { type: "string" },
    corsConfiguration: { type: "object", fields: CORS },
    description: { type: "string" },
    disableExecuteApiEndpoint: { type: "boolean", default: false },
    protocolType: { type: "string", required: true, allowed: ["HTTP"], replaces: true },
    tags: { type: "map" },
    version: { type: "string" },
  },
  outputs: ["apiEndpoint", "arn", "executionArn", "region", "tagsAll"],
  volatile: ["tagsAll"],
  name: { property: "name" },

  async create(aws, inputs) {
    const { ApiId } = await aws.apigatewayv2.send(
      new CreateApiCommand({ ...apiOf(inputs), ProtocolType: "HTTP", Tags: stringMap(inputs, "tags") }),
    );
    return { id: ApiId ?? "" };
  },

  async read(aws, id) {
    const found = await orMissing(aws.apigatewayv2.send(new GetApiCommand({ ApiId: id })), MISSING);
    if (!found) return undefined;
    const tags = await tagsOf(aws, arnOf(aws, `apis/${id}`));
    return {
      inputs: {
        name: found.Name,
        corsConfiguration: fromAws(found.CorsConfiguration),
        description: found.Description,
        disableExecuteApiEndpoint: found.DisableExecuteApiEndpoint ?? false,
        protocolType: found.ProtocolType,
        tags,
        version: found.Version,
      },
      outputs: {
        apiEndpoint: found.ApiEndpoint,
        arn: arnOf(aws, `apis/${id}`),
        executionArn: await executionArn(aws, id),
        region: aws.region,
        tagsAll: tags,
      },
    };
  },

  async update(aws, id, change) {
    const { changed, news } = change;
    if ([...changed].some((name) => name !== "tags")) {
      await aws.apigatewayv2.send(new UpdateApiCommand({ ApiId: id, ...apiOf(news) }));
    }
    if (changed.has("corsConfiguration") && !optionalObject(news, "corsConfiguration")) {
      await aws.apigatewayv2.send(new DeleteCorsConfigurationCommand({ ApiId: id }));
    }
    await retagArn(aws, arnOf(aws, `apis/${id}`), change);
  },

  async delete(aws, id) {
    await orMissing(aws.apigatewayv2.send(new DeleteApiCommand({ ApiId: id })), MISSING);
  },
};

/** A stage: what an API serves under a name. */
export const stage: ResourceType = {
  inputs: {
    accessLogSettings: {
      type: "object",
      fields: {
        destinationArn: { type: "string", required: true },
        format: { type: "string", required: true },
      },
    },
    apiId: { type: "string", required: true, replaces: true },
    autoDeploy: { type: "boolean", default: false },
    defaultRouteSettings: {
      type: "object",
      computed: true,
      fields: {
        detailedMetricsEnabled: { type: "boolean" },
        throttlingBurstLimit: { type: "number" },
        throttlingRateLimit: { type: "number" },
      },
    },
    description: { type: "string" },
    name: { type: "string", required: true, replaces: true },
    stageVariables: { type: "map" },
    tags: { type: "map" },
  },
  outputs: ["arn", "deploymentId", "executionArn", "invokeUrl", "region", "tagsAll"],
  volatile: ["deploymentId", "tagsAll"],

  async create(aws, inputs) {
    const StageName = string(inputs, "name");
    const request = { ...stageOf(inputs), StageName, Tags: stringMap(inputs, "tags") };
    await aws.apigatewayv2.send(new CreateStageCommand(request));
    return { id: StageName };
  },

  async read(aws, id, known) {
    const [apiId, name] = pathOf(id, known, "apiId");
    const call = aws.apigatewayv2.send(new GetStageCommand({ ApiId: apiId, StageName: name }));
    const found = await orMissing(call, MISSING);
    if (!found) return undefined;
    const arn = arnOf(aws, `apis/${apiId}/stages/${name}`);
    const tags = await tagsOf(aws, arn);
    const { ApiEndpoint } = await aws.apigatewayv2.send(new GetApiCommand({ ApiId: apiId }));
    return {
      inputs: {
        accessLogSettings: fromAws(found.AccessLogSettings),
        apiId,
        autoDeploy: found.AutoDeploy ?? false,
        defaultRouteSettings: readRouteSettings(found, known),
        description: found.Description,
        name,
        stageVariables: found.StageVariables,
        tags,
      },
      outputs: {
        arn,
        deploymentId: found.DeploymentId,
        executionArn: `${await executionArn(aws, apiId)}/${name}`,
        invokeUrl: name === "$default" ? `${ApiEndpoint ?? ""}/` : `${ApiEndpoint ?? ""}/${name}`,
        region: aws.region,
        tagsAll: tags,
      },
    };
  },

  async update(aws, id, change) {
    const [ApiId, StageName] = pathOf(id, change.news, "apiId");
    if ([...change.changed].some((name) => name !== "tags")) {
      await aws.apigatewayv2.send(new UpdateStageCommand({ ...stageOf(change.news), ApiId, StageName }));
    }
    await retagArn(aws, arnOf(aws, `apis/${ApiId}/stages/${StageName}`), change);
  },

  async delete(aws, id, state) {
    const [ApiId, StageName] = pathOf(id, state, "apiId");
    await orMissing(aws.apigatewayv2.send(new DeleteStageCommand({ ApiId, StageName })), MISSING);
  },
};

function apiOf(inputs: Properties) {
  return {
    CorsConfiguration: toAws(optionalObject(inputs, "corsConfiguration")) as Cors | undefined,
    Description: optionalString(inputs, "description") ?? "",
    DisableExecuteApiEndpoint: boolean(inputs, "disableExecuteApiEndpoint"),
    Name: string(inputs, "name"),
    Version: optionalString(inputs, "version") ?? "",
  };
}

/** The settings of a stage; empty ones unset what was there. */
function stageOf(inputs: Properties) {
  return {
    AccessLogSettings: toAws(optionalObject(inputs, "accessLogSettings")) ?? {},
    ApiId: string(inputs, "apiId"),
    AutoDeploy: boolean(inputs, "autoDeploy"),
    DefaultRouteSettings: toAws(optionalObject(inputs, "defaultRouteSettings")) as RouteSettings | undefined,
    Description: optionalString(inputs, "description") ?? "",
    StageVariables: stringMap(inputs, "stageVariables"),
  };
}

/** The route settings that were declared: API Gateway adds defaults to them. */
function readRouteSettings(found: GetStageCommandOutput, known: Properties): Properties | undefined {
  const settings = (fromAws(found.DefaultRouteSettings) ?? {}) as Properties;
  const declared = optionalObject(known, "defaultRouteSettings") ?? {};
  const isDefault = (name: string) => !settings[name] && declared[name] === undefined;
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !isDefault(name)));
}

/** Only here does the emulator return the current tags. */
async function tagsOf(aws: Clients, ResourceArn: string): Promise<Record<string, string> | undefined> {
  return (await aws.apigatewayv2.send(new GetTagsCommand({ ResourceArn }))).Tags;
}

async function retagArn(aws: Clients, ResourceArn: string, change: Change): Promise<void> {
  await retag(change, {
    untag: (TagKeys) => aws.apigatewayv2.send(new UntagResourceCommand({ ResourceArn, TagKeys })),
    tag: (Tags) => aws.apigatewayv2.send(new TagResourceCommand({ ResourceArn, Tags })),
  });
}

function arnOf(aws: Clients, path: string): string {
  return `arn:aws:apigateway:${aws.region}::/${path}`;
}

/** The source ARN in a function's permission. */
async function executionArn(aws: Clients, apiId: string): Promise<string> {
  return `arn:aws:execute-api:${aws.region}:${await aws.account()}:${apiId}`;
}
