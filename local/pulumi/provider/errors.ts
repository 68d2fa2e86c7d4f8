import { SettingsError } from "./config";

/** The services' error names for unknown credentials. */
const REJECTED = new Set([
  "InvalidAccessKeyId",
  "InvalidClientTokenId",
  "UnrecognizedClientException",
  "SignatureDoesNotMatch",
  "AuthFailure",
]);

interface NodeError {
  readonly name?: string;
  readonly message?: string;
  readonly code?: string;
  readonly address?: string;
  readonly port?: number;
  readonly errors?: readonly NodeError[];
}

/** True if the error of an AWS call has one of these names. */
export function isNamed(error: unknown, ...names: string[]): boolean {
  return error instanceof Error && names.includes(error.name);
}

/** The response to a call, or undefined if the error says that the resource does not exist. */
export async function orMissing<T>(call: Promise<T>, ...names: string[]): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isNamed(error, ...names)) return undefined;
    throw error;
  }
}

/** A message for the user: what happened, and what to do if that is known. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof SettingsError) return error.message;
  const nodeError: NodeError = error;
  const refused = [nodeError, ...(nodeError.errors ?? [])].find((one) => one.code === "ECONNREFUSED");
  if (refused) {
    const endpoint = `${refused.address ?? "?"}:${String(refused.port ?? "?")}`;
    return (
      `nothing listens at the AWS endpoint ${endpoint}: start the local environment with ` +
      '`lambench local start`, then run `eval "$(lambench local env)"`'
    );
  }
  if (REJECTED.has(error.name)) {
    return (
      `the AWS endpoint rejected the credentials (${error.name}: ${error.message}): ` +
      'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run `eval "$(lambench local env)"`'
    );
  }
  if (error.name === "AbortError") return "cancelled";
  if (error.name === "CredentialsProviderError") {
    return 'there are no AWS credentials in the environment: run `eval "$(lambench local env)"`';
  }
  return error.name === "Error" ? error.message : `${error.name}: ${error.message}`;
}
