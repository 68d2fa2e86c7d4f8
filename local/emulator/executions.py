"""A stopped execution starts no more tasks and stays ABORTED, as on AWS; only the newest that have ended are kept.

In MiniStack, the branches of a Map run to their ends, and a failure in one overwrites the status. It keeps all
executions with their histories for ever; AWS keeps them for 90 days.
"""

import contextvars

from ministack.services import stepfunctions

import retention
from upstream_checks import require

# Executions that are kept after their ends.
ENDED = 500
LOOK_SECONDS = 60

_current = contextvars.ContextVar("execution", default=None)


class Stopped(BaseException):
    """Ends the thread of an execution. Not an Exception, because no Retry or Catch may handle it."""


def apply():
    """Check the execution's status before each state that acts, each attempt and the final failure."""
    for name in ("_execute_task", "_execute_map", "_execute_parallel"):
        original = require(stepfunctions, name, ["state_def", "raw_input", "execution", "ctx"])
        setattr(stepfunctions, name, _only_while_running(original))
    for name in ("_invoke_resource", "_invoke_resource_with_timeout"):
        original = require(stepfunctions, name, ["resource"])
        setattr(stepfunctions, name, _attempt(original))
    run = require(stepfunctions, "_run_execution", ["exec_arn"])
    fail = require(stepfunctions, "_fail_execution", ["execution", "error", "cause"])

    def run_execution(exec_arn):
        try:
            run(exec_arn)
        except Stopped:
            return

    def fail_execution(execution, error, cause):
        if execution["status"] == "RUNNING":
            fail(execution, error, cause)

    stepfunctions._run_execution = run_execution
    stepfunctions._fail_execution = fail_execution
    require(stepfunctions, "_executions")
    retention.every(LOOK_SECONDS, forget)


def current():
    """The execution whose state this thread runs; None outside of one."""
    return _current.get()


def forget():
    """Drop the executions that ended longest ago, but for the newest."""
    executions = stepfunctions._executions
    ended = [key for key, execution in executions.all_items() if execution.get("status") != "RUNNING"]
    for key in ended[:-ENDED]:
        executions._data.pop(key, None)


def _stop_if_aborted(execution):
    if execution is not None and execution.get("status") == "ABORTED":
        raise Stopped


def _only_while_running(original):
    def execute(state_def, raw_input, execution, ctx):
        _stop_if_aborted(execution)
        token = _current.set(execution)
        try:
            return original(state_def, raw_input, execution, ctx)
        finally:
            _current.reset(token)

    return execute


def _attempt(original):
    def invoke(resource, *arguments):
        _stop_if_aborted(_current.get())
        return original(resource, *arguments)

    return invoke
