import type { ResourceType } from "./resource-type";
import { api, stage } from "./services/apigatewayv2";
import { integration, route } from "./services/apigatewayv2-routes";
import { dashboard } from "./services/cloudwatch-dashboard";
import { metricAlarm } from "./services/cloudwatch-alarm";
import { table } from "./services/dynamodb";
import { routeTable, routeTableAssociation } from "./services/ec2-route-table";
import { securityGroup } from "./services/ec2-security-group";
import { egressRule, ingressRule } from "./services/ec2-security-group-rule";
import { subnet } from "./services/ec2-subnet";
import { vpc } from "./services/ec2-vpc";
import { vpcEndpoint } from "./services/ec2-vpc-endpoint";
import { eventRule, eventTarget } from "./services/events";
import {
  type DataFunction,
  getAvailabilityZones,
  getCallerIdentity,
  getPartition,
  getRegion,
  getVpcEndpointService,
} from "./services/functions";
import { role, rolePolicy } from "./services/iam";
import { stream, streamConsumer } from "./services/kinesis";
import { alias, key } from "./services/kms";
import { lambdaFunction } from "./services/lambda";
import { functionEventInvokeConfig } from "./services/lambda-event-invoke-config";
import { eventSourceMapping } from "./services/lambda-event-source";
import { invocation } from "./services/lambda-invocation";
import { permission } from "./services/lambda-permission";
import { logGroup } from "./services/logs";
import { cluster } from "./services/rds-cluster";
import { clusterInstance } from "./services/rds-cluster-instance";
import { clusterParameterGroup } from "./services/rds-parameter-group";
import { subnetGroup } from "./services/rds-subnet-group";
import { bucket } from "./services/s3";
import { encryption, lifecycle, policy, publicAccessBlock } from "./services/s3-settings";
import { stateMachine } from "./services/sfn";
import { queue, queuePolicy } from "./services/sqs";

/** Every type of resource that this provider knows. */
export const RESOURCE_TYPES: Readonly<Record<string, ResourceType>> = {
  "aws:apigatewayv2/api:Api": api,
  "aws:apigatewayv2/integration:Integration": integration,
  "aws:apigatewayv2/route:Route": route,
  "aws:apigatewayv2/stage:Stage": stage,
  "aws:cloudwatch/dashboard:Dashboard": dashboard,
  "aws:cloudwatch/eventRule:EventRule": eventRule,
  "aws:cloudwatch/eventTarget:EventTarget": eventTarget,
  "aws:cloudwatch/logGroup:LogGroup": logGroup,
  "aws:cloudwatch/metricAlarm:MetricAlarm": metricAlarm,
  "aws:dynamodb/table:Table": table,
  "aws:ec2/routeTable:RouteTable": routeTable,
  "aws:ec2/routeTableAssociation:RouteTableAssociation": routeTableAssociation,
  "aws:ec2/securityGroup:SecurityGroup": securityGroup,
  "aws:ec2/subnet:Subnet": subnet,
  "aws:ec2/vpc:Vpc": vpc,
  "aws:ec2/vpcEndpoint:VpcEndpoint": vpcEndpoint,
  "aws:iam/role:Role": role,
  "aws:iam/rolePolicy:RolePolicy": rolePolicy,
  "aws:kinesis/stream:Stream": stream,
  "aws:kinesis/streamConsumer:StreamConsumer": streamConsumer,
  "aws:kms/alias:Alias": alias,
  "aws:kms/key:Key": key,
  "aws:lambda/eventSourceMapping:EventSourceMapping": eventSourceMapping,
  "aws:lambda/function:Function": lambdaFunction,
  "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": functionEventInvokeConfig,
  "aws:lambda/invocation:Invocation": invocation,
  "aws:lambda/permission:Permission": permission,
  "aws:rds/cluster:Cluster": cluster,
  "aws:rds/clusterInstance:ClusterInstance": clusterInstance,
  "aws:rds/clusterParameterGroup:ClusterParameterGroup": clusterParameterGroup,
  "aws:rds/subnetGroup:SubnetGroup": subnetGroup,
  "aws:s3/bucket:Bucket": bucket,
  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": lifecycle,
  "aws:s3/bucketPolicy:BucketPolicy": policy,
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": publicAccessBlock,
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": encryption,
  "aws:sfn/stateMachine:StateMachine": stateMachine,
  "aws:sqs/queue:Queue": queue,
  "aws:sqs/queuePolicy:QueuePolicy": queuePolicy,
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": egressRule,
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": ingressRule,
};

/** Every function that this provider knows. */
export const DATA_FUNCTIONS: Readonly<Record<string, DataFunction>> = {
  "aws:ec2/getVpcEndpointService:getVpcEndpointService": getVpcEndpointService,
  "aws:index/getAvailabilityZones:getAvailabilityZones": getAvailabilityZones,
  "aws:index/getCallerIdentity:getCallerIdentity": getCallerIdentity,
  "aws:index/getPartition:getPartition": getPartition,
  "aws:index/getRegion:getRegion": getRegion,
};
