import {
  DeleteRuleCommand,
  DescribeRuleCommand,
  ListTagsForResourceCommand,
  ListTargetsByRuleCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
  type RuleState,
  TagResourceCommand,
  type Target,
  UntagResourceCommand,
} from "@aws-sdk/client-eventbridge";
import type { Clients } from "../clients";
import { orMissing } from "../errors";
import { fromAws, toAws } from "../naming";
import type { Property, ResourceType } from "../resource-type";
import { retag, tagList, tagMap } from "../tags";
import { type Properties, optionalObject, optionalString, pick, string, stringMap } from "../values";

const MISSING = "ResourceNotFoundException";
const BUS: Property = { type: "string", default: "default", allowed: ["default"], replaces: true };

/** A rule: which events or times it matches. */
export const eventRule: ResourceType = {
  inputs: {
    name: { type: "string", replaces: true },
    namePrefix: { type: "string", replaces: true, unread: true },
    description: { type: "string" },
    eventBusName: BUS,
    eventPattern: { type: "string", json: true },
    roleArn: { type: "string" },
    scheduleExpression: { type: "string" },
    state: { type: "string", default: "ENABLED" },
    tags: { type: "map" },
  },
  outputs: ["arn", "region", "tagsAll"],
  volatile: ["tagsAll"],
  name: { property: "name", prefix: "namePrefix" },

  async create(aws, inputs) {
    await putRule(aws, inputs, stringMap(inputs, "tags"));
    return { id: string(inputs, "name") };
  },

  async read(aws, id) {
    const found = await orMissing(aws.events.send(new DescribeRuleCommand({ Name: id })), MISSING);
    if (!found) return undefined;
    const { Tags } = await aws.events.send(new ListTagsForResourceCommand({ ResourceARN: found.Arn }));
    const tags = tagMap(Tags);
    return {
      inputs: {
        name: id,
        description: found.Description,
        eventBusName: found.EventBusName,
        eventPattern: found.EventPattern,
        roleArn: found.RoleArn,
        scheduleExpression: found.ScheduleExpression,
        state: found.State,
        tags,
      },
      outputs: { arn: found.Arn, region: aws.region, tagsAll: tags },
    };
  },

  async update(aws, id, { olds, news, changed }) {
    if ([...changed].some((name) => name !== "tags")) await putRule(aws, news);
    if (!changed.has("tags")) return;
    const { Arn: ResourceARN } = await aws.events.send(new DescribeRuleCommand({ Name: id }));
    await retag(
      { olds, news },
      {
        untag: (TagKeys) => aws.events.send(new UntagResourceCommand({ ResourceARN, TagKeys })),
        tag: (tags) => aws.events.send(new TagResourceCommand({ ResourceARN, Tags: tagList(tags) })),
      },
    );
  },

  async delete(aws, id) {
    await orMissing(aws.events.send(new DeleteRuleCommand({ Name: id })), MISSING);
  },
};

/** The inputs of a target that EventBridge takes unchanged. */
const TARGET: Readonly<Record<string, Property>> = {
  arn: { type: "string", required: true },
  deadLetterConfig: { type: "object", fields: { arn: { type: "string" } } },
  input: { type: "string", json: true },
  inputPath: { type: "string" },
  retryPolicy: {
    type: "object",
    fields: { maximumEventAgeInSeconds: { type: "number" }, maximumRetryAttempts: { type: "number" } },
  },
  roleArn: { type: "string" },
};

/** A target of a rule: where matching events go. */
export const eventTarget: ResourceType = {
  inputs: {
    ...TARGET,
    eventBusName: BUS,
    inputTransformer: {
      type: "object",
      fields: { inputPaths: { type: "map" }, inputTemplate: { type: "string", required: true } },
    },
    rule: { type: "string", required: true, replaces: true },
    targetId: { type: "string", replaces: true },
  },
  outputs: ["region"],
  name: { property: "targetId" },

  async create(aws, inputs) {
    await putTarget(aws, inputs);
    return { id: `${string(inputs, "rule")}-${string(inputs, "targetId")}` };
  },

  async read(aws, id, known) {
    const [rule, targetId] = placeOf(id, known);
    const found = await findTarget(aws, rule, targetId);
    return (
      found && {
        inputs: {
          ...pick(fromAws(found) as Properties, Object.keys(TARGET)),
          eventBusName: "default",
          inputTransformer: readTransformer(found),
          rule,
          targetId,
        },
        outputs: { region: aws.region },
      }
    );
  },

  async update(aws, _id, { news }) {
    await putTarget(aws, news);
  },

  async delete(aws, id, state) {
    const [Rule, targetId] = placeOf(id, state);
    await orMissing(aws.events.send(new RemoveTargetsCommand({ Rule, Ids: [targetId] })), MISSING);
  },
};

/** @param tags for a new rule only: EventBridge ignores them where there is one */
async function putRule(aws: Clients, inputs: Properties, tags: Record<string, string> = {}): Promise<void> {
  await aws.events.send(
    new PutRuleCommand({
      Description: optionalString(inputs, "description") ?? "",
      EventPattern: optionalString(inputs, "eventPattern"),
      Name: string(inputs, "name"),
      RoleArn: optionalString(inputs, "roleArn"),
      ScheduleExpression: optionalString(inputs, "scheduleExpression"),
      State: string(inputs, "state") as RuleState,
      ...(Object.keys(tags).length > 0 && { Tags: tagList(tags) }),
    }),
  );
}

async function putTarget(aws: Clients, inputs: Properties): Promise<void> {
  const transformer = optionalObject(inputs, "inputTransformer");
  const target = {
    ...(toAws(pick(inputs, Object.keys(TARGET))) as Target),
    Id: string(inputs, "targetId"),
    ...(transformer && {
      InputTransformer: {
        InputPathsMap: stringMap(transformer, "inputPaths"),
        InputTemplate: string(transformer, "inputTemplate"),
      },
    }),
  };
  const { FailedEntries } = await aws.events.send(
    new PutTargetsCommand({ Rule: string(inputs, "rule"), Targets: [target] }),
  );
  const [failed] = FailedEntries ?? [];
  if (failed) throw new Error(`${failed.ErrorCode ?? "?"}: ${failed.ErrorMessage ?? "no reason given"}`);
}

async function findTarget(aws: Clients, Rule: string, id: string): Promise<Target | undefined> {
  let NextToken: string | undefined;
  do {
    const page = await orMissing(aws.events.send(new ListTargetsByRuleCommand({ Rule, NextToken })), MISSING);
    const found = page?.Targets?.find((one) => one.Id === id);
    if (found) return found;
    NextToken = page?.NextToken;
  } while (NextToken);
  return undefined;
}

function readTransformer({ InputTransformer: found }: Target): Properties | undefined {
  return found && { inputPaths: found.InputPathsMap, inputTemplate: found.InputTemplate };
}

/** Of a target's id: `<rule>/<target>` on import, for both may contain hyphens. */
function placeOf(id: string, known: Properties): [rule: string, target: string] {
  const rule = optionalString(known, "rule");
  const target = optionalString(known, "targetId");
  if (rule !== undefined && target !== undefined) return [rule, target];
  const slash = id.indexOf("/");
  if (slash < 0) throw new Error(`'${id}' is not a target: write it as <rule>/<target>`);
  return [id.slice(0, slash), id.slice(slash + 1)];
}
