"""Lambda's error types and texts, so that a state machine's Catch and the score see what they would on AWS."""

import re
import signal

_TIMED_OUT = re.compile(r"Task timed out after [\d.]+ seconds")
_PYTHON_ERROR = re.compile(r"^([A-Za-z_][\w.]*)(?::|$)")


def describe(run, result):
    """Set `run.error` to the payload that AWS returns for what went wrong, and pass it on in `result`."""
    run.error = _of_result(run, result)
    if run.error is None:
        return result
    return {**result, "status": "error", "error": run.error["errorMessage"], "error_payload": run.error}


def of_init(run, error):
    """The payload for an environment that did not start."""
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
