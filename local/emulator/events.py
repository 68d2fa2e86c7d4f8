"""Events that invoke a function asynchronously: retried when it fails, always under the same request id.

MiniStack passes an event of EventBridge to its function once, whether it fails or not; each attempt has a new id.
"""

import contextvars
import json

from ministack.services import eventbridge, lambda_svc

import retention
from upstream_checks import require

# MiniStack keeps every event that was put, for itself.
EVENTS = 1000
LOOK_SECONDS = 60

# The request id of the event that this thread handles, and whether the next new id has to be this one.
_event_id = contextvars.ContextVar("event_id", default=None)
_is_next = contextvars.ContextVar("is_next", default=False)


def apply():
    """Retry events of EventBridge like those of other sources, and keep their ids."""
    require(lambda_svc, "_get_func_record_for_ref", ["function_ref"])
    require(lambda_svc, "_execution_record_for_config", ["func", "config"])
    require(eventbridge, "_dispatch_to_lambda", ["arn", "payload"])
    eventbridge._dispatch_to_lambda = _dispatch
    require(eventbridge, "_events_log")
    retention.every(LOOK_SECONDS, _forget)
    lambda_svc.new_uuid = _keeping_the_id(require(lambda_svc, "new_uuid", []))
    original = require(lambda_svc, "invoke_async_with_retry", ["func", "event"])
    lambda_svc.invoke_async_with_retry = _with_an_id(original)
    lambda_svc._execute_function = _attempt(require(lambda_svc, "_execute_function", ["func", "event"]))


def _forget():
    for _, events in eventbridge._events_log.all_items():
        del events[:-EVENTS]


def _dispatch(arn, payload):
    func, config, _ = lambda_svc._get_func_record_for_ref(arn)
    if func and config:
        record = lambda_svc._execution_record_for_config(func, config)
        lambda_svc.invoke_async_with_retry(record, json.loads(payload))


def _with_an_id(original):
    def invoke(func, event):
        # The thread of the attempts has a copy of this one's context.
        token = _event_id.set(lambda_svc.new_uuid())
        try:
            original(func, event)
        finally:
            _event_id.reset(token)

    return invoke


def _attempt(original):
    def execute(func, event):
        _is_next.set(_event_id.get() is not None)
        return original(func, event)

    return execute


def _keeping_the_id(original):
    def new_uuid():
        if not _is_next.get():
            return original()
        _is_next.set(False)
        return _event_id.get()

    return new_uuid
