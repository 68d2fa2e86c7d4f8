import {
  DeleteFunctionEventInvokeConfigCommand,
  type DestinationConfig,
  GetFunctionEventInvokeConfigCommand,
  PutFunctionEventInvokeConfigCommand,
} from "@aws-sdk/client-lambda";
import type { Clients } from "../clients";
import { orMissing } from "../errors";
import { fromAws, toAws } from "../naming";
import type { PropertyTable, ResourceType } from "../resource-type";
import { type Properties, optionalNumber, optionalObject, string } from "../values";

const MISSING = "ResourceNotFoundException";
const DESTINATION: PropertyTable = { destination: { type: "string", required: true } };

/** What happens to asynchronous events on which a function fails. */
export const functionEventInvokeConfig: ResourceType = {
  inputs: {
    destinationConfig: {
      type: "object",
      fields: {
        onFailure: { type: "object", fields: DESTINATION },
        onSuccess: { type: "object", fields: DESTINATION },
      },
    },
    functionName: { type: "string", required: true, replaces: true },
    maximumEventAgeInSeconds: { type: "number", computed: true },
    maximumRetryAttempts: { type: "number", default: 2 },
  },
  outputs: ["region"],

  async create(aws, inputs) {
    await put(aws, inputs);
    return { id: string(inputs, "functionName") };
  },

  async read(aws, id) {
    const request = new GetFunctionEventInvokeConfigCommand({ FunctionName: id });
    const found = await orMissing(aws.lambda.send(request), MISSING);
    return (
      found && {
        inputs: {
          destinationConfig: fromAws(found.DestinationConfig),
          functionName: id,
          maximumEventAgeInSeconds: found.MaximumEventAgeInSeconds,
          maximumRetryAttempts: found.MaximumRetryAttempts,
        },
        outputs: { region: aws.region },
      }
    );
  },

  async update(aws, _id, { news }) {
    await put(aws, news);
  },

  async delete(aws, id) {
    const request = new DeleteFunctionEventInvokeConfigCommand({ FunctionName: id });
    await orMissing(aws.lambda.send(request), MISSING);
  },
};

async function put(aws: Clients, inputs: Properties): Promise<void> {
  await aws.lambda.send(
    new PutFunctionEventInvokeConfigCommand({
      DestinationConfig: toAws(optionalObject(inputs, "destinationConfig")) as DestinationConfig | undefined,
      FunctionName: string(inputs, "functionName"),
      MaximumEventAgeInSeconds: optionalNumber(inputs, "maximumEventAgeInSeconds"),
      MaximumRetryAttempts: optionalNumber(inputs, "maximumRetryAttempts"),
    }),
  );
}
