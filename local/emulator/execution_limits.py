"""The quotas of an execution of Step Functions: 256 KiB of data between states, and 25,000 events.

https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

import contextvars
import itertools
import json

from ministack.services import stepfunctions

from executions import Stopped
from upstream_checks import require

MAX_BYTES = 256 * 1024
MAX_EVENTS = 25_000

_TOO_LARGE = "States.DataLimitExceeded"
# https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html: States.ALL does not catch them.
_NOT_OF_ALL = {_TOO_LARGE, "States.Runtime"}
# Events of a state beside its being entered and exited: MapStateStarted and MapStateSucceeded, and so on.
_STATES = {"pass": 0, "choice": 0, "wait": 0, "task": 0, "parallel": 2, "map": 2}
# What MiniStack's events stand for: AWS's history has a TaskStarted, too.
_TASK_EVENTS = {"TaskScheduled": 2, "TaskSucceeded": 1, "TaskFailed": 1}

_history = contextvars.ContextVar("history", default=None)
# Events of one run of a branch: MapIterationStarted and MapIterationSucceeded.
_branch_events = contextvars.ContextVar("branch_events", default=0)


class History:
    """Counts the events that AWS's history of an execution would have; MiniStack's lacks those inside of branches."""

    def __init__(self, execution):
        self._execution = execution
        # ExecutionStarted. Counting is atomic: branches run in threads.
        self._numbers = itertools.count(2)

    def add(self, events):
        """Count; end the execution where the last event that may be is not its success."""
        for _ in range(events):
            if self._execution["status"] != "RUNNING":
                raise Stopped
            if next(self._numbers) >= MAX_EVENTS:
                cause = f"The execution reached the maximum number of history events ({MAX_EVENTS})."
                stepfunctions._fail_execution(self._execution, "States.Runtime", cause)
                raise Stopped


def apply():
    """Check each state's output, each task's result and each event."""
    require(stepfunctions, "_ExecutionError")
    require(stepfunctions, "_executions")
    require(stepfunctions, "_fail_execution", ["execution", "error", "cause"])
    for name, events in _STATES.items():
        original = require(stepfunctions, f"_execute_{name}", ["state_def", "raw_input"])
        setattr(stepfunctions, f"_execute_{name}", _state(original, events))
    for name, events in (("_run_map_items", 2), ("_run_parallel_branches", 0)):
        original = require(stepfunctions, name, ["state_def", "raw_input", "execution", "ctx"])
        setattr(stepfunctions, name, _branches(original, events))
    stepfunctions._run_sub_machine = _branch(require(stepfunctions, "_run_sub_machine", ["states", "start_at"]))
    stepfunctions._invoke_resource = _task(require(stepfunctions, "_invoke_resource", ["resource"]))
    stepfunctions._add_event = _counting(require(stepfunctions, "_add_event", ["execution", "event_type"]))
    stepfunctions._run_execution = _execution(require(stepfunctions, "_run_execution", ["exec_arn"]))
    stepfunctions._error_matches = _matching(require(stepfunctions, "_error_matches", ["error_equals", "error"]))


def _execution(original):
    def run(exec_arn):
        execution = stepfunctions._executions.get(exec_arn)
        token = _history.set(execution and History(execution))
        try:
            original(exec_arn)
        finally:
            _history.reset(token)

    return run


def _state(original, events):
    def execute(state_def, raw_input, *context):
        _add(1 + events)
        output, following = original(state_def, raw_input, *context)
        _check_size(output, state_def.get("Type"))
        _add(1)
        return output, following

    return execute


def _task(original):
    def invoke(resource, *arguments):
        result = original(resource, *arguments)
        _check_size(result, resource)
        return result

    return invoke


def _branches(original, events):
    def run(*arguments):
        token = _branch_events.set(events)
        try:
            output, following = original(*arguments)
        finally:
            _branch_events.reset(token)
        _check_size(output, "Map or Parallel")
        return output, following

    return run


def _branch(original):
    def run(*arguments):
        _add(_branch_events.get())
        return original(*arguments)

    return run


def _counting(original):
    def add(execution, event_type, details=None):
        event = original(execution, event_type, details)
        _add(_TASK_EVENTS.get(event_type, 0))
        return event

    return add


def _matching(original):
    def matches(error_equals, error):
        if error in _NOT_OF_ALL:
            error_equals = [name for name in error_equals if name != "States.ALL"]
        return original(error_equals, error)

    return matches


def _add(events):
    history = _history.get()
    if history is not None:
        history.add(events)


def _check_size(value, name):
    if len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode(errors="surrogatepass")) > MAX_BYTES:
        what = "returned a result with a size exceeding the maximum number of bytes service limit"
        raise stepfunctions._ExecutionError(_TOO_LARGE, f"The state/task '{name}' {what}.")
