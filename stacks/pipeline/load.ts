import * as path from "node:path";

import { MAX_TIMEOUT, MEMORY_PER_VCPU, RustFunction } from "../../infra/function";
import type { HttpApi } from "../../infra/http-api";
import type { DeployContext } from "../../infra/scenario";
import { StateMachine } from "../../infra/state-machine";

/** An inline Map runs 40 iterations at once at most (Step Functions Developer Guide); one in another, 1,600. */
const GROUP_SIZE = 40;

/** What generates load on Lambda. */
export interface LoadGenerator {
  readonly machine: StateMachine;
  readonly worker: RustFunction;
  /** Of a worker, MB. */
  readonly memory: number;
  /** Workers that an inner Map starts. */
  readonly groupSize: number;
}

/** Workers that send requests to an API together, and the state machine that starts them. */
export function deployLoad(
  { target, name, parent }: DeployContext,
  api: HttpApi,
  auth: "iam" | "none",
): LoadGenerator {
  // A whole vCPU: a worker that waits for its turn would measure that.
  const memory = MEMORY_PER_VCPU;
  const worker = new RustFunction(
    "load",
    {
      target,
      bin: "pipeline-load",
      description: "Sends its part of a load to the API, and reports what became of each request",
      memory,
      timeout: MAX_TIMEOUT,
      environment: { API_URL: api.url, API_AUTH: auth },
      statements: auth === "iam" ? [{ actions: ["execute-api:Invoke"], resources: [api.routeArn] }] : [],
    },
    { parent },
  );
  const machine = new StateMachine(
    "load",
    {
      name,
      file: path.join(__dirname, "definition.asl.json"),
      values: { groupSize: GROUP_SIZE, workerArn: worker.arn },
      functionArns: [worker.arn],
    },
    { parent },
  );
  return { machine, worker, memory, groupSize: GROUP_SIZE };
}
