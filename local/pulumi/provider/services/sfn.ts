import {
  CreateStateMachineCommand,
  DeleteStateMachineCommand,
  DescribeStateMachineCommand,
  ListTagsForResourceCommand,
  type LogLevel,
  type LoggingConfiguration,
  type StateMachineType,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateStateMachineCommand,
} from "@aws-sdk/client-sfn";
import type { Clients } from "../clients";
import { orMissing } from "../errors";
import type { ResourceType } from "../resource-type";
import { retag } from "../tags";
import { type Properties, boolean, optionalObject, optionalString, string, stringMap } from "../values";
import { until } from "../wait";

const MISSING = "StateMachineDoesNotExist";

export const stateMachine: ResourceType = {
  inputs: {
    name: { type: "string", replaces: true },
    namePrefix: { type: "string", replaces: true, unread: true },
    definition: { type: "string", required: true, json: true },
    roleArn: { type: "string", required: true },
    type: { type: "string", replaces: true, default: "STANDARD", allowed: ["STANDARD", "EXPRESS"] },
    loggingConfiguration: {
      type: "object",
      fields: {
        includeExecutionData: { type: "boolean" },
        level: { type: "string" },
        logDestination: { type: "string" },
      },
    },
    tags: { type: "map" },
  },
  outputs: ["arn", "creationDate", "region", "revisionId", "status", "tagsAll"],
  volatile: ["revisionId", "tagsAll"],
  name: { property: "name", prefix: "namePrefix" },

  async create(aws, inputs) {
    const { stateMachineArn } = await aws.sfn.send(
      new CreateStateMachineCommand({
        ...configuration(inputs),
        name: string(inputs, "name"),
        type: optionalString(inputs, "type") as StateMachineType | undefined,
        tags: tagPairs(stringMap(inputs, "tags")),
      }),
    );
    return { id: stateMachineArn ?? "" };
  },

  async read(aws, id) {
    const call = aws.sfn.send(new DescribeStateMachineCommand({ stateMachineArn: id }));
    const found = await orMissing(call, MISSING);
    if (!found || found.status === "DELETING") return undefined;
    const tags = await readTags(aws, id);
    const { name, definition, roleArn, type, creationDate, revisionId, status } = found;
    return {
      inputs: {
        name,
        definition,
        roleArn,
        type,
        loggingConfiguration: readLogging(found.loggingConfiguration),
        tags,
      },
      outputs: {
        arn: id,
        creationDate: creationDate?.toISOString(),
        region: aws.region,
        revisionId,
        status,
        tagsAll: tags,
      },
    };
  },

  async update(aws, id, { olds, news, changed }) {
    if (["definition", "roleArn", "loggingConfiguration"].some((name) => changed.has(name))) {
      await aws.sfn.send(new UpdateStateMachineCommand({ stateMachineArn: id, ...configuration(news) }));
    }
    if (changed.has("tags")) {
      await retag(
        { olds, news },
        {
          untag: (tagKeys) => aws.sfn.send(new UntagResourceCommand({ resourceArn: id, tagKeys })),
          tag: (tags) => aws.sfn.send(new TagResourceCommand({ resourceArn: id, tags: tagPairs(tags) })),
        },
      );
    }
  },

  async delete(aws, id) {
    await orMissing(aws.sfn.send(new DeleteStateMachineCommand({ stateMachineArn: id })), MISSING);
    // AWS lets running executions end first.
    await until(`deleting ${id}`, aws.cancelled, async () => {
      const call = aws.sfn.send(new DescribeStateMachineCommand({ stateMachineArn: id }));
      return (await orMissing(call, MISSING)) === undefined;
    });
  },
};

function configuration(inputs: Properties): {
  definition: string;
  roleArn: string;
  loggingConfiguration: LoggingConfiguration;
} {
  const logging = optionalObject(inputs, "loggingConfiguration") ?? {};
  const logGroupArn = optionalString(logging, "logDestination");
  return {
    definition: string(inputs, "definition"),
    roleArn: string(inputs, "roleArn"),
    loggingConfiguration: {
      level: (optionalString(logging, "level") ?? "OFF") as LogLevel,
      includeExecutionData: boolean(logging, "includeExecutionData"),
      destinations: logGroupArn === undefined ? [] : [{ cloudWatchLogsLogGroup: { logGroupArn } }],
    },
  };
}

/** What is logged, or undefined where nothing is: AWS then returns a configuration that nobody declared. */
function readLogging(logging: LoggingConfiguration | undefined): Properties | undefined {
  const logDestination = logging?.destinations?.[0]?.cloudWatchLogsLogGroup?.logGroupArn;
  if (!logging || (logging.level === "OFF" && logDestination === undefined)) return undefined;
  return { level: logging.level, includeExecutionData: logging.includeExecutionData, logDestination };
}

async function readTags(aws: Clients, resourceArn: string): Promise<Record<string, string>> {
  const { tags } = await aws.sfn.send(new ListTagsForResourceCommand({ resourceArn }));
  return Object.fromEntries((tags ?? []).map(({ key, value }) => [key ?? "", value ?? ""]));
}

function tagPairs(tags: Readonly<Record<string, string>>): { key: string; value: string }[] {
  return Object.entries(tags).map(([key, value]) => ({ key, value }));
}
