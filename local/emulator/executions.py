"""A stopped execution starts no further task and stays ABORTED, as on AWS.

Stock, the branches of a Map go on to the end and a failure among them overwrites the status.
"""

import contextvars

from ministack.services import stepfunctions

from stock import require

_current = contextvars.ContextVar("execution", default=None)


class Stopped(BaseException):
    """Ends the thread of an execution; no Retry or Catch may handle it, hence not an Exception."""


def apply():
    """Ask for the execution's status before each state that acts, each attempt and the final failure."""
    for name in ("_execute_task", "_execute_map", "_execute_parallel"):
        stock = require(stepfunctions, name, ["state_def", "raw_input", "execution", "ctx"])
        setattr(stepfunctions, name, _only_while_running(stock))
    for name in ("_invoke_resource", "_invoke_resource_with_timeout"):
        stock = require(stepfunctions, name, ["resource"])
        setattr(stepfunctions, name, _attempt(stock))
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


def _stop_if_aborted(execution):
    if execution is not None and execution.get("status") == "ABORTED":
        raise Stopped


def _only_while_running(stock):
    def execute(state_def, raw_input, execution, ctx):
        _stop_if_aborted(execution)
        token = _current.set(execution)
        try:
            return stock(state_def, raw_input, execution, ctx)
        finally:
            _current.reset(token)

    return execute


def _attempt(stock):
    def invoke(resource, *arguments):
        _stop_if_aborted(_current.get())
        return stock(resource, *arguments)

    return invoke
