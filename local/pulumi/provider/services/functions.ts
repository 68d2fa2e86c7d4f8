import { DescribeAvailabilityZonesCommand, DescribeVpcEndpointServicesCommand } from "@aws-sdk/client-ec2";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import type { Clients } from "../clients";
import { type Properties, boolean, objects, optionalString, string, strings } from "../values";

/** A function of the AWS package that looks up something. */
export type DataFunction = (aws: Clients, args: Properties) => Promise<Properties>;

export const getAvailabilityZones: DataFunction = async (aws, args) => {
  const state = optionalString(args, "state");
  const filters = objects(args, "filters").map((filter) => ({
    Name: string(filter, "name"),
    Values: strings(filter, "values"),
  }));
  const { AvailabilityZones } = await aws.ec2.send(
    new DescribeAvailabilityZonesCommand({
      AllAvailabilityZones: boolean(args, "allAvailabilityZones"),
      Filters: [...filters, ...(state === undefined ? [] : [{ Name: "state", Values: [state] }])],
    }),
  );
  const zones = (AvailabilityZones ?? [])
    .filter(({ ZoneName = "" }) => !strings(args, "excludeNames").includes(ZoneName))
    .filter(({ ZoneId = "" }) => !strings(args, "excludeZoneIds").includes(ZoneId))
    .sort((a, b) => (a.ZoneName ?? "").localeCompare(b.ZoneName ?? ""));
  return {
    ...args,
    id: aws.region,
    region: aws.region,
    groupNames: [...new Set(zones.flatMap(({ GroupName }) => GroupName ?? []))],
    names: zones.flatMap(({ ZoneName }) => ZoneName ?? []),
    zoneIds: zones.flatMap(({ ZoneId }) => ZoneId ?? []),
  };
};

/** One service that a VPC endpoint can be for, and the zones that have it. */
export const getVpcEndpointService: DataFunction = async (aws, args) => {
  const service = optionalString(args, "service");
  const name = optionalString(args, "serviceName") ?? `com.amazonaws.${aws.region}.${service ?? ""}`;
  const type = optionalString(args, "serviceType");
  const { ServiceDetails = [] } = await aws.ec2.send(
    new DescribeVpcEndpointServicesCommand({
      ServiceNames: [name],
      Filters: type === undefined ? [] : [{ Name: "service-type", Values: [type] }],
    }),
  );
  const [found] = ServiceDetails;
  if (!found)
    throw new Error(`there is no VPC endpoint service '${name}'${type ? ` of the type ${type}` : ""}`);
  return {
    ...args,
    id: found.ServiceId,
    region: aws.region,
    acceptanceRequired: found.AcceptanceRequired,
    availabilityZones: found.AvailabilityZones,
    owner: found.Owner,
    privateDnsName: found.PrivateDnsName ?? "",
    serviceId: found.ServiceId,
    serviceName: found.ServiceName,
    serviceType: found.ServiceType?.[0]?.ServiceType,
    vpcEndpointPolicySupported: found.VpcEndpointPolicySupported,
  };
};

export const getCallerIdentity: DataFunction = async (aws) => {
  const { Account, Arn, UserId } = await aws.sts.send(new GetCallerIdentityCommand());
  return { id: Account, accountId: Account, arn: Arn, userId: UserId };
};

export const getRegion: DataFunction = (aws) => {
  const region = aws.region;
  return Promise.resolve({
    id: region,
    name: region,
    region,
    description: `local environment (${region})`,
    endpoint: `ec2.${region}.amazonaws.com`,
  });
};

export const getPartition: DataFunction = () =>
  Promise.resolve({
    id: "aws",
    partition: "aws",
    dnsSuffix: "amazonaws.com",
    reverseDnsPrefix: "com.amazonaws",
  });
