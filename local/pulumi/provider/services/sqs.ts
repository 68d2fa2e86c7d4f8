import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ListQueueTagsCommand,
  QueueAttributeName,
  SetQueueAttributesCommand,
  TagQueueCommand,
  UntagQueueCommand,
} from "@aws-sdk/client-sqs";
import type { Clients } from "../clients";
import { orMissing } from "../errors";
import type { PropertyTable, ResourceType } from "../resource-type";
import { retag } from "../tags";
import { type Properties, type Value, isScalar, string, stringMap } from "../values";

const MISSING = ["QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"];

/** The inputs of a queue that SQS has as attributes, which are all text. */
const ATTRIBUTES: PropertyTable = {
  delaySeconds: { type: "number", default: 0 },
  kmsDataKeyReusePeriodSeconds: { type: "number", computed: true },
  kmsMasterKeyId: { type: "string" },
  maxMessageSize: { type: "number", default: 262_144 },
  messageRetentionSeconds: { type: "number", default: 345_600 },
  policy: { type: "string", json: true, computed: true },
  receiveWaitTimeSeconds: { type: "number", default: 0 },
  redriveAllowPolicy: { type: "string", json: true, computed: true },
  redrivePolicy: { type: "string", json: true, computed: true },
  sqsManagedSseEnabled: { type: "boolean", computed: true },
  visibilityTimeoutSeconds: { type: "number", default: 30 },
};

const ATTRIBUTE_NAMES: Readonly<Record<string, QueueAttributeName>> = {
  delaySeconds: "DelaySeconds",
  kmsDataKeyReusePeriodSeconds: "KmsDataKeyReusePeriodSeconds",
  kmsMasterKeyId: "KmsMasterKeyId",
  maxMessageSize: "MaximumMessageSize",
  messageRetentionSeconds: "MessageRetentionPeriod",
  policy: "Policy",
  receiveWaitTimeSeconds: "ReceiveMessageWaitTimeSeconds",
  redriveAllowPolicy: "RedriveAllowPolicy",
  redrivePolicy: "RedrivePolicy",
  sqsManagedSseEnabled: "SqsManagedSseEnabled",
  visibilityTimeoutSeconds: "VisibilityTimeout",
};

export const queue: ResourceType = {
  inputs: {
    name: { type: "string", replaces: true },
    namePrefix: { type: "string", replaces: true, unread: true },
    tags: { type: "map" },
    ...ATTRIBUTES,
  },
  outputs: ["arn", "region", "tagsAll", "url"],
  volatile: ["tagsAll"],
  name: { property: "name", prefix: "namePrefix" },

  async create(aws, inputs) {
    const { QueueUrl } = await aws.sqs.send(
      new CreateQueueCommand({
        QueueName: string(inputs, "name"),
        Attributes: declaredAttributes(inputs, Object.keys(ATTRIBUTES)),
        tags: stringMap(inputs, "tags"),
      }),
    );
    return { id: QueueUrl ?? "" };
  },

  async read(aws, id) {
    const attributes = await attributesOf(aws, id);
    if (!attributes) return undefined;
    const { Tags } = await aws.sqs.send(new ListQueueTagsCommand({ QueueUrl: id }));
    const arn = attributes.QueueArn ?? "";
    return {
      inputs: {
        ...readAttributes(attributes),
        name: arn.slice(arn.lastIndexOf(":") + 1),
        tags: Tags,
      },
      outputs: { arn, region: aws.region, tagsAll: Tags, url: id },
    };
  },

  async update(aws, id, { olds, news, changed }) {
    const Attributes = declaredAttributes(
      news,
      Object.keys(ATTRIBUTES).filter((name) => changed.has(name)),
    );
    if (changed.has("kmsMasterKeyId")) Attributes.KmsMasterKeyId ??= ""; // takes the key away
    if (Object.keys(Attributes).length > 0) {
      await aws.sqs.send(new SetQueueAttributesCommand({ QueueUrl: id, Attributes }));
    }
    if (changed.has("tags")) {
      await retag(
        { olds, news },
        {
          untag: (TagKeys) => aws.sqs.send(new UntagQueueCommand({ QueueUrl: id, TagKeys })),
          tag: (Tags) => aws.sqs.send(new TagQueueCommand({ QueueUrl: id, Tags })),
        },
      );
    }
  },

  async delete(aws, id) {
    await orMissing(aws.sqs.send(new DeleteQueueCommand({ QueueUrl: id })), ...MISSING);
  },
};

/** The policy of a queue, as a resource of its own under the queue's URL. */
export const queuePolicy: ResourceType = {
  inputs: {
    policy: { type: "string", required: true, json: true },
    queueUrl: { type: "string", required: true, replaces: true },
  },
  outputs: ["region"],

  async create(aws, inputs) {
    const id = string(inputs, "queueUrl");
    await putPolicy(aws, id, string(inputs, "policy"));
    return { id };
  },

  async read(aws, id) {
    const policy = (await attributesOf(aws, id))?.Policy;
    return policy ? { inputs: { policy, queueUrl: id }, outputs: { region: aws.region } } : undefined;
  },

  async update(aws, id, { news }) {
    await putPolicy(aws, id, string(news, "policy"));
  },

  async delete(aws, id) {
    await orMissing(putPolicy(aws, id, ""), ...MISSING);
  },
};

async function putPolicy(aws: Clients, QueueUrl: string, Policy: string): Promise<void> {
  await aws.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
}

async function attributesOf(aws: Clients, QueueUrl: string): Promise<Record<string, string> | undefined> {
  const call = aws.sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }));
  const found = await orMissing(call, ...MISSING);
  return found && (found.Attributes ?? {});
}

function declaredAttributes(
  inputs: Properties,
  names: readonly string[],
): Partial<Record<QueueAttributeName, string>> {
  const declared = names.flatMap((name) => {
    const value = inputs[name];
    return isScalar(value) ? [[ATTRIBUTE_NAMES[name], String(value)]] : [];
  });
  return Object.fromEntries(declared) as Partial<Record<QueueAttributeName, string>>;
}

function readAttributes(attributes: Readonly<Record<string, string>>): Properties {
  return Object.fromEntries(
    Object.entries(ATTRIBUTES).map(([name, { type }]) => [
      name,
      parse(attributes[ATTRIBUTE_NAMES[name] ?? ""], type),
    ]),
  );
}

function parse(text: string | undefined, type: string): Value | undefined {
  if (text === undefined || type === "string") return text;
  return type === "number" ? Number(text) : text === "true";
}
