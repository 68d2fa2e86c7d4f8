import {
  type ApplyMethod,
  CreateDBClusterParameterGroupCommand,
  type DBClusterParameterGroup,
  DeleteDBClusterParameterGroupCommand,
  DescribeDBClusterParameterGroupsCommand,
  DescribeDBClusterParametersCommand,
  ModifyDBClusterParameterGroupCommand,
  type Parameter,
  ResetDBClusterParameterGroupCommand,
} from "@aws-sdk/client-rds";
import type { Clients } from "../clients";
import { orMissing } from "../errors";
import type { ResourceType } from "../resource-type";
import { tagList } from "../tags";
import { type Properties, objects, optionalString, string, stringMap } from "../values";
import { retagArn, tagsOf } from "./rds";

const MISSING = ["DBParameterGroupNotFound", "DBParameterGroupNotFoundFault"];
const DEFAULT_METHOD = "immediate";
/** The most parameters that RDS takes in one call. */
const MAX_PARAMETERS = 20;

export const clusterParameterGroup: ResourceType = {
  inputs: {
    name: { type: "string", replaces: true },
    namePrefix: { type: "string", replaces: true, unread: true },
    description: { type: "string", default: "Managed by Pulumi", replaces: true },
    family: { type: "string", required: true, replaces: true },
    parameters: {
      type: "list",
      set: true,
      fields: {
        applyMethod: { type: "string", allowed: ["immediate", "pending-reboot"] },
        name: { type: "string", required: true },
        value: { type: "string", required: true },
      },
    },
    tags: { type: "map" },
  },
  outputs: ["arn", "region", "tagsAll"],
  volatile: ["tagsAll"],
  name: { property: "name", prefix: "namePrefix", isLowerCase: true },

  async create(aws, inputs) {
    const name = string(inputs, "name");
    await aws.rds.send(
      new CreateDBClusterParameterGroupCommand({
        DBClusterParameterGroupName: name,
        DBParameterGroupFamily: string(inputs, "family"),
        Description: string(inputs, "description"),
        Tags: tagList(stringMap(inputs, "tags")),
      }),
    );
    return { id: name };
  },

  async settle(aws, id, inputs) {
    await put(aws, id, objects(inputs, "parameters"));
  },

  async read(aws, id, known) {
    const found = await find(aws, id);
    if (!found) return undefined;
    const tags = await tagsOf(aws, found.DBClusterParameterGroupArn);
    return {
      inputs: {
        name: id,
        description: found.Description,
        family: found.DBParameterGroupFamily,
        parameters: await readParameters(aws, id, objects(known, "parameters")),
        tags,
      },
      outputs: { arn: found.DBClusterParameterGroupArn, region: aws.region, tagsAll: tags },
    };
  },

  async update(aws, id, change) {
    if (change.changed.has("parameters")) {
      const after = objects(change.news, "parameters");
      const names = new Set(after.map(({ name }) => name));
      await reset(
        aws,
        id,
        objects(change.olds, "parameters").filter(({ name }) => !names.has(name)),
      );
      await put(aws, id, after);
    }
    await retagArn(aws, (await find(aws, id))?.DBClusterParameterGroupArn ?? "", change);
  },

  async delete(aws, id) {
    const request = new DeleteDBClusterParameterGroupCommand({ DBClusterParameterGroupName: id });
    await orMissing(aws.rds.send(request), ...MISSING);
  },
};

async function find(aws: Clients, name: string): Promise<DBClusterParameterGroup | undefined> {
  const request = new DescribeDBClusterParameterGroupsCommand({ DBClusterParameterGroupName: name });
  return (await orMissing(aws.rds.send(request), ...MISSING))?.DBClusterParameterGroups?.[0];
}

async function put(aws: Clients, group: string, parameters: Properties[]): Promise<void> {
  for (const Parameters of calls(parameters)) {
    const request = { DBClusterParameterGroupName: group, Parameters };
    await aws.rds.send(new ModifyDBClusterParameterGroupCommand(request));
  }
}

/** Gives parameters back the value that their family has. */
async function reset(aws: Clients, group: string, parameters: Properties[]): Promise<void> {
  for (const Parameters of calls(parameters)) {
    const request = { DBClusterParameterGroupName: group, Parameters };
    await aws.rds.send(new ResetDBClusterParameterGroupCommand(request));
  }
}

/** The parameters as RDS has them, in lists of the length that one call takes. */
function calls(parameters: Properties[]): Parameter[][] {
  const all = parameters.map((parameter) => ({
    ApplyMethod: (optionalString(parameter, "applyMethod") ?? DEFAULT_METHOD) as ApplyMethod,
    ParameterName: string(parameter, "name"),
    ParameterValue: string(parameter, "value"),
  }));
  return Array.from({ length: Math.ceil(all.length / MAX_PARAMETERS) }, (_, index) =>
    all.slice(index * MAX_PARAMETERS, (index + 1) * MAX_PARAMETERS),
  );
}

/** The parameters that were set, without the apply method where none was declared. */
async function readParameters(aws: Clients, group: string, known: Properties[]): Promise<Properties[]> {
  const found: Properties[] = [];
  let Marker: string | undefined;
  do {
    const page = await aws.rds.send(
      new DescribeDBClusterParametersCommand({ DBClusterParameterGroupName: group, Source: "user", Marker }),
    );
    for (const { ApplyMethod: method, ParameterName: name, ParameterValue: value } of page.Parameters ?? []) {
      const isDeclared = known.some((one) => one.name === name && one.applyMethod !== undefined);
      found.push({ name, value, ...((isDeclared || method !== DEFAULT_METHOD) && { applyMethod: method }) });
    }
    Marker = page.Marker;
  } while (Marker);
  return found;
}
