"""Starts of execution environments: as many as Lambda allows, as many at once as this machine starts well.

"For each function, your concurrency scaling rate is 1,000 execution environment instances every 10 seconds", refilled
continuously, and never more than that: https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html. Invocations
beyond are throttled.
"""

import contextlib
import functools
import os
import threading
import time

from ministack.core import lambda_runtime
from ministack.core.responses import error_response_json
from ministack.services import lambda_svc

import errors
from throttling import Buckets
from upstream_checks import require

BURST = 1000
RATE = BURST / 10
# More at once would only wait for each other, and keep invocations under way from the processors.
AT_ONCE = max(8, 4 * (os.cpu_count() or 1))
# A function could wait in its initialization for one that waits for its turn.
TURN_SECONDS = 2.0
# MiniStack's own text for a worker that may not be started.
_MINISTACK_CEILING = "warm-worker ceiling reached"

_rates = Buckets()
_turns = threading.BoundedSemaphore(AT_ONCE)


def apply():
    """Limit what starts; must come after the patches that measure it."""
    parameters = ["func_name", "config", "code_zip", "qualifier"]
    require(lambda_svc, "acquire_worker", parameters)
    require(lambda_runtime, "_worker_key", ["func_name", "config", "qualifier"])
    acquire = _limited(require(lambda_runtime, "acquire_worker", parameters))
    lambda_runtime.acquire_worker = acquire
    lambda_svc.acquire_worker = acquire
    for kind in (lambda_runtime.Worker, lambda_runtime.ProvidedWorker):
        kind._spawn = _in_turn(require(kind, "_spawn", ["self"]))
    throttle = require(lambda_svc, "_throttle_response", ["reason_code", "msg"])
    lambda_svc._throttle_response = _named(throttle)
    lambda_svc._invoke = _refusing(require(lambda_svc, "_invoke", ["name", "event", "headers"]))


def _limited(original):
    @functools.wraps(original)
    def acquire(func_name, config, *more, **named):
        worker, how = original(func_name, config, *more, **named)
        starts = worker is not None and (worker._proc is None or worker._proc.poll() is not None)
        name = lambda_runtime._worker_key(func_name, config, "")
        if not starts or _rates.take(name, RATE, BURST):
            return worker, how
        _give_back(worker, how)
        return None, "func_cap"

    return acquire


def _give_back(worker, how):
    lambda_runtime.release_worker(worker)
    if how != "spawn":
        return
    with lambda_runtime._lock:
        for pool in lambda_runtime._workers.values():
            if worker in pool and not worker.in_use:
                pool.remove(worker)


def _in_turn(original):
    @functools.wraps(original)
    def spawn(self, *arguments, **named):
        before = time.monotonic()
        with _turn():
            run = getattr(self, "invocation", None)
            if run is not None:
                # The wait is no part of the initialization, nor of the handler's time.
                run.started += time.monotonic() - before
            return original(self, *arguments, **named)

    return spawn


@contextlib.contextmanager
def _turn():
    has_turn = _turns.acquire(timeout=TURN_SECONDS)
    try:
        yield
    finally:
        if has_turn:
            _turns.release()


def _named(original):
    @functools.wraps(original)
    def response(reason_code, msg, *more, **named):
        if msg.endswith(_MINISTACK_CEILING):
            reason_code, msg = "ConcurrentInvocationLimitExceeded", "Rate Exceeded."
        throttled = original(reason_code, msg, *more, **named)
        # What a state machine's Retry and Catch know it by.
        throttled["body"]["errorType"] = "Lambda.TooManyRequestsException"
        return throttled

    return response


def _refusing(original):
    @functools.wraps(original)
    async def invoke(*arguments, **named):
        status, headers, body = await original(*arguments, **named)
        if "X-Amz-Function-Error" in headers and errors.SERVICE_ERROR.encode() in body:
            return error_response_json("ServiceException", errors.SERVICE_MESSAGE, 500)
        return status, headers, body

    return invoke

