import { DeleteAlarmsCommand, PutDashboardCommand } from "@aws-sdk/client-cloudwatch";
import { describe, expect, test } from "vitest";
import { expectDeleted, expectNoDrift, refreshed, useEnvironment } from "../testing/environment";

const DASHBOARD = "aws:cloudwatch/dashboard:Dashboard";
const ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm";
const env = useEnvironment();

function body(title: string): string {
  const metrics = [["PERFORMANCE/AURORA/db", "DURATION", "ACTION", "INSERT"]];
  return JSON.stringify({ widgets: [{ type: "metric", properties: { title, metrics } }] });
}

describe("a dashboard", () => {
  test("is created, changed in place, imported and deleted", async () => {
    const args = { dashboardName: "load", dashboardBody: body("one") };
    const dashboard = await env.engine.create(DASHBOARD, "d", args);
    expect(dashboard.state.dashboardArn).toBe("arn:aws:cloudwatch::000000000000:dashboard/load");
    await expectNoDrift(env.engine, dashboard);
    expect((await env.engine.import(DASHBOARD, "load"))?.inputs).toEqual(dashboard.inputs);
    const news = { ...args, dashboardBody: body("two") };
    expect(await env.engine.diff(dashboard, news)).toEqual({ changed: ["dashboardBody"], replaces: [] });
    const updated = await env.engine.update(dashboard, news);
    await expectNoDrift(env.engine, updated);
    const DashboardBody = body("theirs");
    await env.aws.cloudwatch.send(new PutDashboardCommand({ DashboardName: "load", DashboardBody }));
    const live = await refreshed(env.engine, updated);
    expect((await env.engine.diff(live, news)).changed).toEqual(["dashboardBody"]);
    await expectDeleted(env.engine, updated);
  });
});

describe("an alarm", () => {
  const args = {
    comparisonOperator: "GreaterThanThreshold",
    evaluationPeriods: 1,
    metricName: "ApproximateNumberOfMessagesVisible",
    namespace: "AWS/SQS",
    period: 60,
    statistic: "Maximum",
    threshold: 0,
  };

  test("is created with every setting, changed in place, imported and deleted", async () => {
    const alarm = await env.engine.create(ALARM, "dead-letters", {
      ...args,
      actionsEnabled: false,
      alarmActions: ["arn:aws:sns:us-east-1:000000000000:b", "arn:aws:sns:us-east-1:000000000000:a"],
      alarmDescription: "Messages that nobody could handle",
      datapointsToAlarm: 1,
      dimensions: { QueueName: "dead" },
      okActions: ["arn:aws:sns:us-east-1:000000000000:a"],
      tags: { a: "1" },
      treatMissingData: "notBreaching",
      unit: "Count",
    });
    await expectNoDrift(env.engine, alarm);
    expect((await env.engine.import(ALARM, alarm.id))?.inputs).toEqual(alarm.inputs);
    const news = { ...args, statistic: undefined, extendedStatistic: "p99", tags: { b: "2" } };
    expect((await env.engine.diff(alarm, news)).replaces).toEqual([]);
    const updated = await env.engine.update(alarm, news);
    expect(updated.state).toMatchObject({ actionsEnabled: true, tagsAll: { b: "2" } });
    await expectNoDrift(env.engine, updated);
    await expectDeleted(env.engine, updated);
  });

  test("refuses an alarm on metric math, which would never go off here", async () => {
    const alarm = env.engine.check(ALARM, "math", { ...args, metricQueries: [{ id: "e1" }] });
    await expect(alarm).rejects.toThrow("does not support property 'metricQueries'");
  });

  test("shows that it is gone", async () => {
    const alarm = await env.engine.create(ALARM, "gone", args);
    await env.aws.cloudwatch.send(new DeleteAlarmsCommand({ AlarmNames: [alarm.id] }));
    expect(await env.engine.refresh(alarm)).toBeUndefined();
  });
});
