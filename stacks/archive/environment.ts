/** What Lambda takes of all variables together, as JSON (Lambda quotas; CreateFunction measures them so), bytes. */
const MAX_BYTES = 4096;

/** What `lambench run archive --cold-only` adds for a while: a value as long as the longest name of an execution. */
const OURS = { LAMBENCH_COLD_START: "x".repeat(80) };

/** Lambda's own (Lambda Developer Guide, "Defined runtime environment variables"). */
const RESERVED = [
  "_HANDLER",
  "_X_AMZN_TRACE_ID",
  "AWS_ACCESS_KEY",
  "AWS_ACCESS_KEY_ID",
  "AWS_DEFAULT_REGION",
  "AWS_EXECUTION_ENV",
  "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
  "AWS_LAMBDA_FUNCTION_NAME",
  "AWS_LAMBDA_FUNCTION_VERSION",
  "AWS_LAMBDA_INITIALIZATION_TYPE",
  "AWS_LAMBDA_LOG_GROUP_NAME",
  "AWS_LAMBDA_LOG_STREAM_NAME",
  "AWS_LAMBDA_RUNTIME_API",
  "AWS_REGION",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "LAMBDA_RUNTIME_DIR",
  "LAMBDA_TASK_ROOT",
];

/** What is wrong with a contender's `environment`, if anything: the text follows the file's name. */
export function wrongEnvironment(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return `environment is ${JSON.stringify(value)}, but must be names and values, such as environment: { LEVEL: "1" }`;
  for (const [name, text] of Object.entries(value)) {
    const wrong = wrongVariable(name, text);
    if (wrong !== undefined) return `environment: ${wrong}`;
  }
  const bytes = (variables: object): number => Buffer.byteLength(JSON.stringify(variables));
  const all = bytes({ ...value, ...OURS });
  if (all <= MAX_BYTES) return undefined;
  const most = MAX_BYTES - (all - bytes(value));
  return (
    `environment has ${bytes(value)} bytes as JSON, but must have at most ${most}: Lambda takes ${MAX_BYTES}, ` +
    "and --cold-only needs the rest"
  );
}

function wrongVariable(name: string, text: unknown): string | undefined {
  if (RESERVED.includes(name)) return `Lambda sets ${name} itself: remove it`;
  if (!/^[a-zA-Z][a-zA-Z0-9_]+$/.test(name))
    return (
      `${JSON.stringify(name)} cannot be a variable's name: at least two letters, digits or '_', of which the ` +
      "first is a letter"
    );
  if (name.startsWith("LAMBENCH_") || name.startsWith("AWS_ENDPOINT_URL"))
    return `lambench sets ${name} itself, to measure and to check contenders: remove it`;
  if (typeof text !== "string")
    return `${name} is ${JSON.stringify(text)}, but must be a string: ${name}: "${String(text)}"`;
  return undefined;
}
