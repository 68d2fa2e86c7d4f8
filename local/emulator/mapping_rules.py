"""Lambda's rules for event source mappings, by the kind of their source.

https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html and the tables of parameters,
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html, services-kinesis-parameters.html,
services-ddb-params.html
"""

from ministack.services import lambda_svc, sqs

from request_errors import RequestError
from upstream_checks import require

MAX_BATCH_WITHOUT_WINDOW = 10
MAX_FIFO_BATCH = 10
MIN_RECORD_AGE = 60
_OF_STREAMS = (
    "StartingPosition",
    "StartingPositionTimestamp",
    "ParallelizationFactor",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "BisectBatchOnFunctionError",
    "TumblingWindowInSeconds",
)


def apply():
    """The rules read mappings, queues and functions."""
    require(lambda_svc, "_esms")
    require(lambda_svc, "_resolve_existing_esm_function", ["function_ref"])
    require(lambda_svc, "_get_func_record_for_qualifier", ["name", "qualifier"])
    require(sqs, "_queues")
    require(sqs, "_queue_url", ["name"])


def _create(request):
    source = request.get("EventSourceArn", "")
    if ":sqs:" in source:
        _queue(source, request)
    elif ":kinesis:" in source or ":dynamodb:" in source:
        if "StartingPosition" not in request:
            message = "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint"
            raise _invalid(f"{message}: Member must not be null.")
        _stream(source, request)


def _update(request):
    mapping = lambda_svc._esms.get(request["UUID"])
    if mapping is None:
        return
    source = mapping.get("EventSourceArn", "")
    if ":sqs:" in source:
        _queue(source, {"FunctionName": mapping["FunctionArn"], **_kept(mapping), **request})
    else:
        _stream(source, request)


def _kept(mapping):
    names = ("BatchSize", "MaximumBatchingWindowInSeconds")
    return {name: mapping[name] for name in names if mapping.get(name) is not None}


def _queue(source, request):
    if unsupported := [name for name in _OF_STREAMS if request.get(name) is not None]:
        raise _invalid(f"Unsupported parameter for the event source type SQS: {', '.join(unsupported)}")
    batch, window = request.get("BatchSize") or 10, request.get("MaximumBatchingWindowInSeconds") or 0
    if source.endswith(".fifo"):
        if window:
            raise _invalid("Batching window is not supported for FIFO queues")
        if batch > MAX_FIFO_BATCH:
            raise _invalid(f"Batch size of a FIFO queue must be less than or equal to {MAX_FIFO_BATCH}")
    elif batch > MAX_BATCH_WITHOUT_WINDOW and window < 1:
        message = "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
        raise _invalid(message)
    _visibility(source, request["FunctionName"])


def _visibility(source, function):
    """https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"""
    name, qualifier, _ = lambda_svc._resolve_existing_esm_function(function)
    config = name and lambda_svc._get_func_record_for_qualifier(name, qualifier)[1]
    queue = sqs._queues.get(sqs._queue_url(source.rpartition(":")[2]))
    if not config or not queue:
        return
    timeout, visibility = int(config["Timeout"]), int(queue["attributes"]["VisibilityTimeout"])
    if visibility < timeout:
        message = f"Queue visibility timeout: {visibility} seconds is less than Function timeout: {timeout} seconds"
        raise _invalid(message)


def _stream(source, request):
    age = request.get("MaximumRecordAgeInSeconds")
    if age is not None and -1 < age < MIN_RECORD_AGE:
        raise _invalid(f"MaximumRecordAgeInSeconds must be -1 or at least {MIN_RECORD_AGE} seconds")
    if ":dynamodb:" in source and request.get("StartingPosition") == "AT_TIMESTAMP":
        raise _invalid("Unsupported starting position for the event source type DynamoDB: AT_TIMESTAMP")


def _invalid(message):
    return RequestError("InvalidParameterValueException", message)


RULES = {
    ("lambda", "CreateEventSourceMapping"): _create,
    ("lambda", "UpdateEventSourceMapping"): _update,
}
