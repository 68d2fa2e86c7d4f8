import {
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  ListRoleTagsCommand,
  PutRolePolicyCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
  UpdateRoleDescriptionCommand,
} from "@aws-sdk/client-iam";
import type { Clients } from "../clients";
import { orMissing } from "../errors";
import type { ResourceType } from "../resource-type";
import { retag, tagList, tagMap } from "../tags";
import { type Properties, boolean, optionalNumber, optionalString, string, stringMap } from "../values";

const MISSING = "NoSuchEntity";
const MISSING_EXCEPTION = "NoSuchEntityException";

export const role: ResourceType = {
  inputs: {
    name: { type: "string", replaces: true },
    namePrefix: { type: "string", replaces: true, unread: true },
    path: { type: "string", replaces: true, default: "/" },
    assumeRolePolicy: { type: "string", required: true, json: true },
    description: { type: "string" },
    forceDetachPolicies: { type: "boolean", default: false, unread: true },
    maxSessionDuration: { type: "number", default: 3600 },
    tags: { type: "map" },
  },
  outputs: ["arn", "createDate", "tagsAll", "uniqueId"],
  volatile: ["tagsAll"],
  name: { property: "name", prefix: "namePrefix" },

  async create(aws, inputs) {
    const name = string(inputs, "name");
    await aws.iam.send(
      new CreateRoleCommand({
        RoleName: name,
        Path: optionalString(inputs, "path"),
        AssumeRolePolicyDocument: string(inputs, "assumeRolePolicy"),
        Description: optionalString(inputs, "description"),
        MaxSessionDuration: optionalNumber(inputs, "maxSessionDuration"),
        Tags: tagList(stringMap(inputs, "tags")),
      }),
    );
    return { id: name };
  },

  async read(aws, id) {
    const found = await orMissing(
      aws.iam.send(new GetRoleCommand({ RoleName: id })),
      MISSING,
      MISSING_EXCEPTION,
    );
    if (!found?.Role) return undefined;
    const { Arn, AssumeRolePolicyDocument, CreateDate, Description, MaxSessionDuration, Path, RoleId } =
      found.Role;
    const tags = tagMap((await aws.iam.send(new ListRoleTagsCommand({ RoleName: id }))).Tags);
    return {
      inputs: {
        name: id,
        path: Path,
        assumeRolePolicy: decodeURIComponent(AssumeRolePolicyDocument ?? ""),
        description: Description,
        maxSessionDuration: MaxSessionDuration,
        tags,
      },
      outputs: { arn: Arn, createDate: CreateDate?.toISOString(), tagsAll: tags, uniqueId: RoleId },
    };
  },

  async update(aws, id, { olds, news, changed }) {
    if (changed.has("assumeRolePolicy")) {
      const PolicyDocument = string(news, "assumeRolePolicy");
      await aws.iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: id, PolicyDocument }));
    }
    if (changed.has("description")) {
      const Description = optionalString(news, "description") ?? "";
      await aws.iam.send(new UpdateRoleDescriptionCommand({ RoleName: id, Description }));
    }
    if (changed.has("maxSessionDuration")) {
      const MaxSessionDuration = optionalNumber(news, "maxSessionDuration");
      await aws.iam.send(new UpdateRoleCommand({ RoleName: id, MaxSessionDuration }));
    }
    if (changed.has("tags")) {
      await retag(
        { olds, news },
        {
          untag: (TagKeys) => aws.iam.send(new UntagRoleCommand({ RoleName: id, TagKeys })),
          tag: (tags) => aws.iam.send(new TagRoleCommand({ RoleName: id, Tags: tagList(tags) })),
        },
      );
    }
  },

  async delete(aws, id, state) {
    if (boolean(state, "forceDetachPolicies")) await detachPolicies(aws, id);
    await orMissing(aws.iam.send(new DeleteRoleCommand({ RoleName: id })), MISSING, MISSING_EXCEPTION);
  },
};

/** Removes what would keep a role from being deleted. */
async function detachPolicies(aws: Clients, name: string): Promise<void> {
  const attached = aws.iam.send(new ListAttachedRolePoliciesCommand({ RoleName: name }));
  for (const policy of (await orMissing(attached, MISSING, MISSING_EXCEPTION))?.AttachedPolicies ?? []) {
    await aws.iam.send(new DetachRolePolicyCommand({ RoleName: name, PolicyArn: policy.PolicyArn }));
  }
  const inline = aws.iam.send(new ListRolePoliciesCommand({ RoleName: name }));
  for (const PolicyName of (await orMissing(inline, MISSING, MISSING_EXCEPTION))?.PolicyNames ?? []) {
    await aws.iam.send(new DeleteRolePolicyCommand({ RoleName: name, PolicyName }));
  }
}

export const rolePolicy: ResourceType = {
  inputs: {
    name: { type: "string", replaces: true },
    namePrefix: { type: "string", replaces: true, unread: true },
    role: { type: "string", required: true, replaces: true },
    policy: { type: "string", required: true, json: true },
  },
  outputs: [],
  name: { property: "name", prefix: "namePrefix" },

  async create(aws, inputs) {
    await putPolicy(aws, inputs);
    return { id: `${string(inputs, "role")}:${string(inputs, "name")}` };
  },

  async read(aws, id) {
    const { role: RoleName, name: PolicyName } = parsePolicyId(id);
    const call = aws.iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
    const found = await orMissing(call, MISSING, MISSING_EXCEPTION);
    if (!found) return undefined;
    const policy = decodeURIComponent(found.PolicyDocument ?? "");
    return { inputs: { name: PolicyName, role: RoleName, policy }, outputs: {} };
  },

  async update(aws, _id, { news }) {
    await putPolicy(aws, news);
  },

  async delete(aws, id) {
    const { role: RoleName, name: PolicyName } = parsePolicyId(id);
    const call = aws.iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
    await orMissing(call, MISSING, MISSING_EXCEPTION);
  },
};

async function putPolicy(aws: Clients, inputs: Properties): Promise<void> {
  await aws.iam.send(
    new PutRolePolicyCommand({
      RoleName: string(inputs, "role"),
      PolicyName: string(inputs, "name"),
      PolicyDocument: string(inputs, "policy"),
    }),
  );
}

function parsePolicyId(id: string): { role: string; name: string } {
  const [role, name] = id.split(":");
  if (!role || !name)
    throw new Error(`'${id}' is not the id of an aws:iam/rolePolicy:RolePolicy: write it as ROLE:POLICY`);
  return { role, name };
}
