import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

import type { Statement } from "./policy";

/** Aurora requires subnets in two availability zones. */
const ZONES = 2;
const HTTPS = 443;

/** Arguments of {@link PrivateNetwork}. */
export interface PrivateNetworkArgs {
  readonly region: pulumi.Input<string>;
  /** AWS services that functions inside reach, by their name in `com.amazonaws.<region>.<name>`. */
  readonly services: readonly string[];
}

/**
 * A VPC without internet access: private subnets in two zones, and an interface endpoint for each AWS service that the
 * functions in it call. Endpoints are in one zone, since each is charged per hour and zone.
 */
export class PrivateNetwork extends pulumi.ComponentResource {
  readonly vpcId: pulumi.Output<string>;
  readonly subnetIds: pulumi.Output<string>[];
  /** The security group of the functions: they reach the endpoints, and what {@link allow} names. */
  readonly functionsGroupId: pulumi.Output<string>;
  /** What must exist before a function inside can call AWS. */
  readonly endpoints: pulumi.Resource[];

  constructor(
    private readonly name: string,
    args: PrivateNetworkArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("lambench:infra:PrivateNetwork", name, {}, opts);
    const child = { parent: this };
    const vpc = new aws.ec2.Vpc(
      name,
      { cidrBlock: "10.0.0.0/24", enableDnsSupport: true, enableDnsHostnames: true, tags: { Name: name } },
      child,
    );
    this.vpcId = vpc.id;
    const zones = aws.getAvailabilityZonesOutput(
      // Local zones, which one has to opt in to, have no Aurora.
      { state: "available", filters: [{ name: "opt-in-status", values: ["opt-in-not-required"] }] },
      child,
    );
    this.subnetIds = Array.from({ length: ZONES }, (_, index) => {
      const subnet = new aws.ec2.Subnet(
        `${name}-${index}`,
        {
          vpcId: vpc.id,
          cidrBlock: `10.0.0.${index * 128}/25`,
          availabilityZone: zones.names.apply((names) => names[index] ?? ""),
          tags: { Name: `${name}-${index}` },
        },
        child,
      );
      return subnet.id;
    });
    this.functionsGroupId = this.securityGroup("functions", "Functions of lambench");
    const endpointsGroup = this.securityGroup("endpoints", "Endpoints of AWS services");
    const rules = this.allow("endpoints", endpointsGroup, HTTPS);
    const endpoints = args.services.map(
      (service) =>
        new aws.ec2.VpcEndpoint(
          `${name}-${service}`,
          {
            vpcId: vpc.id,
            serviceName: pulumi.interpolate`com.amazonaws.${args.region}.${service}`,
            vpcEndpointType: "Interface",
            subnetIds: this.subnetIds.slice(0, 1),
            securityGroupIds: [endpointsGroup],
            privateDnsEnabled: true,
            tags: { Name: `${name}-${service}` },
          },
          child,
        ),
    );
    this.endpoints = [...endpoints, ...rules];
    this.registerOutputs({ vpcId: this.vpcId });
  }

  /** A security group of this network that lets nothing in or out yet. */
  securityGroup(name: string, description: string): pulumi.Output<string> {
    const full = `${this.name}-${name}`;
    const group = new aws.ec2.SecurityGroup(
      full,
      { vpcId: this.vpcId, description, tags: { Name: full } },
      { parent: this },
    );
    return group.id;
  }

  /** Lets the functions, and nobody else, reach a port of a security group's members. */
  allow(what: string, groupId: pulumi.Input<string>, port: number): pulumi.Resource[] {
    const rule = { ipProtocol: "tcp", fromPort: port, toPort: port };
    return [
      new aws.vpc.SecurityGroupEgressRule(
        `${this.name}-functions-to-${what}`,
        { ...rule, securityGroupId: this.functionsGroupId, referencedSecurityGroupId: groupId },
        { parent: this },
      ),
      new aws.vpc.SecurityGroupIngressRule(
        `${this.name}-${what}-from-functions`,
        { ...rule, securityGroupId: groupId, referencedSecurityGroupId: this.functionsGroupId },
        { parent: this },
      ),
    ];
  }
}

/**
 * What Lambda needs to attach a function to a network, by the function's role. EC2 accepts these on all resources only
 * (managed policy AWSLambdaVPCAccessExecutionRole); the denial keeps them from the function's own code (Lambda Developer
 * Guide, "Security best practices" of VPC access).
 */
export function networkStatements(functionName: string): Statement[] {
  const actions = [
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
  ];
  return [
    { actions, resources: ["*"] },
    {
      effect: "Deny",
      actions,
      resources: ["*"],
      condition: { ArnLike: { "lambda:SourceFunctionArn": `arn:*:lambda:*:*:function:${functionName}` } },
    },
  ];
}
