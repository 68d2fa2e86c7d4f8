import {
  CreateEventSourceMappingCommand,
  DeleteEventSourceMappingCommand,
  type EventSourceMappingConfiguration,
  type EventSourcePosition,
  type FilterCriteria,
  type FunctionResponseType,
  GetEventSourceMappingCommand,
  ListTagsCommand,
  type ScalingConfig,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateEventSourceMappingCommand,
} from "@aws-sdk/client-lambda";
import type { Clients } from "../clients";
import { orMissing } from "../errors";
import { type Names, fromAws, toAws } from "../naming";
import type { Live, ResourceType } from "../resource-type";
import { retag } from "../tags";
import {
  type Properties,
  boolean,
  optionalNumber,
  optionalObject,
  optionalString,
  string,
  stringMap,
  strings,
} from "../values";
import { until } from "../wait";

const MISSING = "ResourceNotFoundException";
const DESTINATION: Names = { destinationArn: "Destination" };

/** An event source mapping: a queue or a stream invokes a function. */
export const eventSourceMapping: ResourceType = {
  inputs: {
    batchSize: { type: "number", computed: true },
    bisectBatchOnFunctionError: { type: "boolean", default: false },
    destinationConfig: {
      type: "object",
      fields: {
        onFailure: { type: "object", fields: { destinationArn: { type: "string", required: true } } },
      },
    },
    enabled: { type: "boolean", default: true },
    eventSourceArn: { type: "string", required: true, replaces: true },
    filterCriteria: {
      type: "object",
      fields: { filters: { type: "list", set: true, fields: { pattern: { type: "string", json: true } } } },
    },
    functionName: { type: "string", required: true },
    functionResponseTypes: { type: "list", set: true },
    maximumBatchingWindowInSeconds: { type: "number", default: 0 },
    maximumRecordAgeInSeconds: { type: "number", computed: true },
    maximumRetryAttempts: { type: "number", computed: true },
    parallelizationFactor: { type: "number", computed: true },
    scalingConfig: { type: "object", fields: { maximumConcurrency: { type: "number" } } },
    startingPosition: { type: "string", replaces: true },
    tags: { type: "map" },
  },
  outputs: [
    "arn",
    "functionArn",
    "lastModified",
    "lastProcessingResult",
    "region",
    "state",
    "stateTransitionReason",
    "tagsAll",
    "uuid",
  ],
  volatile: ["functionArn", "lastModified", "lastProcessingResult", "state", "tagsAll"],

  async create(aws, inputs) {
    const eventSourceArn = string(inputs, "eventSourceArn");
    // The emulator would read nothing from it.
    if (/:kinesis:.*\/consumer\//.test(eventSourceArn)) {
      throw new Error(
        `the local AWS provider does not support a consumer with enhanced fan-out as an event source (${eventSourceArn}): ` +
          "use the stream itself (in the pipeline: fanOut off)",
      );
    }
    const { UUID } = await aws.lambda.send(
      new CreateEventSourceMappingCommand({
        ...configuration(inputs),
        EventSourceArn: eventSourceArn,
        StartingPosition: optionalString(inputs, "startingPosition") as EventSourcePosition | undefined,
        Tags: stringMap(inputs, "tags"),
      }),
    );
    return { id: UUID ?? "" };
  },

  settle: untilSteady,

  async read(aws, id, known) {
    const found = await find(aws, id);
    if (!found || found.State === "Deleting") return undefined;
    const { Tags } = await aws.lambda.send(new ListTagsCommand({ Resource: found.EventSourceMappingArn }));
    return live(aws, known, found, Tags);
  },

  async update(aws, id, { olds, news, changed }) {
    if ([...changed].some((name) => name !== "tags")) {
      await aws.lambda.send(new UpdateEventSourceMappingCommand({ UUID: id, ...configuration(news) }));
      await untilSteady(aws, id);
    }
    if (changed.has("tags")) {
      const Resource = (await find(aws, id))?.EventSourceMappingArn;
      await retag(
        { olds, news },
        {
          untag: (TagKeys) => aws.lambda.send(new UntagResourceCommand({ Resource, TagKeys })),
          tag: (Tags) => aws.lambda.send(new TagResourceCommand({ Resource, Tags })),
        },
      );
    }
  },

  async delete(aws, id) {
    await orMissing(aws.lambda.send(new DeleteEventSourceMappingCommand({ UUID: id })), MISSING);
    await until(`deleting event source mapping ${id}`, aws.cancelled, async () => !(await find(aws, id)));
  },
};

/** What creation and update share; objects that are not declared are sent empty, which unsets them. */
function configuration(inputs: Properties) {
  const isStream = !string(inputs, "eventSourceArn").includes(":sqs:");
  return {
    BatchSize: optionalNumber(inputs, "batchSize") ?? (isStream ? 100 : 10),
    DestinationConfig:
      toAws(optionalObject(inputs, "destinationConfig"), DESTINATION) ?? (isStream ? {} : undefined),
    Enabled: boolean(inputs, "enabled"),
    FilterCriteria: (toAws(optionalObject(inputs, "filterCriteria")) ?? {}) as FilterCriteria,
    FunctionName: string(inputs, "functionName"),
    FunctionResponseTypes: strings(inputs, "functionResponseTypes") as FunctionResponseType[],
    MaximumBatchingWindowInSeconds: optionalNumber(inputs, "maximumBatchingWindowInSeconds"),
    MaximumRecordAgeInSeconds: optionalNumber(inputs, "maximumRecordAgeInSeconds"),
    MaximumRetryAttempts: optionalNumber(inputs, "maximumRetryAttempts"),
    ParallelizationFactor: optionalNumber(inputs, "parallelizationFactor"),
    ...(isStream
      ? { BisectBatchOnFunctionError: boolean(inputs, "bisectBatchOnFunctionError") }
      : { ScalingConfig: (toAws(optionalObject(inputs, "scalingConfig")) ?? {}) as ScalingConfig }),
  };
}

function live(
  aws: Clients,
  known: Properties,
  found: EventSourceMappingConfiguration,
  tags: Record<string, string> | undefined,
): Live {
  return {
    inputs: {
      batchSize: found.BatchSize,
      bisectBatchOnFunctionError: found.BisectBatchOnFunctionError ?? false,
      destinationConfig: fromAws(found.DestinationConfig, DESTINATION),
      enabled: !["Disabled", "Disabling"].includes(found.State ?? ""),
      eventSourceArn: found.EventSourceArn,
      filterCriteria: fromAws(found.FilterCriteria),
      functionName: functionName(known, found.FunctionArn ?? ""),
      functionResponseTypes: found.FunctionResponseTypes,
      maximumBatchingWindowInSeconds: found.MaximumBatchingWindowInSeconds ?? 0,
      maximumRecordAgeInSeconds: found.MaximumRecordAgeInSeconds,
      maximumRetryAttempts: found.MaximumRetryAttempts,
      parallelizationFactor: found.ParallelizationFactor,
      scalingConfig: fromAws(found.ScalingConfig),
      startingPosition: found.StartingPosition,
      tags,
    },
    outputs: {
      arn: found.EventSourceMappingArn,
      functionArn: found.FunctionArn,
      lastModified: found.LastModified?.toISOString(),
      lastProcessingResult: found.LastProcessingResult,
      region: aws.region,
      state: found.State,
      stateTransitionReason: found.StateTransitionReason,
      tagsAll: tags,
      uuid: found.UUID,
    },
  };
}

/** The function as it was declared, by name or ARN, if it is still the same. */
function functionName(known: Properties, arn: string): string {
  const declared = optionalString(known, "functionName");
  return declared !== undefined && arn.endsWith(`:function:${declared}`) ? declared : arn;
}

async function find(aws: Clients, id: string): Promise<EventSourceMappingConfiguration | undefined> {
  return orMissing(aws.lambda.send(new GetEventSourceMappingCommand({ UUID: id })), MISSING);
}

/** Waits until the last creation or update of a mapping has taken effect. */
async function untilSteady(aws: Clients, id: string): Promise<void> {
  await until(`preparing event source mapping ${id}`, aws.cancelled, async () =>
    ["Enabled", "Disabled"].includes((await find(aws, id))?.State ?? ""),
  );
}
