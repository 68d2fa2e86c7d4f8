import type { ResourceType } from "./resource-type";
import { dashboard } from "./services/cloudwatch-dashboard";
import { metricAlarm } from "./services/cloudwatch-alarm";
import { type DataFunction, getCallerIdentity, getPartition, getRegion } from "./services/functions";
import { role, rolePolicy } from "./services/iam";
import { lambdaFunction } from "./services/lambda";
import { eventSourceMapping } from "./services/lambda-event-source";
import { invocation } from "./services/lambda-invocation";
import { logGroup } from "./services/logs";
import { bucket } from "./services/s3";
import { encryption, lifecycle, policy, publicAccessBlock } from "./services/s3-settings";
import { stateMachine } from "./services/sfn";
import { queue, queuePolicy } from "./services/sqs";

/** Every type of resource that this provider knows. */
export const RESOURCE_TYPES: Readonly<Record<string, ResourceType>> = {
  "aws:cloudwatch/dashboard:Dashboard": dashboard,
  "aws:cloudwatch/logGroup:LogGroup": logGroup,
  "aws:cloudwatch/metricAlarm:MetricAlarm": metricAlarm,
  "aws:iam/role:Role": role,
  "aws:iam/rolePolicy:RolePolicy": rolePolicy,
  "aws:lambda/eventSourceMapping:EventSourceMapping": eventSourceMapping,
  "aws:lambda/function:Function": lambdaFunction,
  "aws:lambda/invocation:Invocation": invocation,
  "aws:s3/bucket:Bucket": bucket,
  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": lifecycle,
  "aws:s3/bucketPolicy:BucketPolicy": policy,
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": publicAccessBlock,
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": encryption,
  "aws:sfn/stateMachine:StateMachine": stateMachine,
  "aws:sqs/queue:Queue": queue,
  "aws:sqs/queuePolicy:QueuePolicy": queuePolicy,
};

/** Every function that this provider knows. */
export const DATA_FUNCTIONS: Readonly<Record<string, DataFunction>> = {
  "aws:index/getCallerIdentity:getCallerIdentity": getCallerIdentity,
  "aws:index/getPartition:getPartition": getPartition,
  "aws:index/getRegion:getRegion": getRegion,
};
