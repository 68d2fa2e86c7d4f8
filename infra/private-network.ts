import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

import { namePrefix } from "./name-prefix";
import { policyDocument, type Statement } from "./policy";
import { newRole } from "./role";
import { stop } from "./stop";

/** Aurora requires subnets in two availability zones. */
const ZONES = 2;
const HTTPS = 443;
/** EC2's limit on a security group's name (API reference of CreateSecurityGroup), characters. */
const MAX_GROUP_NAME = 255;

/** Arguments of {@link PrivateNetwork}. */
export interface PrivateNetworkArgs {
  /** What it is called on AWS, and what the names there of all that is in it begin with. */
  readonly name: string;
  /** AWS services that functions inside reach, by their name in `com.amazonaws.<region>.<name>`. */
  readonly services: readonly string[];
  /** The functions inside: their names on AWS by their names in the stack. */
  readonly functions: ReadonlyMap<string, string>;
}

/**
 * A VPC without internet access: private subnets in two zones, and an interface endpoint for each AWS service that the
 * functions in it call. Endpoints are in one zone, since each is charged per hour and zone.
 *
 * The functions' roles belong to it. Lambda removes a function's network interfaces by the function's role, up to 45 minutes
 * after the function is gone; a role that is deleted sooner leaves them behind, and with them the security group and the
 * subnets (awslabs/aws-support-tools#174). So the security group, which the provider deletes only once no interface is
 * left, depends on the roles.
 */
export class PrivateNetwork extends pulumi.ComponentResource {
  readonly vpcId: pulumi.Output<string>;
  readonly subnetIds: pulumi.Output<string>[];
  /** The security group of the functions: they reach the endpoints, and what {@link allow} names. */
  readonly functionsGroupId: pulumi.Output<string>;
  /** What must exist before a function inside can call AWS. */
  readonly endpoints: pulumi.Resource[];
  private readonly roles: ReadonlyMap<string, NetworkRole>;

  constructor(
    name: string,
    private readonly args: PrivateNetworkArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("lambench:infra:PrivateNetwork", name, {}, opts);
    const child = { parent: this };
    this.roles = new Map([...args.functions].map(([role, name]) => [role, networkRole(role, name, child)]));
    const vpc = new aws.ec2.Vpc(
      name,
      {
        cidrBlock: "10.0.0.0/24",
        enableDnsSupport: true,
        enableDnsHostnames: true,
        tags: { Name: args.name },
      },
      child,
    );
    this.vpcId = vpc.id;
    const services = args.services.map((service) =>
      aws.ec2.getVpcEndpointServiceOutput({ service, serviceType: "Interface" }, child),
    );
    const zones = zonesOf(services, child);
    this.subnetIds = Array.from({ length: ZONES }, (_, index) => {
      const subnet = new aws.ec2.Subnet(
        `private-${index}`,
        {
          vpcId: vpc.id,
          cidrBlock: `10.0.0.${index * 128}/25`,
          availabilityZone: zones.apply((names) => names[index] ?? ""),
          tags: { Name: `${args.name}-${index}` },
        },
        child,
      );
      return subnet.id;
    });
    const policies = [...this.roles.values()].map(({ policy }) => policy);
    this.functionsGroupId = this.securityGroup("functions", "Functions of lambench", policies);
    const endpointsGroup = this.securityGroup("endpoints", "Endpoints of AWS services");
    const rules = this.allow("endpoints", endpointsGroup, HTTPS);
    const endpoints = services.map(({ serviceName }, index) => {
      const service = args.services[index] ?? "";
      return new aws.ec2.VpcEndpoint(
        service,
        {
          vpcId: vpc.id,
          serviceName,
          vpcEndpointType: "Interface",
          subnetIds: this.subnetIds.slice(0, 1),
          securityGroupIds: [endpointsGroup],
          privateDnsEnabled: true,
          tags: { Name: `${args.name}-${service}` },
        },
        child,
      );
    });
    this.endpoints = [...endpoints, ...rules];
    this.registerOutputs({ vpcId: this.vpcId });
  }

  /** The role of a function inside, by the function's name in the stack. It is there as long as the network is. */
  roleOf(name: string): aws.iam.Role {
    const found = this.roles.get(name);
    if (found === undefined) throw new Error(`${name} is not one of the functions of ${this.args.name}`);
    return found.role;
  }

  /** A security group of this network that lets nothing in or out yet. */
  securityGroup(name: string, description: string, dependsOn: pulumi.Resource[] = []): pulumi.Output<string> {
    const full = `${this.args.name}-${name}`;
    const group = new aws.ec2.SecurityGroup(
      name,
      {
        namePrefix: namePrefix(full, MAX_GROUP_NAME),
        vpcId: this.vpcId,
        description,
        tags: { Name: full },
      },
      { parent: this, dependsOn },
    );
    return group.id;
  }

  /** Lets the functions, and nobody else, reach a port of a security group's members. */
  allow(what: string, groupId: pulumi.Input<string>, port: number): pulumi.Resource[] {
    const rule = { ipProtocol: "tcp", fromPort: port, toPort: port };
    return [
      new aws.vpc.SecurityGroupEgressRule(
        `functions-to-${what}`,
        { ...rule, securityGroupId: this.functionsGroupId, referencedSecurityGroupId: groupId },
        { parent: this },
      ),
      new aws.vpc.SecurityGroupIngressRule(
        `${what}-from-functions`,
        { ...rule, securityGroupId: groupId, referencedSecurityGroupId: this.functionsGroupId },
        { parent: this },
      ),
    ];
  }
}

/** A function's role with what Lambda needs to attach the function to a network. */
interface NetworkRole {
  readonly role: aws.iam.Role;
  readonly policy: aws.iam.RolePolicy;
}

function networkRole(name: string, functionName: string, opts: pulumi.CustomResourceOptions): NetworkRole {
  const role = newRole(name, { name: functionName, service: "lambda.amazonaws.com" }, opts);
  const policy = new aws.iam.RolePolicy(
    `${name}-network`,
    { role: role.name, policy: JSON.stringify(policyDocument(networkStatements(functionName))) },
    opts,
  );
  return { role, policy };
}

/** What is known of a service that an endpoint is for. */
type EndpointService = Pick<aws.ec2.GetVpcEndpointServiceResult, "availabilityZones" | "serviceName">;

function zonesOf(
  services: readonly pulumi.Output<EndpointService>[],
  opts: pulumi.InvokeOptions,
): pulumi.Output<string[]> {
  const { names } = aws.getAvailabilityZonesOutput(
    // Local zones, which one has to opt in to, have no Aurora.
    { state: "available", filters: [{ name: "opt-in-status", values: ["opt-in-not-required"] }] },
    opts,
  );
  return pulumi
    .all([names, pulumi.all([...services])])
    .apply(([all, offers]) => zonesWithEndpoints(all, offers));
}

/**
 * The zones in which all services have endpoints: in some, such as use1-az3, they have not, and Lambda and Aurora lack the
 * same ones.
 */
export function zonesWithEndpoints(zones: readonly string[], services: readonly EndpointService[]): string[] {
  const found = zones.filter((zone) =>
    services.every(({ availabilityZones }) => availabilityZones.includes(zone)),
  );
  if (found.length >= ZONES) return found;
  const names = services.map(({ serviceName }) => serviceName).join(", ");
  return stop(
    `the region does not have two availability zones with endpoints of ${names}: choose another region`,
  );
}

/**
 * What Lambda needs to attach a function to a network, by the function's role. EC2 accepts these on all resources only
 * (managed policy AWSLambdaVPCAccessExecutionRole); the denial keeps them from the function's own code (Lambda Developer
 * Guide, "Security best practices" of VPC access).
 */
function networkStatements(functionName: string): Statement[] {
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
