import {
  type ComparisonOperator,
  DeleteAlarmsCommand,
  DescribeAlarmsCommand,
  ListTagsForResourceCommand,
  PutMetricAlarmCommand,
  type StandardUnit,
  type Statistic,
  TagResourceCommand,
  UntagResourceCommand,
  type MetricAlarm,
} from "@aws-sdk/client-cloudwatch";
import type { Clients } from "../clients";
import { orMissing } from "../errors";
import type { ResourceType } from "../resource-type";
import { retag, tagList, tagMap } from "../tags";
import {
  type Properties,
  boolean,
  optionalNumber,
  optionalString,
  string,
  stringMap,
  strings,
} from "../values";

export const metricAlarm: ResourceType = {
  inputs: {
    name: { type: "string", replaces: true },
    actionsEnabled: { type: "boolean", default: true },
    alarmActions: { type: "list", set: true },
    alarmDescription: { type: "string" },
    comparisonOperator: { type: "string", required: true },
    datapointsToAlarm: { type: "number" },
    dimensions: { type: "map" },
    evaluationPeriods: { type: "number", required: true },
    extendedStatistic: { type: "string" },
    insufficientDataActions: { type: "list", set: true },
    metricName: { type: "string", required: true },
    namespace: { type: "string", required: true },
    okActions: { type: "list", set: true },
    period: { type: "number", required: true },
    statistic: { type: "string" },
    tags: { type: "map" },
    threshold: { type: "number", required: true },
    treatMissingData: { type: "string", default: "missing" },
    unit: { type: "string" },
  },
  outputs: ["arn", "region", "tagsAll"],
  volatile: ["tagsAll"],
  name: { property: "name" },

  async create(aws, inputs) {
    await put(aws, inputs, stringMap(inputs, "tags"));
    return { id: string(inputs, "name") };
  },

  async read(aws, id) {
    const found = await find(aws, id);
    if (!found) return undefined;
    const { Tags } = await aws.cloudwatch.send(
      new ListTagsForResourceCommand({ ResourceARN: found.AlarmArn }),
    );
    const tags = tagMap(Tags);
    return {
      inputs: { ...configurationOf(found), name: id, tags },
      outputs: { arn: found.AlarmArn, region: aws.region, tagsAll: tags },
    };
  },

  async update(aws, id, { olds, news, changed }) {
    if ([...changed].some((name) => name !== "tags")) await put(aws, news);
    if (!changed.has("tags")) return;
    const ResourceARN = (await find(aws, id))?.AlarmArn;
    await retag(
      { olds, news },
      {
        untag: (TagKeys) => aws.cloudwatch.send(new UntagResourceCommand({ ResourceARN, TagKeys })),
        tag: (tags) => aws.cloudwatch.send(new TagResourceCommand({ ResourceARN, Tags: tagList(tags) })),
      },
    );
  },

  async delete(aws, id) {
    await orMissing(aws.cloudwatch.send(new DeleteAlarmsCommand({ AlarmNames: [id] })), "ResourceNotFound");
  },
};

async function find(aws: Clients, name: string): Promise<MetricAlarm | undefined> {
  const request = new DescribeAlarmsCommand({ AlarmNames: [name], AlarmTypes: ["MetricAlarm"] });
  return (await aws.cloudwatch.send(request)).MetricAlarms?.[0];
}

/** @param tags for a new alarm only: CloudWatch ignores them where there is one */
async function put(aws: Clients, inputs: Properties, tags: Record<string, string> = {}): Promise<void> {
  await aws.cloudwatch.send(
    new PutMetricAlarmCommand({
      ActionsEnabled: boolean(inputs, "actionsEnabled"),
      AlarmActions: strings(inputs, "alarmActions"),
      AlarmDescription: optionalString(inputs, "alarmDescription"),
      AlarmName: string(inputs, "name"),
      ComparisonOperator: string(inputs, "comparisonOperator") as ComparisonOperator,
      DatapointsToAlarm: optionalNumber(inputs, "datapointsToAlarm"),
      Dimensions: Object.entries(stringMap(inputs, "dimensions")).map(([Name, Value]) => ({ Name, Value })),
      EvaluationPeriods: optionalNumber(inputs, "evaluationPeriods"),
      ExtendedStatistic: optionalString(inputs, "extendedStatistic"),
      InsufficientDataActions: strings(inputs, "insufficientDataActions"),
      MetricName: string(inputs, "metricName"),
      Namespace: string(inputs, "namespace"),
      OKActions: strings(inputs, "okActions"),
      Period: optionalNumber(inputs, "period"),
      Statistic: optionalString(inputs, "statistic") as Statistic | undefined,
      Threshold: optionalNumber(inputs, "threshold"),
      TreatMissingData: optionalString(inputs, "treatMissingData"),
      Unit: optionalString(inputs, "unit") as StandardUnit | undefined,
      ...(Object.keys(tags).length > 0 && { Tags: tagList(tags) }),
    }),
  );
}

function configurationOf(alarm: MetricAlarm): Properties {
  const dimensions = (alarm.Dimensions ?? []).map(({ Name, Value }) => [Name, Value] as const);
  return {
    actionsEnabled: alarm.ActionsEnabled,
    alarmActions: alarm.AlarmActions,
    alarmDescription: alarm.AlarmDescription,
    comparisonOperator: alarm.ComparisonOperator,
    datapointsToAlarm: alarm.DatapointsToAlarm,
    dimensions: Object.fromEntries(dimensions) as Record<string, string>,
    evaluationPeriods: alarm.EvaluationPeriods,
    extendedStatistic: alarm.ExtendedStatistic,
    insufficientDataActions: alarm.InsufficientDataActions,
    metricName: alarm.MetricName,
    namespace: alarm.Namespace,
    okActions: alarm.OKActions,
    period: alarm.Period,
    // An alarm has either; the emulator shows `Average` beside the other.
    statistic: alarm.ExtendedStatistic ? undefined : alarm.Statistic,
    threshold: alarm.Threshold,
    treatMissingData: alarm.TreatMissingData ?? "missing",
    unit: alarm.Unit,
  };
}
