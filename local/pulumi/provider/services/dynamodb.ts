import {
  type AttributeDefinition,
  type BillingMode,
  CreateTableCommand,
  DeleteTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type KeySchemaElement,
  ListTagsOfResourceCommand,
  type SSESpecification,
  type StreamSpecification,
  type StreamViewType,
  type TableDescription,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
  type UpdateTableCommandInput,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import type { Clients } from "../clients";
import { orMissing } from "../errors";
import type { Change, ResourceType } from "../resource-type";
import { retag, tagList, tagMap } from "../tags";
import {
  type Properties,
  boolean,
  objects,
  optionalNumber,
  optionalObject,
  optionalString,
  string,
  stringMap,
} from "../values";
import { until } from "../wait";

const MISSING = "ResourceNotFoundException";
const ON_DEMAND = "PAY_PER_REQUEST";

export const table: ResourceType = {
  inputs: {
    name: { type: "string", replaces: true },
    attributes: {
      type: "list",
      required: true,
      replaces: true, // without indexes, all attributes are those of the key
      set: true,
      fields: { name: { type: "string", required: true }, type: { type: "string", required: true } },
    },
    billingMode: { type: "string", default: "PROVISIONED", allowed: ["PROVISIONED", ON_DEMAND] },
    deletionProtectionEnabled: { type: "boolean", default: false },
    hashKey: { type: "string", required: true, replaces: true },
    pointInTimeRecovery: { type: "object", fields: { enabled: { type: "boolean", required: true } } },
    rangeKey: { type: "string", replaces: true },
    readCapacity: { type: "number", computed: true },
    serverSideEncryption: {
      type: "object",
      fields: { enabled: { type: "boolean", required: true }, kmsKeyArn: { type: "string" } },
    },
    streamEnabled: { type: "boolean", default: false },
    streamViewType: { type: "string" },
    tags: { type: "map" },
    ttl: { type: "object", fields: { attributeName: { type: "string" }, enabled: { type: "boolean" } } },
    writeCapacity: { type: "number", computed: true },
  },
  outputs: ["arn", "region", "streamArn", "streamLabel", "tagsAll"],
  volatile: ["streamArn", "streamLabel", "tagsAll"],
  name: { property: "name" },

  async create(aws, inputs) {
    const TableName = string(inputs, "name");
    await aws.dynamodb.send(
      new CreateTableCommand({
        TableName,
        ...billing(inputs),
        AttributeDefinitions: objects(inputs, "attributes").map((attribute) => ({
          AttributeName: string(attribute, "name"),
          AttributeType: string(attribute, "type") as AttributeDefinition["AttributeType"],
        })),
        DeletionProtectionEnabled: boolean(inputs, "deletionProtectionEnabled"),
        KeySchema: keySchema(inputs),
        SSESpecification: encryption(inputs),
        Tags: tagList(stringMap(inputs, "tags")),
        ...(boolean(inputs, "streamEnabled") && { StreamSpecification: streamOf(inputs) }),
      }),
    );
    return { id: TableName };
  },

  async settle(aws, id, inputs) {
    await untilActive(aws, id);
    if (isOn(inputs, "ttl")) await putTtl(aws, id, { olds: {}, news: inputs });
    if (isOn(inputs, "pointInTimeRecovery")) await putRecovery(aws, id, inputs);
  },

  async read(aws, id, known) {
    const found = await find(aws, id);
    if (!found) return undefined;
    const { Tags } = await aws.dynamodb.send(new ListTagsOfResourceCommand({ ResourceArn: found.TableArn }));
    const tags = tagMap(Tags);
    return {
      inputs: {
        ...schema(found),
        billingMode: found.BillingModeSummary?.BillingMode ?? "PROVISIONED",
        deletionProtectionEnabled: found.DeletionProtectionEnabled ?? false,
        name: id,
        pointInTimeRecovery: await readRecovery(aws, id, known),
        readCapacity: found.ProvisionedThroughput?.ReadCapacityUnits,
        serverSideEncryption: readEncryption(found, known),
        streamEnabled: found.StreamSpecification?.StreamEnabled ?? false,
        streamViewType: found.StreamSpecification?.StreamViewType,
        tags,
        ttl: await readTtl(aws, id, known),
        writeCapacity: found.ProvisionedThroughput?.WriteCapacityUnits,
      },
      outputs: {
        arn: found.TableArn,
        region: aws.region,
        streamArn: found.LatestStreamArn,
        streamLabel: found.LatestStreamLabel,
        tagsAll: tags,
      },
    };
  },

  async update(aws, id, change) {
    const { olds, news, changed } = change;
    for (const step of steps(change)) {
      await aws.dynamodb.send(new UpdateTableCommand({ TableName: id, ...step }));
      await untilActive(aws, id);
    }
    if (changed.has("ttl")) await putTtl(aws, id, change);
    if (changed.has("pointInTimeRecovery")) await putRecovery(aws, id, news);
    if (!changed.has("tags")) return;
    const ResourceArn = (await find(aws, id))?.TableArn;
    await retag(
      { olds, news },
      {
        untag: (TagKeys) => aws.dynamodb.send(new UntagResourceCommand({ ResourceArn, TagKeys })),
        tag: (tags) => aws.dynamodb.send(new TagResourceCommand({ ResourceArn, Tags: tagList(tags) })),
      },
    );
  },

  async delete(aws, id) {
    await orMissing(aws.dynamodb.send(new DeleteTableCommand({ TableName: id })), MISSING);
    await until(`deleting table '${id}'`, aws.cancelled, async () => !(await find(aws, id)));
  },
};

async function find(aws: Clients, name: string): Promise<TableDescription | undefined> {
  return (await orMissing(aws.dynamodb.send(new DescribeTableCommand({ TableName: name })), MISSING))?.Table;
}

async function untilActive(aws: Clients, name: string): Promise<void> {
  await until(`preparing table '${name}'`, aws.cancelled, async () => {
    return (await find(aws, name))?.TableStatus === "ACTIVE";
  });
}

/** DynamoDB takes one of these changes at a time; another view of a stream is another stream. */
function steps({ olds, news, changed }: Change): Partial<UpdateTableCommandInput>[] {
  const has = (...names: string[]) => names.some((name) => changed.has(name));
  const isStreamed = boolean(news, "streamEnabled");
  return [
    ...(has("billingMode", "readCapacity", "writeCapacity") ? [billing(news)] : []),
    ...(has("deletionProtectionEnabled")
      ? [{ DeletionProtectionEnabled: boolean(news, "deletionProtectionEnabled") }]
      : []),
    ...(has("serverSideEncryption") ? [{ SSESpecification: encryption(news) ?? { Enabled: false } }] : []),
    ...(has("streamEnabled", "streamViewType") && boolean(olds, "streamEnabled")
      ? [{ StreamSpecification: { StreamEnabled: false } }]
      : []),
    ...(has("streamEnabled", "streamViewType") && isStreamed
      ? [{ StreamSpecification: streamOf(news) }]
      : []),
  ];
}

function keySchema(inputs: Properties): KeySchemaElement[] {
  const range = optionalString(inputs, "rangeKey");
  return [
    { AttributeName: string(inputs, "hashKey"), KeyType: "HASH" },
    ...(range === undefined ? [] : [{ AttributeName: range, KeyType: "RANGE" as const }]),
  ];
}

function schema(found: TableDescription): Properties {
  const key = (type: string) => found.KeySchema?.find((one) => one.KeyType === type)?.AttributeName;
  return {
    attributes: (found.AttributeDefinitions ?? []).map((one) => ({
      name: one.AttributeName,
      type: one.AttributeType,
    })),
    hashKey: key("HASH"),
    rangeKey: key("RANGE"),
  };
}

function billing(inputs: Properties) {
  const BillingMode = string(inputs, "billingMode") as BillingMode;
  if (BillingMode === ON_DEMAND) return { BillingMode };
  const ReadCapacityUnits = optionalNumber(inputs, "readCapacity");
  const WriteCapacityUnits = optionalNumber(inputs, "writeCapacity");
  return { BillingMode, ProvisionedThroughput: { ReadCapacityUnits, WriteCapacityUnits } };
}

function streamOf(inputs: Properties): StreamSpecification {
  return {
    StreamEnabled: true,
    StreamViewType: string(inputs, "streamViewType") as StreamViewType,
  };
}

function isOn(inputs: Properties, name: string): boolean {
  return boolean(optionalObject(inputs, name) ?? {}, "enabled");
}

/** What was declared to be off and is off; otherwise, off means the same as absent. */
function declaredOff(known: Properties, name: string): Properties | undefined {
  return isOn(known, name) ? undefined : optionalObject(known, name);
}

/** None is the key that DynamoDB owns. */
function encryption(inputs: Properties): SSESpecification | undefined {
  if (!isOn(inputs, "serverSideEncryption")) return undefined;
  const KMSMasterKeyId = optionalString(optionalObject(inputs, "serverSideEncryption") ?? {}, "kmsKeyArn");
  return { Enabled: true, SSEType: "KMS", KMSMasterKeyId };
}

function readEncryption(
  { SSEDescription: sse }: TableDescription,
  known: Properties,
): Properties | undefined {
  if (!sse || sse.Status === "DISABLED" || sse.SSEType !== "KMS") {
    return declaredOff(known, "serverSideEncryption");
  }
  const declared = optionalObject(known, "serverSideEncryption") ?? {};
  return { enabled: true, ...(declared.kmsKeyArn !== undefined && { kmsKeyArn: sse.KMSMasterKeyArn }) };
}

async function putTtl(
  aws: Clients,
  TableName: string,
  { olds, news }: Pick<Change, "olds" | "news">,
): Promise<void> {
  const Enabled = isOn(news, "ttl");
  if (!Enabled && !isOn(olds, "ttl")) return;
  const AttributeName = string(optionalObject(Enabled ? news : olds, "ttl") ?? {}, "attributeName");
  const TimeToLiveSpecification = { AttributeName, Enabled };
  await aws.dynamodb.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
}

async function readTtl(aws: Clients, TableName: string, known: Properties): Promise<Properties | undefined> {
  const { TimeToLiveDescription: ttl } = await aws.dynamodb.send(
    new DescribeTimeToLiveCommand({ TableName }),
  );
  if (!ttl?.TimeToLiveStatus?.startsWith("ENABL")) return declaredOff(known, "ttl");
  return { attributeName: ttl.AttributeName, enabled: true };
}

async function putRecovery(aws: Clients, TableName: string, inputs: Properties): Promise<void> {
  const PointInTimeRecoverySpecification = {
    PointInTimeRecoveryEnabled: isOn(inputs, "pointInTimeRecovery"),
  };
  await aws.dynamodb.send(
    new UpdateContinuousBackupsCommand({ TableName, PointInTimeRecoverySpecification }),
  );
}

async function readRecovery(
  aws: Clients,
  TableName: string,
  known: Properties,
): Promise<Properties | undefined> {
  const { ContinuousBackupsDescription: backups } = await aws.dynamodb.send(
    new DescribeContinuousBackupsCommand({ TableName }),
  );
  const status = backups?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus;
  return status === "ENABLED" ? { enabled: true } : declaredOff(known, "pointInTimeRecovery");
}
