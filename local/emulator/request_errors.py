"""How each service refuses an invalid request: the code, and the message."""

import uuid

from ministack.core import iam_actions

from request_shapes import HIDDEN, dotted

# Services that do not answer `ValidationException`.
_CODES = {
    "apigateway": "BadRequestException",
    "ec2": "InvalidParameterValue",
    # https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
    "iam": "ValidationError",
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
    "logs": "InvalidParameterException",
    "monitoring": "ValidationError",
    "rds": "InvalidParameterValue",
    "rds-data": "BadRequestException",
    "sqs": "InvalidParameterValue",
    "sts": "ValidationError",
}
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html, and CommonErrors of the others.
_MISSING = {"ec2": "MissingParameter", "rds": "MissingParameter", "sqs": "MissingParameter"}
_UNKNOWN = {"ec2": "UnknownParameter"}
_REST = {"apigateway", "lambda", "rds-data"}
# Of a list of 500 records, the log needs the beginning.
_MAX_SHOWN = 200
_FORMS = {"ec2", "iam", "monitoring", "rds", "sts"}


class RequestError(Exception):
    """A request that the service refuses."""

    def __init__(self, code, message, status=400):
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


def of_violations(service, found):
    """The error for a request that violates its model."""
    code = _CODES.get(service, "ValidationException")
    kinds = {violation.kind for violation in found}
    if kinds == {"missing"}:
        code = _MISSING.get(service, code)
    if "unknown" in kinds:
        code = _UNKNOWN.get(service, code)
    noun = "error" if len(found) == 1 else "errors"
    return RequestError(code, f"{len(found)} validation {noun} detected: " + "; ".join(map(_sentence, found)))


def of_malformed(service, message):
    """The error for a request that cannot be decoded."""
    code = "MalformedQueryString" if service in _FORMS else "SerializationException"
    return RequestError(code, message)


def of_mistyped(service, mistyped):
    """The error for a value of another type than its member's."""
    found = type(mistyped.value).__name__
    return of_malformed(service, f"{dotted(mistyped.path)} must be {mistyped.expected}, not {found}")


def of_unknown_operation(service, name):
    """The error for an operation that the service's model lacks."""
    if service in _FORMS:
        return RequestError("InvalidAction", f"Could not find operation {name}")
    status = 404 if service in _REST else 400
    return RequestError("UnknownOperationException", f"{name} is not an operation of {service}", status)


def response(service, error, headers):
    """What the service answers, in its protocol."""
    _, reply_headers, body = iam_actions.access_denied_response(
        service, "", "", str(uuid.uuid4()), error_code=error.code, message=error.message, headers=headers
    )
    return error.status, reply_headers, body


def _sentence(violation):
    value = violation.value
    shown = "Value" if value is HIDDEN else f"Value '{_short(str(value))}'" if value is not None else "Value null"
    return f"{shown} at '{dotted(violation.path)}' failed to satisfy constraint: {violation.constraint}"


def _short(text):
    return text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "…"
