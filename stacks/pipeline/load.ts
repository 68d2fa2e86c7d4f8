import { MAX_TIMEOUT, MEMORY_PER_VCPU, RustFunction } from "../../infra/function";
import type { HttpApi } from "../../infra/http-api";
import { type LoadGenerator, loadGenerator } from "../../infra/load-generator";
import type { DeployContext } from "../../infra/scenario";

/** Workers that send requests to an API together, and what starts them. */
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
  return loadGenerator("load", { name, worker, memory }, { parent });
}
