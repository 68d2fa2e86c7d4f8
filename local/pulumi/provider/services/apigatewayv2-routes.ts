import {
  type AuthorizationType,
  CreateIntegrationCommand,
  CreateRouteCommand,
  DeleteIntegrationCommand,
  DeleteRouteCommand,
  GetIntegrationCommand,
  GetRouteCommand,
  type IntegrationType,
  UpdateIntegrationCommand,
  UpdateRouteCommand,
} from "@aws-sdk/client-apigatewayv2";
import { orMissing } from "../errors";
import type { ResourceType } from "../resource-type";
import { type Properties, optionalNumber, optionalString, string, strings } from "../values";
import { pathOf } from "./path";

const MISSING = "NotFoundException";

/** A route: which requests go to which integration. */
export const route: ResourceType = {
  inputs: {
    apiId: { type: "string", required: true, replaces: true },
    authorizationScopes: { type: "list", set: true },
    authorizationType: { type: "string", default: "NONE", allowed: ["NONE", "AWS_IAM"] },
    operationName: { type: "string" },
    routeKey: { type: "string", required: true },
    target: { type: "string" },
  },
  outputs: ["region"],

  async create(aws, inputs) {
    const { RouteId } = await aws.apigatewayv2.send(new CreateRouteCommand(routeOf(inputs)));
    return { id: RouteId ?? "" };
  },

  async read(aws, id, known) {
    const [apiId, RouteId] = pathOf(id, known, "apiId");
    const call = aws.apigatewayv2.send(new GetRouteCommand({ ApiId: apiId, RouteId }));
    const found = await orMissing(call, MISSING);
    return (
      found && {
        inputs: {
          apiId,
          authorizationScopes: found.AuthorizationScopes,
          authorizationType: found.AuthorizationType ?? "NONE",
          operationName: found.OperationName,
          routeKey: found.RouteKey,
          target: found.Target,
        },
        outputs: { region: aws.region },
      }
    );
  },

  async update(aws, id, { news }) {
    const [, RouteId] = pathOf(id, news, "apiId");
    await aws.apigatewayv2.send(new UpdateRouteCommand({ ...routeOf(news), RouteId }));
  },

  async delete(aws, id, state) {
    const [ApiId, RouteId] = pathOf(id, state, "apiId");
    await orMissing(aws.apigatewayv2.send(new DeleteRouteCommand({ ApiId, RouteId })), MISSING);
  },
};

/** An integration: what handles the requests of an API. */
export const integration: ResourceType = {
  inputs: {
    apiId: { type: "string", required: true, replaces: true },
    description: { type: "string" },
    integrationMethod: { type: "string", computed: true },
    integrationType: { type: "string", required: true, replaces: true },
    integrationUri: { type: "string" },
    payloadFormatVersion: { type: "string", default: "1.0" },
    timeoutMilliseconds: { type: "number", computed: true },
  },
  outputs: ["region"],

  async create(aws, inputs) {
    const { IntegrationId } = await aws.apigatewayv2.send(
      new CreateIntegrationCommand(integrationOf(inputs)),
    );
    return { id: IntegrationId ?? "" };
  },

  async read(aws, id, known) {
    const [apiId, IntegrationId] = pathOf(id, known, "apiId");
    const call = aws.apigatewayv2.send(new GetIntegrationCommand({ ApiId: apiId, IntegrationId }));
    const found = await orMissing(call, MISSING);
    return (
      found && {
        inputs: {
          apiId,
          description: found.Description,
          integrationMethod: found.IntegrationMethod,
          integrationType: found.IntegrationType,
          integrationUri: found.IntegrationUri,
          payloadFormatVersion: found.PayloadFormatVersion,
          timeoutMilliseconds: found.TimeoutInMillis,
        },
        outputs: { region: aws.region },
      }
    );
  },

  async update(aws, id, { news }) {
    const [, IntegrationId] = pathOf(id, news, "apiId");
    await aws.apigatewayv2.send(new UpdateIntegrationCommand({ ...integrationOf(news), IntegrationId }));
  },

  async delete(aws, id, state) {
    const [ApiId, IntegrationId] = pathOf(id, state, "apiId");
    await orMissing(aws.apigatewayv2.send(new DeleteIntegrationCommand({ ApiId, IntegrationId })), MISSING);
  },
};

function routeOf(inputs: Properties) {
  return {
    ApiId: string(inputs, "apiId"),
    AuthorizationScopes: strings(inputs, "authorizationScopes"),
    AuthorizationType: string(inputs, "authorizationType") as AuthorizationType,
    OperationName: optionalString(inputs, "operationName"),
    RouteKey: string(inputs, "routeKey"),
    Target: optionalString(inputs, "target"),
  };
}

function integrationOf(inputs: Properties) {
  return {
    ApiId: string(inputs, "apiId"),
    Description: optionalString(inputs, "description") ?? "",
    IntegrationMethod: optionalString(inputs, "integrationMethod"),
    IntegrationType: string(inputs, "integrationType") as IntegrationType,
    IntegrationUri: optionalString(inputs, "integrationUri"),
    PayloadFormatVersion: optionalString(inputs, "payloadFormatVersion"),
    TimeoutInMillis: optionalNumber(inputs, "timeoutMilliseconds"),
  };
}
