import { createHash } from "node:crypto";
import { InvokeCommand } from "@aws-sdk/client-lambda";
import type { Clients } from "../clients";
import type { ResourceType } from "../resource-type";
import { type Properties, optionalString, string } from "../values";

/** An invocation happens once, when it is created; any change replaces it. */
export const invocation: ResourceType = {
  inputs: {
    functionName: { type: "string", required: true },
    input: { type: "string", required: true, json: true },
    lifecycleScope: { type: "string", default: "CREATE_ONLY", allowed: ["CREATE_ONLY"] },
    qualifier: { type: "string", default: "$LATEST" },
    triggers: { type: "map" },
  },
  outputs: ["result"],

  async create(aws, inputs) {
    const result = await invoke(aws, inputs);
    const digest = createHash("md5").update(string(inputs, "input")).digest("hex");
    return {
      id: `${string(inputs, "functionName")}_${string(inputs, "qualifier")}_${digest}`,
      outputs: { result },
    };
  },

  read(_aws, id, known) {
    if (typeof known.result !== "string") {
      return Promise.reject(
        new Error(`'${id}': an invocation cannot be imported because Lambda keeps no results`),
      );
    }
    return Promise.resolve({ inputs: known, outputs: { result: known.result } });
  },

  delete: () => Promise.resolve(), // what has happened cannot be undone
};

async function invoke(aws: Clients, inputs: Properties): Promise<string> {
  const name = string(inputs, "functionName");
  const { FunctionError, Payload } = await aws.lambda.send(
    new InvokeCommand({
      FunctionName: name,
      Qualifier: optionalString(inputs, "qualifier"),
      Payload: Buffer.from(string(inputs, "input")),
    }),
    { abortSignal: aws.cancelled },
  );
  const result = Payload?.transformToString() ?? "";
  if (FunctionError) {
    throw new Error(`function '${name}' failed: ${reasonOf(result)} (its log is in /aws/lambda/${name})`);
  }
  return result;
}

/** The message in the payload of a failed function, or the payload itself. */
function reasonOf(payload: string): string {
  try {
    const { errorType, errorMessage } = JSON.parse(payload) as { errorType?: string; errorMessage?: string };
    const parts = [errorType, errorMessage].filter((part) => part !== undefined && part !== "");
    return parts.length > 0 ? parts.join(": ") : payload;
  } catch {
    return payload;
  }
}
