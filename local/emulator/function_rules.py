"""Lambda's limits for a function, https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html

The model has the larger limits of Lambda Managed Instances, which functions with a capacity provider have.
"""

import json

from request_errors import RequestError, of_violations
from request_shapes import Violation

# https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html: the name alone, the model's 140 are an ARN's.
MAX_NAME = 64
MAX_TIMEOUT = 900
MAX_MEMORY = 10_240
MAX_STORAGE = 10_240
MAX_ENVIRONMENT = 4_096
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
_RESERVED = {
    "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_RUNTIME_API",
    "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR",
}  # fmt: skip
_UNABLE = (
    "Lambda was unable to configure your environment variables because the environment variables you have provided"
)


def _create_function(request):
    name = request["FunctionName"].rpartition(":")[2]
    if len(name) > MAX_NAME:
        _refuse(name, "functionName", f"length less than or equal to {MAX_NAME}")
    _settings(request)


def _settings(request):
    if not request.get("CapacityProviderConfig"):
        _at_most(request.get("Timeout"), "timeout", MAX_TIMEOUT)
        _at_most(request.get("MemorySize"), "memorySize", MAX_MEMORY)
        _at_most((request.get("EphemeralStorage") or {}).get("Size"), "ephemeralStorage.size", MAX_STORAGE)
    variables = (request.get("Environment") or {}).get("Variables") or {}
    text = json.dumps(variables, separators=(",", ":"), ensure_ascii=False)
    if len(text.encode()) > MAX_ENVIRONMENT:
        raise _invalid(f"{_UNABLE} exceeded the 4KB limit. String measured: {text}")
    if reserved := sorted(_RESERVED & variables.keys()):
        advice = f"Reserved keys used in this request: {', '.join(reserved)}"
        raise _invalid(f"{_UNABLE} contains reserved keys that are currently not supported. {advice}")


def _at_most(value, name, largest):
    if value is not None and value > largest:
        _refuse(value, name, f"value less than or equal to {largest}")


def _refuse(value, name, what):
    raise of_violations("lambda", [Violation((None, name), f"Member must have {what}", value)])


def _invalid(message):
    return RequestError("InvalidParameterValueException", message)


RULES = {
    ("lambda", "CreateFunction"): _create_function,
    ("lambda", "UpdateFunctionConfiguration"): _settings,
}
