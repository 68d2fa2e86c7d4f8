import { DeleteApiCommand, UpdateRouteCommand } from "@aws-sdk/client-apigatewayv2";
import { beforeAll, describe, expect, test } from "vitest";
import { expectDeleted, expectNoDrift, refreshed, useEnvironment } from "../testing/environment";
import { string } from "../values";

const API = "aws:apigatewayv2/api:Api";
const STAGE = "aws:apigatewayv2/stage:Stage";
const ROUTE = "aws:apigatewayv2/route:Route";
const INTEGRATION = "aws:apigatewayv2/integration:Integration";
const FUNCTION_ARN = "arn:aws:lambda:us-east-1:000000000000:function:upstream";
const env = useEnvironment();
let apiId = "";

beforeAll(async () => {
  apiId = (await env.engine.create(API, "shared", { protocolType: "HTTP" })).id;
});

describe("an API", () => {
  test("is created, changed in place, imported and deleted", async () => {
    const args = {
      name: "pipeline",
      corsConfiguration: { allowOrigins: ["*"], allowMethods: ["POST", "GET"], maxAge: 60 },
      description: "Messages",
      protocolType: "HTTP",
      tags: { a: "1" },
      version: "1",
    };
    const api = await env.engine.create(API, "a", args);
    expect(api.state).toMatchObject({
      apiEndpoint: expect.stringContaining(api.id) as string,
      executionArn: `arn:aws:execute-api:us-east-1:000000000000:${api.id}`,
    });
    await expectNoDrift(env.engine, api);
    expect((await env.engine.import(API, api.id))?.inputs).toEqual(api.inputs);
    const news = { name: "other", protocolType: "HTTP", tags: { b: "2" } };
    expect((await env.engine.diff(api, news)).replaces).toEqual([]);
    const updated = await env.engine.update(api, news);
    expect(updated.state.tagsAll).toEqual({ b: "2" });
    await expectNoDrift(env.engine, updated);
    await expectDeleted(env.engine, updated);
  });
});

describe("a stage", () => {
  test("is created, changed in place, imported and deleted", async () => {
    const log = await env.engine.create("aws:cloudwatch/logGroup:LogGroup", "log", {});
    const args = {
      apiId,
      name: "$default",
      accessLogSettings: { destinationArn: string(log.state, "arn"), format: "$context.requestId" },
      autoDeploy: true,
      defaultRouteSettings: { throttlingBurstLimit: 100, throttlingRateLimit: 200 },
      stageVariables: { a: "1" },
      tags: { a: "1" },
    };
    const stage = await env.engine.create(STAGE, "s", args);
    expect(stage.state.invokeUrl).toContain(apiId);
    await expectNoDrift(env.engine, stage);
    const imported = await env.engine.import(STAGE, `${apiId}/$default`);
    expect(imported?.inputs).toMatchObject({ apiId, autoDeploy: true, name: "$default" });
    const news = {
      apiId,
      name: "$default",
      defaultRouteSettings: { throttlingBurstLimit: 50 },
      tags: { b: "2" },
    };
    expect((await env.engine.diff(stage, news)).replaces).toEqual([]);
    const updated = await env.engine.update(stage, news);
    await expectNoDrift(env.engine, updated);
    await expectDeleted(env.engine, updated);
  });
});

describe("a route with its integration", () => {
  test("is created, changed in place, imported and deleted", async () => {
    const proxy = {
      apiId,
      integrationType: "AWS_PROXY",
      integrationUri: FUNCTION_ARN,
      payloadFormatVersion: "2.0",
    };
    const integration = await env.engine.create(INTEGRATION, "i", proxy);
    await expectNoDrift(env.engine, integration);
    const imported = await env.engine.import(INTEGRATION, `${apiId}/${integration.id}`);
    expect(imported?.inputs).toEqual(integration.inputs);
    const args = {
      apiId,
      authorizationType: "AWS_IAM",
      routeKey: "POST /",
      target: `integrations/${integration.id}`,
    };
    const route = await env.engine.create(ROUTE, "r", args);
    await expectNoDrift(env.engine, route);
    expect((await env.engine.import(ROUTE, `${apiId}/${route.id}`))?.inputs).toEqual(route.inputs);
    const news = { ...args, authorizationType: undefined, routeKey: "POST /messages" };
    expect((await env.engine.diff(route, news)).replaces).toEqual([]);
    const updated = await env.engine.update(route, news);
    await expectNoDrift(env.engine, updated);
    const slow = await env.engine.update(integration, {
      ...proxy,
      description: "Slow",
      timeoutMilliseconds: 9000,
    });
    await expectNoDrift(env.engine, slow);
    await env.aws.apigatewayv2.send(
      new UpdateRouteCommand({ ApiId: apiId, RouteId: route.id, RouteKey: "GET /theirs" }),
    );
    const live = await refreshed(env.engine, updated);
    expect((await env.engine.diff(live, news)).changed).toEqual(["routeKey"]);
    await expectDeleted(env.engine, updated);
    await expectDeleted(env.engine, slow);
  });

  test("is gone with its API", async () => {
    const api = await env.engine.create(API, "short", { protocolType: "HTTP" });
    const route = await env.engine.create(ROUTE, "r", { apiId: api.id, routeKey: "$default" });
    await env.aws.apigatewayv2.send(new DeleteApiCommand({ ApiId: api.id }));
    expect(await env.engine.refresh(route)).toBeUndefined();
    await env.engine.delete(route);
  });

  test("cannot be imported by its id alone, and says how", async () => {
    await expect(env.engine.import(ROUTE, "abc")).rejects.toThrow("write it as <apiId>/abc");
  });
});
