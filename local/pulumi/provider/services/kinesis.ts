import {
  AddTagsToStreamCommand,
  CreateStreamCommand,
  DecreaseStreamRetentionPeriodCommand,
  DeleteStreamCommand,
  DeregisterStreamConsumerCommand,
  DescribeStreamConsumerCommand,
  DescribeStreamSummaryCommand,
  IncreaseStreamRetentionPeriodCommand,
  ListTagsForStreamCommand,
  RegisterStreamConsumerCommand,
  RemoveTagsFromStreamCommand,
  StartStreamEncryptionCommand,
  StopStreamEncryptionCommand,
  type StreamDescriptionSummary,
  type StreamMode,
  UpdateShardCountCommand,
} from "@aws-sdk/client-kinesis";
import type { Clients } from "../clients";
import { orMissing } from "../errors";
import type { ResourceType } from "../resource-type";
import { retag, tagMap } from "../tags";
import { type Properties, boolean, optionalNumber, optionalObject, string, stringMap } from "../values";
import { until } from "../wait";

const MISSING = "ResourceNotFoundException";
const DEFAULT_RETENTION_HOURS = 24;
const UNENCRYPTED = "NONE";

export const stream: ResourceType = {
  inputs: {
    name: { type: "string", replaces: true },
    encryptionType: { type: "string", default: UNENCRYPTED, allowed: [UNENCRYPTED, "KMS"] },
    enforceConsumerDeletion: { type: "boolean", default: false, unread: true },
    kmsKeyId: { type: "string" },
    retentionPeriod: { type: "number", default: DEFAULT_RETENTION_HOURS },
    shardCount: { type: "number", computed: true },
    // AWS changes it in place, the emulator not at all.
    streamModeDetails: {
      type: "object",
      default: { streamMode: "PROVISIONED" },
      fields: { streamMode: { type: "string", required: true } },
      replaces: true,
    },
    tags: { type: "map" },
  },
  outputs: ["arn", "region", "tagsAll"],
  volatile: ["tagsAll"],
  name: { property: "name" },

  async create(aws, inputs) {
    const StreamName = string(inputs, "name");
    const mode = string(optionalObject(inputs, "streamModeDetails") ?? {}, "streamMode");
    await aws.kinesis.send(
      new CreateStreamCommand({
        StreamName,
        StreamModeDetails: { StreamMode: mode as StreamMode },
        ...(mode === "PROVISIONED" && { ShardCount: optionalNumber(inputs, "shardCount") }),
      }),
    );
    const { StreamDescriptionSummary } = await aws.kinesis.send(
      new DescribeStreamSummaryCommand({ StreamName }),
    );
    return { id: StreamDescriptionSummary?.StreamARN ?? "" };
  },

  async settle(aws, id, inputs) {
    await untilActive(aws, id);
    await putRetention(aws, id, DEFAULT_RETENTION_HOURS, inputs);
    if (inputs.encryptionType !== UNENCRYPTED) await putEncryption(aws, id, inputs);
    const Tags = stringMap(inputs, "tags");
    if (Object.keys(Tags).length > 0) {
      await aws.kinesis.send(new AddTagsToStreamCommand({ StreamARN: id, Tags }));
    }
  },

  async read(aws, id) {
    const found = await find(aws, id);
    if (!found) return undefined;
    const { Tags } = await aws.kinesis.send(new ListTagsForStreamCommand({ StreamARN: id }));
    const tags = tagMap(Tags);
    return {
      inputs: {
        name: found.StreamName,
        encryptionType: found.EncryptionType ?? UNENCRYPTED,
        kmsKeyId: found.KeyId,
        retentionPeriod: found.RetentionPeriodHours,
        shardCount: found.OpenShardCount,
        streamModeDetails: { streamMode: found.StreamModeDetails?.StreamMode },
        tags,
      },
      outputs: { arn: id, region: aws.region, tagsAll: tags },
    };
  },

  async update(aws, id, { olds, news, changed }) {
    if (changed.has("shardCount")) {
      const TargetShardCount = optionalNumber(news, "shardCount");
      const request = { StreamARN: id, TargetShardCount, ScalingType: "UNIFORM_SCALING" as const };
      await aws.kinesis.send(new UpdateShardCountCommand(request));
      await untilActive(aws, id);
    }
    if (changed.has("retentionPeriod")) {
      await putRetention(aws, id, optionalNumber(olds, "retentionPeriod") ?? DEFAULT_RETENTION_HOURS, news);
    }
    if (changed.has("encryptionType") || changed.has("kmsKeyId")) await putEncryption(aws, id, news, olds);
    await retag(
      { olds, news },
      {
        untag: (TagKeys) => aws.kinesis.send(new RemoveTagsFromStreamCommand({ StreamARN: id, TagKeys })),
        tag: (Tags) => aws.kinesis.send(new AddTagsToStreamCommand({ StreamARN: id, Tags })),
      },
    );
  },

  async delete(aws, id, state) {
    const EnforceConsumerDeletion = boolean(state, "enforceConsumerDeletion");
    const request = new DeleteStreamCommand({ StreamARN: id, EnforceConsumerDeletion });
    await orMissing(aws.kinesis.send(request), MISSING);
    await until(`deleting ${id}`, aws.cancelled, async () => !(await find(aws, id)));
  },
};

/** A reader with a throughput of its own. */
export const streamConsumer: ResourceType = {
  inputs: {
    name: { type: "string" },
    streamArn: { type: "string", required: true },
  },
  outputs: ["arn", "creationTimestamp", "region"],
  name: { property: "name" },

  async create(aws, inputs) {
    const { Consumer } = await aws.kinesis.send(
      new RegisterStreamConsumerCommand({
        ConsumerName: string(inputs, "name"),
        StreamARN: string(inputs, "streamArn"),
      }),
    );
    return { id: Consumer?.ConsumerARN ?? "" };
  },

  async settle(aws, id) {
    await until(`registering ${id}`, aws.cancelled, async () => {
      return (await findConsumer(aws, id))?.ConsumerStatus === "ACTIVE";
    });
  },

  async read(aws, id) {
    const found = await findConsumer(aws, id);
    return (
      found && {
        inputs: { name: found.ConsumerName, streamArn: found.StreamARN },
        outputs: {
          arn: id,
          creationTimestamp: found.ConsumerCreationTimestamp?.toISOString(),
          region: aws.region,
        },
      }
    );
  },

  async delete(aws, id) {
    await orMissing(aws.kinesis.send(new DeregisterStreamConsumerCommand({ ConsumerARN: id })), MISSING);
    await until(`deregistering ${id}`, aws.cancelled, async () => !(await findConsumer(aws, id)));
  },
};

async function find(aws: Clients, StreamARN: string): Promise<StreamDescriptionSummary | undefined> {
  const call = aws.kinesis.send(new DescribeStreamSummaryCommand({ StreamARN }));
  return (await orMissing(call, MISSING))?.StreamDescriptionSummary;
}

async function findConsumer(aws: Clients, ConsumerARN: string) {
  const call = aws.kinesis.send(new DescribeStreamConsumerCommand({ ConsumerARN }));
  return (await orMissing(call, MISSING))?.ConsumerDescription;
}

async function untilActive(aws: Clients, id: string): Promise<void> {
  await until(`preparing ${id}`, aws.cancelled, async () => (await find(aws, id))?.StreamStatus === "ACTIVE");
}

async function putRetention(aws: Clients, id: string, before: number, inputs: Properties): Promise<void> {
  const hours = optionalNumber(inputs, "retentionPeriod") ?? DEFAULT_RETENTION_HOURS;
  if (hours === before) return;
  const request = { StreamARN: id, RetentionPeriodHours: hours };
  await (hours > before
    ? aws.kinesis.send(new IncreaseStreamRetentionPeriodCommand(request))
    : aws.kinesis.send(new DecreaseStreamRetentionPeriodCommand(request)));
  await untilActive(aws, id);
}

async function putEncryption(
  aws: Clients,
  id: string,
  news: Properties,
  olds: Properties = {},
): Promise<void> {
  if (news.encryptionType === UNENCRYPTED) {
    const KeyId = string(olds, "kmsKeyId");
    const request = { StreamARN: id, EncryptionType: "KMS" as const, KeyId };
    await aws.kinesis.send(new StopStreamEncryptionCommand(request));
  } else {
    const KeyId = string(news, "kmsKeyId");
    const request = { StreamARN: id, EncryptionType: "KMS" as const, KeyId };
    await aws.kinesis.send(new StartStreamEncryptionCommand(request));
  }
  await untilActive(aws, id);
}
