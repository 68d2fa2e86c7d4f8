import { ApiGatewayV2Client, GetApisCommand } from "@aws-sdk/client-apigatewayv2";
import { CloudWatchClient, DescribeAlarmsCommand, ListDashboardsCommand } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { DescribeVpcEndpointsCommand, DescribeVpcsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { EventBridgeClient, ListRulesCommand } from "@aws-sdk/client-eventbridge";
import { IAMClient, ListRolesCommand } from "@aws-sdk/client-iam";
import { KinesisClient, ListStreamsCommand } from "@aws-sdk/client-kinesis";
import { LambdaClient, ListEventSourceMappingsCommand, ListFunctionsCommand } from "@aws-sdk/client-lambda";
import { DescribeDBClustersCommand, DescribeDBInstancesCommand, RDSClient } from "@aws-sdk/client-rds";
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { ListStateMachinesCommand, SFNClient } from "@aws-sdk/client-sfn";
import { ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";

import type { Checkout } from "./checkout";
import { type ClientConfig, clientConfig, s3Config } from "./clients";

type Names = readonly (string | undefined)[] | undefined;

/** The clients of a local environment. */
function clients(config: ClientConfig, s3: ConstructorParameters<typeof S3Client>[0]) {
  return {
    apis: new ApiGatewayV2Client(config),
    dynamodb: new DynamoDBClient(config),
    ec2: new EC2Client(config),
    events: new EventBridgeClient(config),
    iam: new IAMClient(config),
    kinesis: new KinesisClient(config),
    lambda: new LambdaClient(config),
    logs: new CloudWatchLogsClient(config),
    metrics: new CloudWatchClient(config),
    rds: new RDSClient(config),
    s3: new S3Client(s3 ?? {}),
    sqs: new SQSClient(config),
    states: new SFNClient(config),
  };
}

type Clients = ReturnType<typeof clients>;

/** Lists the names of the resources of a kind. Where there are none, the first page is empty: the others don't matter. */
const LISTS = {
  alarms: async ({ metrics }: Clients): Promise<Names> =>
    (await metrics.send(new DescribeAlarmsCommand({}))).MetricAlarms?.map((one) => one.AlarmName),
  apis: async ({ apis }: Clients): Promise<Names> =>
    (await apis.send(new GetApisCommand({}))).Items?.map((one) => one.Name),
  buckets: async ({ s3 }: Clients): Promise<Names> =>
    (await s3.send(new ListBucketsCommand({}))).Buckets?.map((one) => one.Name),
  clusters: async ({ rds }: Clients): Promise<Names> =>
    (await rds.send(new DescribeDBClustersCommand({}))).DBClusters?.map((one) => one.DBClusterIdentifier),
  dashboards: async ({ metrics }: Clients): Promise<Names> =>
    (await metrics.send(new ListDashboardsCommand({}))).DashboardEntries?.map((one) => one.DashboardName),
  eventSourceMappings: async ({ lambda }: Clients): Promise<Names> =>
    (await lambda.send(new ListEventSourceMappingsCommand({}))).EventSourceMappings?.map((one) => one.UUID),
  functions: async ({ lambda }: Clients): Promise<Names> =>
    (await lambda.send(new ListFunctionsCommand({}))).Functions?.map((one) => one.FunctionName),
  instances: async ({ rds }: Clients): Promise<Names> =>
    (await rds.send(new DescribeDBInstancesCommand({}))).DBInstances?.map((one) => one.DBInstanceIdentifier),
  logGroups: async ({ logs }: Clients): Promise<Names> =>
    (await logs.send(new DescribeLogGroupsCommand({}))).logGroups?.map((one) => one.logGroupName),
  queues: async ({ sqs }: Clients): Promise<Names> => (await sqs.send(new ListQueuesCommand({}))).QueueUrls,
  roles: async ({ iam }: Clients): Promise<Names> =>
    (await iam.send(new ListRolesCommand({}))).Roles?.map((one) => one.RoleName),
  rules: async ({ events }: Clients): Promise<Names> =>
    (await events.send(new ListRulesCommand({}))).Rules?.map((one) => one.Name),
  // No package of ours has a client of this service.
  secrets: async (_: Clients, checkout: Checkout): Promise<Names> =>
    JSON.parse(
      await checkout.ok("aws secretsmanager list-secrets --query 'SecretList[].Name' --output json"),
    ) as string[],
  stateMachines: async ({ states }: Clients): Promise<Names> =>
    (await states.send(new ListStateMachinesCommand({}))).stateMachines?.map((one) => one.name),
  streams: async ({ kinesis }: Clients): Promise<Names> =>
    (await kinesis.send(new ListStreamsCommand({}))).StreamNames,
  tables: async ({ dynamodb }: Clients): Promise<Names> =>
    (await dynamodb.send(new ListTablesCommand({}))).TableNames,
  vpcEndpoints: async ({ ec2 }: Clients): Promise<Names> =>
    (await ec2.send(new DescribeVpcEndpointsCommand({}))).VpcEndpoints?.map((one) => one.VpcEndpointId),
  vpcs: async ({ ec2 }: Clients): Promise<Names> =>
    (
      await ec2.send(new DescribeVpcsCommand({ Filters: [{ Name: "is-default", Values: ["false"] }] }))
    ).Vpcs?.map((one) => one.VpcId),
};

/** A kind of resource that a stack makes. */
type Kind = keyof typeof LISTS;

/** The resources of some kinds that are left in a checkout's local environment. A kind without any has no entry. */
export async function leakedResources(
  checkout: Checkout,
  kinds: readonly Kind[],
): Promise<Partial<Record<Kind, Names>>> {
  const all = clients(await clientConfig(checkout), await s3Config(checkout));
  const listed = await Promise.all(
    kinds.map(async (kind): Promise<[Kind, Names]> => [kind, await LISTS[kind](all, checkout)]),
  );
  return Object.fromEntries(listed.filter(([, names]) => names !== undefined && names.length > 0));
}
