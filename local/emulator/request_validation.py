"""Refuses requests that AWS would refuse: what breaks the service's own model, or a rule that the models lack.

The models are botocore's. They say which operations and members exist, which members are required, and the lengths,
ranges, patterns and enumerations of their values. AWS ignores a member that it does not know; here it is an error, since
it has no effect.
"""

import functools
import logging

from ministack import app
from ministack.core import iam_actions, responses
from ministack.services import rds_data

import request_errors
import request_rules
from request_decoding import Service, UnknownOperation
from request_form import Malformed
from request_shapes import Mistyped
from upstream_checks import require

# The services that the scenarios use, by MiniStack's names. S3 has a server of its own, which has S3's rules.
SERVICES = (
    "apigateway",
    "dynamodb",
    "dynamodbstreams",
    "ec2",
    "events",
    "iam",
    "kinesis",
    "kms",
    "lambda",
    "logs",
    "monitoring",
    "rds",
    "rds-data",
    "secretsmanager",
    "sqs",
    "states",
    "sts",
)
# MiniStack means the first version of this API.
_MODELS = {"apigateway": "apigatewayv2"}

_PARAMETERS = ["method", "path", "headers", "body", "query_params"]
_log = logging.getLogger("lambench.requests")


def apply():
    """Check what passed authorization before MiniStack answers it."""
    parameters = ["service", "action", "principal_arn", "request_id", "error_code", "message", "headers"]
    require(iam_actions, "access_denied_response", parameters)
    request_rules.apply()
    handlers = require(app, "SERVICE_HANDLERS")
    require(responses, "_service_model", ["service"])
    for service in handlers.keys() - {"rds-data", "s3"}:
        wrap = checking if service in SERVICES else unchecked
        handlers[service] = wrap(service, handlers[service])
    # MiniStack answers its requests elsewhere.
    rds_data.handle_request = checking("rds-data", require(rds_data, "handle_request", _PARAMETERS))


@functools.cache
def model_of(service):
    """The operations of a checked service."""
    # MiniStack has loaded most of them.
    return Service(responses._service_model(_MODELS.get(service, service)))


def checking(service, original):
    """`original`, for valid requests."""

    async def handle(method, path, headers, body, query_params):
        try:
            check(service, method, path, headers, body, query_params)
        except request_errors.RequestError as error:
            return request_errors.response(service, error, headers)
        return await original(method, path, headers, body, query_params)

    return handle


def unchecked(service, original):
    """`original`, and a line in the log: a new scenario may be the first that uses the service."""
    # The same line is written once.
    log = functools.cache(_log.warning)

    async def handle(method, path, headers, body, query_params):
        log("unchecked request: %s: add it to SERVICES in local/emulator/request_validation.py", service)
        return await original(method, path, headers, body, query_params)

    return handle


def check(service, method, path, headers, body, query_params):
    """Raise the `RequestError` of an invalid request, and log it."""
    name = f"{method} {path}"
    try:
        operation, value = model_of(service).decode(method, path, headers, body, query_params)
        name = operation.name
        found = []
        operation.check(value, None, found)
        if found:
            raise request_errors.of_violations(service, found)
        if rule := request_rules.RULES.get((service, name)):
            rule(value)
    except UnknownOperation as unknown:
        error = request_errors.of_unknown_operation(service, unknown)
    except Malformed as malformed:
        error = request_errors.of_malformed(service, str(malformed))
    except Mistyped as mistyped:
        error = request_errors.of_mistyped(service, mistyped)
    except request_errors.RequestError as raised:
        error = raised
    else:
        return
    _log.warning("invalid request: %s %s: %s: %s", service, name, error.code, error.message)
    raise error
