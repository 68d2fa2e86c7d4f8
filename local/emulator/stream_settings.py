"""CreateEventSourceMapping's checks and defaults for streams; MiniStack takes any source, with a queue's batch size."""

import json

from ministack.core.responses import error_response_json, get_account_id, get_region
from ministack.services import lambda_svc

import stream_destinations
import stream_mappings
import stream_sources
from upstream_checks import require

DEFAULTS = {
    "BatchSize": 100,
    "MaximumBatchingWindowInSeconds": 0,
    "ParallelizationFactor": 1,
    "BisectBatchOnFunctionError": False,
    "MaximumRetryAttempts": -1,
    "MaximumRecordAgeInSeconds": -1,
}


def apply():
    """Check mappings of streams when they are created or changed."""
    require(lambda_svc, "_resolve_existing_esm_function", ["function_ref"])
    require(lambda_svc, "_get_func_record_for_qualifier", ["name", "qualifier"])
    lambda_svc._create_esm = _creating(require(lambda_svc, "_create_esm", ["data"]))
    lambda_svc._update_esm = _updating(require(lambda_svc, "_update_esm", ["esm_id", "data"]))


def _creating(original):
    def create(data):
        source = stream_sources.of(data.get("EventSourceArn", ""))
        if source is None:
            return original(data)
        error = _error(source, data.get("FunctionName", ""), data)
        if error:
            return error_response_json("InvalidParameterValueException", error, 400)
        status, headers, body = original({**DEFAULTS, **data})
        if status == 202:
            scope = (get_account_id(), get_region(), json.loads(body)["UUID"])
            starting, seconds = data.get("StartingPosition", "LATEST"), data.get("StartingPositionTimestamp")
            stream_mappings.start_positions(source, scope, starting, seconds)
        return status, headers, body

    return create


def _updating(original):
    def update(esm_id, data):
        mapping = lambda_svc._esms.get(esm_id)
        source = mapping and stream_sources.of(mapping["EventSourceArn"])
        if source and ("DestinationConfig" in data or "FunctionName" in data):
            function = data.get("FunctionName") or mapping["FunctionArn"]
            error = _error(source, function, {**mapping, **data})
            if error:
                return error_response_json("InvalidParameterValueException", error, 400)
        return original(esm_id, data)

    return update


def _error(source, function, settings):
    """Why Lambda refuses a mapping; None also where MiniStack refuses it."""
    name, qualifier, _ = lambda_svc._resolve_existing_esm_function(function)
    config = lambda_svc._get_func_record_for_qualifier(name, qualifier)[1] if name else None
    if not config:
        return None
    if not source.shards():
        return f"Stream not found: {source.arn}"
    actions = [f"{source.service}:{action}" for action in source.reading]
    if not all(stream_destinations.role_may(config, action, source.arn) for action in actions):
        advice = f"Please ensure the role can perform the {', '.join(source.reading)} Actions on your stream in IAM."
        return f"Cannot access stream {source.arn}. {advice}"
    queue = stream_destinations.queue_of(settings)
    if queue and ":sqs:" not in queue:
        return f"The local environment reports to queues only, not to {queue}: name a queue as on-failure destination"
    if queue and not stream_destinations.role_may(config, "sqs:SendMessage", queue):
        return "The provided execution role does not have permissions to call SendMessage on SQS"
    return None
