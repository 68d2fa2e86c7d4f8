import type { Checkout } from "./checkout";

/** How the AWS CLI lists the names of the resources of a kind. */
const LISTS = {
  alarms: "cloudwatch describe-alarms --query 'MetricAlarms[].AlarmName'",
  apis: "apigatewayv2 get-apis --query 'Items[].Name'",
  buckets: "s3api list-buckets --query 'Buckets[].Name'",
  clusters: "rds describe-db-clusters --query 'DBClusters[].DBClusterIdentifier'",
  dashboards: "cloudwatch list-dashboards --query 'DashboardEntries[].DashboardName'",
  eventSourceMappings: "lambda list-event-source-mappings --query 'EventSourceMappings[].UUID'",
  functions: "lambda list-functions --query 'Functions[].FunctionName'",
  instances: "rds describe-db-instances --query 'DBInstances[].DBInstanceIdentifier'",
  logGroups: "logs describe-log-groups --query 'logGroups[].logGroupName'",
  queues: "sqs list-queues --query 'QueueUrls || `[]`'",
  roles: "iam list-roles --query 'Roles[].RoleName'",
  rules: "events list-rules --query 'Rules[].Name'",
  secrets: "secretsmanager list-secrets --query 'SecretList[].Name'",
  stateMachines: "stepfunctions list-state-machines --query 'stateMachines[].name'",
  streams: "kinesis list-streams --query 'StreamNames'",
  tables: "dynamodb list-tables --query 'TableNames'",
  vpcEndpoints: "ec2 describe-vpc-endpoints --query 'VpcEndpoints[].VpcEndpointId'",
  vpcs: "ec2 describe-vpcs --filters Name=is-default,Values=false --query 'Vpcs[].VpcId'",
} as const;

/** A kind of resource that a stack makes. */
type Kind = keyof typeof LISTS;

/** The resources of some kinds that are left in a checkout's local environment. A kind without any has no entry. */
export async function leakedResources(
  checkout: Checkout,
  kinds: readonly Kind[],
): Promise<Partial<Record<Kind, string[]>>> {
  const listed = await Promise.all(
    kinds.map(async (kind): Promise<[Kind, string[]]> => {
      const names = await checkout.ok(`aws ${LISTS[kind]} --output json`);
      return [kind, JSON.parse(names) as string[]];
    }),
  );
  return Object.fromEntries(listed.filter(([, names]) => names.length > 0));
}
