import {
  DeleteDashboardsCommand,
  GetDashboardCommand,
  PutDashboardCommand,
} from "@aws-sdk/client-cloudwatch";
import type { Clients } from "../clients";
import { orMissing } from "../errors";
import type { ResourceType } from "../resource-type";
import { type Properties, string } from "../values";

const MISSING = ["ResourceNotFound", "DashboardNotFoundError"];

export const dashboard: ResourceType = {
  inputs: {
    dashboardBody: { type: "string", required: true, json: true },
    dashboardName: { type: "string", required: true, replaces: true },
  },
  outputs: ["dashboardArn", "region"],

  async create(aws, inputs) {
    await put(aws, inputs);
    return { id: string(inputs, "dashboardName") };
  },

  async read(aws, id) {
    const call = aws.cloudwatch.send(new GetDashboardCommand({ DashboardName: id }));
    const found = await orMissing(call, ...MISSING);
    return (
      found && {
        inputs: { dashboardBody: found.DashboardBody, dashboardName: id },
        outputs: { dashboardArn: found.DashboardArn, region: aws.region },
      }
    );
  },

  async update(aws, _id, { news }) {
    await put(aws, news);
  },

  async delete(aws, id) {
    await orMissing(aws.cloudwatch.send(new DeleteDashboardsCommand({ DashboardNames: [id] })), ...MISSING);
  },
};

async function put(aws: Clients, inputs: Properties): Promise<void> {
  await aws.cloudwatch.send(
    new PutDashboardCommand({
      DashboardBody: string(inputs, "dashboardBody"),
      DashboardName: string(inputs, "dashboardName"),
    }),
  );
}
