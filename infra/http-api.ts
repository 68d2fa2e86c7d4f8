import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

import type { RustFunction } from "./function";

/** Arguments of {@link HttpApi}. */
export interface HttpApiArgs {
  /** What it is called on AWS. */
  readonly name: string;
  /** Such as `POST`. */
  readonly method: string;
  /** Such as `/messages`. */
  readonly path: string;
  readonly handler: RustFunction;
  /** Who may call: those whom IAM allows `execute-api:Invoke`, or everyone who has the URL. */
  readonly auth: "iam" | "none";
  /** Requests per second, and in a burst, beyond which API Gateway answers 429. */
  readonly rate: number;
  readonly burst: number;
}

/** An HTTP API with one route, which a function answers. */
export class HttpApi extends pulumi.ComponentResource {
  readonly id: pulumi.Output<string>;
  /** The route's URL. */
  readonly url: pulumi.Output<string>;
  /** What IAM knows the route by. */
  readonly routeArn: pulumi.Output<string>;

  constructor(name: string, args: HttpApiArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lambench:infra:HttpApi", name, {}, opts);
    const child = { parent: this };
    const api = new aws.apigatewayv2.Api(name, { name: args.name, protocolType: "HTTP" }, child);
    const integration = new aws.apigatewayv2.Integration(
      name,
      {
        apiId: api.id,
        integrationType: "AWS_PROXY",
        integrationUri: args.handler.arn,
        payloadFormatVersion: "2.0",
      },
      child,
    );
    const permission = new aws.lambda.Permission(
      name,
      {
        action: "lambda:InvokeFunction",
        function: args.handler.name,
        principal: "apigateway.amazonaws.com",
        sourceArn: pulumi.interpolate`${api.executionArn}/*/${args.method}${args.path}`,
      },
      { ...child, dependsOn: [args.handler] },
    );
    const route = new aws.apigatewayv2.Route(
      name,
      {
        apiId: api.id,
        routeKey: `${args.method} ${args.path}`,
        authorizationType: args.auth === "iam" ? "AWS_IAM" : "NONE",
        target: pulumi.interpolate`integrations/${integration.id}`,
      },
      { ...child, dependsOn: [permission] },
    );
    const stage = new aws.apigatewayv2.Stage(
      name,
      {
        apiId: api.id,
        name: "$default",
        autoDeploy: true,
        defaultRouteSettings: { throttlingRateLimit: args.rate, throttlingBurstLimit: args.burst },
      },
      { ...child, dependsOn: [route] },
    );
    this.id = api.id;
    // Known only once something answers there.
    this.url = pulumi.all([api.apiEndpoint, stage.id]).apply(([endpoint]) => `${endpoint}${args.path}`);
    this.routeArn = pulumi.interpolate`${api.executionArn}/${stage.name}/${args.method}${args.path}`;
    this.registerOutputs({ url: this.url });
  }
}
