import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import type { Clients } from "../clients";
import type { Properties } from "../values";

/** A function of the AWS package that looks something up. */
export type DataFunction = (aws: Clients, args: Properties) => Promise<Properties>;

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
