"""No message is lost between a queue and a function, and a response is interpreted as by Lambda.

MiniStack receives messages for event source mappings in threads while requests change the same lists on the event loop.
It also deletes a batch whose response names an unknown message, which Lambda treats as a failure of the whole batch.
"""

import contextvars
import json
from concurrent.futures import Future

from ministack import app
from ministack.services import lambda_svc, sqs

from upstream_checks import require

_PARTIAL = "ReportBatchItemFailures"
# The ids of the messages in the batch that this thread handles; None where responses do not matter.
_batch_ids = contextvars.ContextVar("batch_ids", default=None)


def apply():
    """Receive and delete messages on the event loop, and check the responses."""
    # None until the server runs, which `require` would report as missing.
    if not hasattr(app, "_MAIN_LOOP"):
        require(app, "_MAIN_LOOP")
    require(sqs, "_queues")
    for name, parameters in (
        ("_receive_messages_for_esm", ["queue_url", "max_number"]),
        ("_delete_messages_for_esm", ["queue_url", "receipt_handles"]),
    ):
        setattr(sqs, name, _on_the_loop(require(sqs, name, parameters)))
    parameters = ["esm", "func_rec", "event", "batch", "queue_url", "queue_name"]
    lambda_svc._run_sqs_batch = _knowing_its_ids(require(lambda_svc, "_run_sqs_batch", parameters))
    lambda_svc._execute_function = _reading_responses(require(lambda_svc, "_execute_function", ["func", "event"]))


def _on_the_loop(original):
    def call(*arguments):
        done = Future()

        def run():
            try:
                done.set_result(original(*arguments))
            except Exception as error:
                done.set_exception(error)

        # The account and the region are context variables.
        app._MAIN_LOOP.call_soon_threadsafe(run, context=contextvars.copy_context())
        return done.result()

    return call


def _knowing_its_ids(original):
    def run(esm, func_rec, event, batch, queue_url, queue_name):
        if _PARTIAL in (esm.get("FunctionResponseTypes") or []):
            _batch_ids.set({message["id"] for message in batch})
        original(esm, func_rec, event, batch, queue_url, queue_name)

    return run


def _reading_responses(original):
    def execute(func, event):
        ids = _batch_ids.get()
        # A function that is invoked in between has its own response.
        _batch_ids.set(None)
        result = original(func, event)
        if ids is None or result.get("error"):
            return result
        failed = failed_ids(result.get("body"))
        if failed is None or not failed <= ids:
            message = f"the response is not a list of messages of the batch: {result.get('body')!r}"
            return {**result, "error": True, "body": {"errorType": "InvalidResponse", "errorMessage": message}}
        return {**result, "body": {"batchItemFailures": [{"itemIdentifier": id_} for id_ in failed]}}

    return execute


def failed_ids(body):
    """The ids in a partial batch response, or None if Lambda cannot read it."""
    try:
        response = json.loads(body) if isinstance(body, (str, bytes)) and body else body
        failures = (response or {}).get("batchItemFailures") or []
        ids = {failure["itemIdentifier"] for failure in failures}
        return ids if all(isinstance(id_, str) and id_ for id_ in ids) else None
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
