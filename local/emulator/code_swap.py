"""New code and settings apply between invocations: those under way finish with the old ones.

MiniStack kills all workers of a function at work when the function is updated or deleted.
"""

import functools
import threading

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from upstream_checks import require

_invalidating = threading.local()


def apply():
    """Let busy workers finish, and only then end them."""
    require(lambda_runtime, "_lock")
    require(lambda_runtime, "_workers")
    lambda_runtime.kill_workers = _sparing(require(lambda_runtime, "kill_workers", ["workers"]))
    _replace("invalidate_worker", ["func_name", "qualifier", "account", "region"], _marked)
    _replace("acquire_worker", ["func_name", "config", "code_zip", "qualifier"], _up_to_date)
    _replace("release_worker", ["worker"], _ending)


def _replace(name, parameters, wrap):
    require(lambda_svc, name, parameters)
    replacement = wrap(require(lambda_runtime, name, parameters))
    setattr(lambda_runtime, name, replacement)
    setattr(lambda_svc, name, replacement)


def _marked(original):
    @functools.wraps(original)
    def invalidate(*arguments, **named):
        _invalidating.now = True
        try:
            original(*arguments, **named)
        finally:
            _invalidating.now = False

    return invalidate


def _sparing(original):
    @functools.wraps(original)
    def kill(workers):
        doomed = list(workers)
        if getattr(_invalidating, "now", False):
            with lambda_runtime._lock:
                for worker in doomed:
                    worker.retired = worker.in_use
            doomed = [worker for worker in doomed if not worker.retired]
        original(doomed)

    return kill


def _up_to_date(original):
    @functools.wraps(original)
    def acquire(func_name, config, code_zip, *more, **named):
        worker, how = original(func_name, config, code_zip, *more, **named)
        while how == "reused" and worker.code_zip is not code_zip:
            # It was created while the code changed.
            with lambda_runtime._lock:
                for pool in lambda_runtime._workers.values():
                    if worker in pool:
                        pool.remove(worker)
            _end(worker)
            worker, how = original(func_name, config, code_zip, *more, **named)
        return worker, how

    return acquire


def _ending(original):
    @functools.wraps(original)
    def release(worker):
        original(worker)
        if getattr(worker, "retired", False):
            _end(worker)

    return release


def _end(worker):
    # The response doesn't wait for the end of the process.
    threading.Thread(target=lambda_runtime.kill_workers, args=([worker],), daemon=True).start()
