"""Step Functions' rules for names, which its model lacks, and for sizes, which it counts in characters."""

import re

from request_errors import RequestError

# https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html
_FORBIDDEN = re.compile(r"[\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff\U0010ffff]")
# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
MAX_DEFINITION_BYTES = 1024 * 1024
MAX_INPUT_BYTES = 256 * 1024


def _machine(request):
    _name(request.get("name", ""))
    if len(request.get("definition", "").encode()) > MAX_DEFINITION_BYTES:
        raise RequestError("InvalidDefinition", f"Definition exceeds {MAX_DEFINITION_BYTES} bytes")


def _execution(request):
    _name(request.get("name", ""))
    if len(request.get("input", "").encode()) > MAX_INPUT_BYTES:
        raise RequestError("InvalidExecutionInput", f"Input exceeds {MAX_INPUT_BYTES} bytes")


def _name(name):
    if _FORBIDDEN.search(name):
        raise RequestError("InvalidName", f"Invalid Name: '{name}'")


RULES = {
    ("states", "CreateStateMachine"): _machine,
    ("states", "UpdateStateMachine"): _machine,
    ("states", "StartExecution"): _execution,
    ("states", "StartSyncExecution"): _execution,
}
