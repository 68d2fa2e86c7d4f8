"""Events that invoke a function asynchronously: tried again when it fails, always under the same request id.

Stock hands an event of EventBridge to its function once, whatever becomes of it, and gives each attempt a new id.
"""

import contextvars
import json

from ministack.services import eventbridge, lambda_svc

from stock import require

# The request id of the event that this thread works on, and whether the next id that is made has to be it.
_event_id = contextvars.ContextVar("event_id", default=None)
_is_next = contextvars.ContextVar("is_next", default=False)


def apply():
    """Retry events of EventBridge as those of other sources, and keep their ids."""
    require(lambda_svc, "_get_func_record_for_ref", ["function_ref"])
    require(lambda_svc, "_execution_record_for_config", ["func", "config"])
    require(eventbridge, "_dispatch_to_lambda", ["arn", "payload"])
    eventbridge._dispatch_to_lambda = _dispatch
    lambda_svc.new_uuid = _keeping_the_id(require(lambda_svc, "new_uuid", []))
    stock = require(lambda_svc, "invoke_async_with_retry", ["func", "event"])
    lambda_svc.invoke_async_with_retry = _with_an_id(stock)
    lambda_svc._execute_function = _attempt(require(lambda_svc, "_execute_function", ["func", "event"]))


def _dispatch(arn, payload):
    func, config, _ = lambda_svc._get_func_record_for_ref(arn)
    if func and config:
        record = lambda_svc._execution_record_for_config(func, config)
        lambda_svc.invoke_async_with_retry(record, json.loads(payload))


def _with_an_id(stock):
    def invoke(func, event):
        # The thread of the attempts has a copy of this one's context.
        token = _event_id.set(lambda_svc.new_uuid())
        try:
            stock(func, event)
        finally:
            _event_id.reset(token)

    return invoke


def _attempt(stock):
    def execute(func, event):
        _is_next.set(_event_id.get() is not None)
        return stock(func, event)

    return execute


def _keeping_the_id(stock):
    def new_uuid():
        if not _is_next.get():
            return stock()
        _is_next.set(False)
        return _event_id.get()

    return new_uuid
