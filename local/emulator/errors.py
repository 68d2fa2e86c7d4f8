"""Lambda's error types and texts, so that a state machine's Catch and the score see what they would on AWS."""

import json
import re
import signal

from ministack.core import lambda_runtime

SERVICE_ERROR = "Lambda.ServiceException"
SERVICE_MESSAGE = "Service encountered an internal error."
# How MiniStack's errors begin where an environment does not start because of its function.
_NOT_STARTED = (
    "bootstrap exited",
    "init error",
    "Worker process exited",
    "Worker init failed",
    "No JSON init response",
    "Unsupported runtime",
    "Zip entry escapes",
)
_TIMED_OUT = re.compile(r"Task timed out after [\d.]+ seconds")
_PYTHON_ERROR = re.compile(r"^([A-Za-z_][\w.]*)(?::|$)")


def describe(run, result):
    """Set `run.error` to the payload that AWS returns for what went wrong, and pass it on in `result`."""
    run.error = result["init_error"] if "init_error" in result else _of_result(run, result)
    if run.error is None:
        return result
    return {**result, "status": "error", "error": run.error["errorMessage"], "error_payload": run.error}


def is_of_function(error):
    """Whether an exception says that a function's environment did not start, rather than that the emulator failed."""
    provided = lambda_runtime.ProvidedInitTimeout, lambda_runtime.ProvidedRuntimeError
    return isinstance(error, provided) or type(error) is RuntimeError and str(error).startswith(_NOT_STARTED)


def of_emulator():
    """The result of an invocation that the emulator could not make: Lambda's ServiceException.

    A state machine knows it as Lambda.ServiceException, and API Gateway answers 500.
    """
    payload = {"errorType": SERVICE_ERROR, "errorMessage": SERVICE_MESSAGE}
    response = {"statusCode": 500, "body": json.dumps({"message": "Internal Server Error"})}
    return {"status": "error", "error": SERVICE_MESSAGE, "error_payload": {**payload, **response}}


def is_of_emulator(result):
    """Whether the body of a result says that the emulator has failed."""
    body = result.get("body")
    return isinstance(body, dict) and body.get("errorType") == SERVICE_ERROR


def of_init(run, error):
    """The result of an invocation whose environment did not start."""
    return {"init_error": _of_init(run, error), "log": ""}


def _of_init(run, error):
    if run.over_memory:
        return _out_of_memory(run)
    text = str(error)
    if run.init_hung or type(error).__name__ == "ProvidedInitTimeout":
        return _timed_out(run)
    known_type = getattr(error, "error_type", None)
    if known_type:
        return {"errorType": known_type, "errorMessage": f"RequestId: {run.request_id} Error: {text}"}
    if text.startswith(("bootstrap exited", "Worker process exited")):
        return _exited(run)
    if text.startswith("Worker init failed: "):
        cause = text.removeprefix("Worker init failed: ")
        kind = "Runtime.ImportModuleError" if "No module named" in cause else "Runtime.InitError"
        return {"errorType": kind, "errorMessage": cause}
    return {"errorType": "Runtime.Unknown", "errorMessage": f"RequestId: {run.request_id} Error: {text}"}


def _of_result(run, result):
    if run.over_memory:
        return _out_of_memory(run)
    if result.get("status") != "error":
        return None
    if _TIMED_OUT.fullmatch(result.get("error") or ""):
        return _timed_out(run)
    payload = result.get("error_payload")
    if isinstance(payload, dict) and payload.get("errorType") != "Runtime.ExitError":
        return payload
    if result.get("trace"):
        return _raised(result["error"], result["trace"])
    return _exited(run)


def _out_of_memory(run):
    return _platform_error(run, "Runtime.OutOfMemory", "Runtime exited with error: signal: killed")


def _timed_out(run):
    return _platform_error(run, "Sandbox.Timedout", f"Task timed out after {run.timeout:.2f} seconds")


def _exited(run):
    return _platform_error(run, "Runtime.ExitError", _exit_reason(run.process))


def _platform_error(run, error_type, message):
    return {"errorType": error_type, "errorMessage": f"RequestId: {run.request_id} Error: {message}"}


def _exit_reason(process):
    status = process.poll() if process is not None else None
    if not status:
        return "Runtime exited without providing a reason"
    if status < 0:
        return f"Runtime exited with error: signal: {signal.strsignal(-status).lower()}"
    return f"Runtime exited with error: exit status {status}"


def _raised(message, trace):
    lines = trace.rstrip().splitlines()
    # Python ends a traceback with "module.Class: message", Node.js starts one with it.
    named = [line for line in reversed(lines) if _PYTHON_ERROR.match(line)]
    candidates = named if lines[0].startswith("Traceback") else lines[:1]
    match = _PYTHON_ERROR.match(candidates[0]) if candidates else None
    error_type = match.group(1).rsplit(".", 1)[-1] if match else "Error"
    return {"errorType": error_type, "errorMessage": message, "stackTrace": lines}
