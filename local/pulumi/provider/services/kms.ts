import {
  type AliasListEntry,
  CreateAliasCommand,
  CreateKeyCommand,
  DeleteAliasCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  DisableKeyRotationCommand,
  EnableKeyCommand,
  EnableKeyRotationCommand,
  GetKeyPolicyCommand,
  GetKeyRotationStatusCommand,
  ListAliasesCommand,
  ListResourceTagsCommand,
  PutKeyPolicyCommand,
  ScheduleKeyDeletionCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateAliasCommand,
  UpdateKeyDescriptionCommand,
} from "@aws-sdk/client-kms";
import type { Clients } from "../clients";
import { orMissing } from "../errors";
import type { ResourceType } from "../resource-type";
import { retag } from "../tags";
import { type Properties, boolean, optionalNumber, optionalString, string, stringMap } from "../values";

const MISSING = "NotFoundException";

/** A symmetric key for encryption. */
export const key: ResourceType = {
  inputs: {
    deletionWindowInDays: { type: "number", default: 30, unread: true },
    description: { type: "string", computed: true },
    enableKeyRotation: { type: "boolean", default: false },
    isEnabled: { type: "boolean", default: true },
    policy: { type: "string", json: true, computed: true },
    rotationPeriodInDays: { type: "number", computed: true },
    tags: { type: "map" },
  },
  outputs: ["arn", "keyId", "region", "tagsAll"],
  volatile: ["tagsAll"],

  async create(aws, inputs) {
    const { KeyMetadata } = await aws.kms.send(
      new CreateKeyCommand({
        Description: optionalString(inputs, "description"),
        Policy: optionalString(inputs, "policy"),
        Tags: tagPairs(stringMap(inputs, "tags")),
      }),
    );
    return { id: KeyMetadata?.KeyId ?? "" };
  },

  async settle(aws, id, inputs) {
    if (boolean(inputs, "enableKeyRotation")) await putRotation(aws, id, inputs);
    if (!boolean(inputs, "isEnabled")) await aws.kms.send(new DisableKeyCommand({ KeyId: id }));
  },

  async read(aws, id) {
    const call = aws.kms.send(new DescribeKeyCommand({ KeyId: id }));
    const found = (await orMissing(call, MISSING))?.KeyMetadata;
    if (!found || found.KeyState === "PendingDeletion") return undefined;
    const [policy, rotation, tags] = await Promise.all([
      aws.kms.send(new GetKeyPolicyCommand({ KeyId: id })),
      aws.kms.send(new GetKeyRotationStatusCommand({ KeyId: id })),
      readTags(aws, id),
    ]);
    const enableKeyRotation = rotation.KeyRotationEnabled ?? false;
    return {
      inputs: {
        description: found.Description,
        enableKeyRotation,
        isEnabled: found.Enabled ?? false,
        policy: policy.Policy,
        rotationPeriodInDays: enableKeyRotation ? rotation.RotationPeriodInDays : undefined,
        tags,
      },
      outputs: { arn: found.Arn, keyId: id, region: aws.region, tagsAll: tags },
    };
  },

  async update(aws, id, { olds, news, changed }) {
    // Of a key that is not enabled, KMS changes only the tags.
    if (changed.has("isEnabled") && boolean(news, "isEnabled")) {
      await aws.kms.send(new EnableKeyCommand({ KeyId: id }));
    }
    if (changed.has("description")) {
      const Description = optionalString(news, "description") ?? "";
      await aws.kms.send(new UpdateKeyDescriptionCommand({ KeyId: id, Description }));
    }
    if (changed.has("policy")) {
      await aws.kms.send(new PutKeyPolicyCommand({ KeyId: id, Policy: string(news, "policy") }));
    }
    if (changed.has("enableKeyRotation") || changed.has("rotationPeriodInDays")) {
      await putRotation(aws, id, news);
    }
    if (changed.has("isEnabled") && !boolean(news, "isEnabled")) {
      await aws.kms.send(new DisableKeyCommand({ KeyId: id }));
    }
    await retag(
      { olds, news },
      {
        untag: (TagKeys) => aws.kms.send(new UntagResourceCommand({ KeyId: id, TagKeys })),
        tag: (tags) => aws.kms.send(new TagResourceCommand({ KeyId: id, Tags: tagPairs(tags) })),
      },
    );
  },

  async delete(aws, id, state) {
    const PendingWindowInDays = optionalNumber(state, "deletionWindowInDays");
    await orMissing(
      aws.kms.send(new ScheduleKeyDeletionCommand({ KeyId: id, PendingWindowInDays })),
      MISSING,
      "KMSInvalidStateException", // its deletion is scheduled already
    );
  },
};

/** A name for a key. */
export const alias: ResourceType = {
  inputs: {
    name: { type: "string", required: true, replaces: true },
    targetKeyId: { type: "string", required: true },
  },
  outputs: ["arn", "region", "targetKeyArn"],
  volatile: ["targetKeyArn"],

  async create(aws, inputs) {
    const AliasName = string(inputs, "name");
    const TargetKeyId = string(inputs, "targetKeyId");
    await aws.kms.send(new CreateAliasCommand({ AliasName, TargetKeyId }));
    return { id: AliasName };
  },

  async read(aws, id, known) {
    const found = await findAlias(aws, id);
    if (!found) return undefined;
    const { AliasArn: arn = "", TargetKeyId: target = "" } = found;
    const targetKeyArn = `${arn.slice(0, arn.lastIndexOf(":"))}:key/${target}`;
    const isByArn = known.targetKeyId === targetKeyArn;
    return {
      inputs: { name: id, targetKeyId: isByArn ? targetKeyArn : target },
      outputs: { arn, region: aws.region, targetKeyArn },
    };
  },

  async update(aws, id, { news }) {
    const TargetKeyId = string(news, "targetKeyId");
    await aws.kms.send(new UpdateAliasCommand({ AliasName: id, TargetKeyId }));
  },

  async delete(aws, id) {
    await orMissing(aws.kms.send(new DeleteAliasCommand({ AliasName: id })), MISSING);
  },
};

async function putRotation(aws: Clients, KeyId: string, inputs: Properties): Promise<void> {
  if (boolean(inputs, "enableKeyRotation")) {
    const RotationPeriodInDays = optionalNumber(inputs, "rotationPeriodInDays");
    await aws.kms.send(new EnableKeyRotationCommand({ KeyId, RotationPeriodInDays }));
  } else {
    await aws.kms.send(new DisableKeyRotationCommand({ KeyId }));
  }
}

async function findAlias(aws: Clients, name: string): Promise<AliasListEntry | undefined> {
  let Marker: string | undefined;
  do {
    const page = await aws.kms.send(new ListAliasesCommand({ Marker }));
    const found = page.Aliases?.find((one) => one.AliasName === name);
    if (found) return found;
    Marker = page.NextMarker;
  } while (Marker);
  return undefined;
}

async function readTags(aws: Clients, KeyId: string): Promise<Record<string, string>> {
  const { Tags } = await aws.kms.send(new ListResourceTagsCommand({ KeyId }));
  return Object.fromEntries((Tags ?? []).map(({ TagKey = "", TagValue = "" }) => [TagKey, TagValue]));
}

function tagPairs(tags: Readonly<Record<string, string>>): { TagKey: string; TagValue: string }[] {
  return Object.entries(tags).map(([TagKey, TagValue]) => ({ TagKey, TagValue }));
}
