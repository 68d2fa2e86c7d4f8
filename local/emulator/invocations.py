"""Measures each invocation, limits its file descriptors, and ends it over its function's memory, as Lambda does."""

import logging
import threading
import time

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

import cpu_share
import cpu_usage
import errors
import processes
from upstream_checks import require

logger = logging.getLogger("lambda")

WATCH_SECONDS = 0.01
# Lambda's limit for the code outside of the handler.
INIT_SECONDS = 10.0
# How often an environment is started where the emulator itself fails to.
ATTEMPTS = 3

_running = {}
_finished = {}
# When this thread began to start a custom runtime's program (s, monotonic).
_starting = threading.local()
_started = threading.Event()
# The request id of this thread's latest invocation.
_latest = threading.local()
# Pairs: called with an invocation when its environment gets the event, and with one whose event no environment has handled.
_watchers = []


class Invocation:
    """One invocation: its times (s, monotonic), its processes and what went wrong."""

    def __init__(self, request_id, worker):
        self.request_id = request_id
        self.worker = worker
        self.limit_bytes = int(worker.config.get("MemorySize", 128)) * 1024 * 1024
        self.timeout = float(worker.config.get("Timeout", 3))
        self.process = worker._proc
        self.pids = []
        self.started = time.monotonic()
        self.ended = None
        self.cold = self.process is None or self.process.poll() is not None
        self.ready = not self.cold
        # How long the environment took to start, and the part of that which Lambda reports as its initialization.
        self.start_seconds = 0.0
        self.init_seconds = 0.0
        self.peak_bytes = 0
        self.over_memory = False
        self.init_hung = False
        # The emulator has failed, not the function.
        self.failed_here = False
        self.error = None
        self.cpu = cpu_usage.Meter()
        # The name of the log stream, the stream and the event of its START line, once that is written.
        self.start_line = None
        if self.ready:
            self.cpu.start(worker.environment)

    def duration_ms(self):
        """Time of the handler, without the start of its environment."""
        return max(0.0, self.ended - self.started - self.start_seconds) * 1000

    def begin(self):
        """The environment is ready: the event is its own from now on."""
        for started, _ in _watchers:
            started(self)

    def take_back(self):
        """No environment has handled the event."""
        for _, taken_back in _watchers:
            taken_back(self)

    def restart(self):
        """Begin again with a new environment: the one before had ended."""
        self.take_back()
        self.started = time.monotonic()
        self.ended = None
        self.cold, self.ready = True, False
        self.cpu = cpu_usage.Meter()

    def finish(self):
        """Take the time, and the memory while the processes are still there."""
        if self.ended is None:
            self.ended = time.monotonic()
            self.cpu.stop()
            self.sample()

    def sample(self):
        """Check the memory now; an invocation over its limit ends here."""
        self.process = self.worker._proc or self.process
        if self.over_memory or self.process is None or self.process.poll() is not None:
            return
        self.cpu.sample()
        self.pids = processes.tree(self.process.pid)
        self.peak_bytes = max(self.peak_bytes, processes.memory_bytes(self.pids))
        if self.peak_bytes > self.limit_bytes:
            self.peak_bytes = self.limit_bytes
            self.over_memory = True
            processes.kill(self.pids)

    def watch_init(self):
        """Limit a long initialization, and end one that neither becomes ready nor exits: nothing else would."""
        seconds = time.monotonic() - self.started
        if not self.ready and seconds > INIT_SECONDS:
            cpu_share.limit(self.worker)
        if not self.ready and seconds > INIT_SECONDS + self.timeout:
            self.init_hung = True
            processes.kill(self.pids)


def apply():
    """Wrap both kinds of workers and what calls them."""
    for kind in (lambda_runtime.Worker, lambda_runtime.ProvidedWorker):
        kind.invoke = _measured(require(kind, "invoke", ["self", "event", "request_id"]))
        kind._spawn = _timed(require(kind, "_spawn", ["self"]))
    worker = lambda_runtime.Worker
    worker._drain_stderr_bounded = _ending(require(worker, "_drain_stderr_bounded", ["self"]))
    provided = lambda_runtime.ProvidedWorker
    provided._await_init = _seen(require(provided, "_await_init", ["self", "init_timeout"]))
    environment = require(lambda_svc, "_provided_worker_env", ["config", "code_dir", "port"])
    lambda_svc._provided_worker_env = _before_start(environment)
    require(lambda_runtime, "kill_workers", ["workers"])
    for name in ("_execute_function_warm", "_execute_function_provided_warm"):
        original = require(lambda_svc, name, ["func", "event", "request_id"])
        setattr(lambda_svc, name, _with_error(original))
    threading.Thread(target=_watch, daemon=True, name="memory-watch").start()


def on_start(started, taken_back):
    """Call one when an environment gets an event, and the other when none has handled it after all."""
    _watchers.append((started, taken_back))


def take(request_id):
    """The measurements of a finished invocation, once; None if no worker ran it."""
    return _finished.pop(request_id, None)


def last_request_id():
    """The request id of the latest invocation that this thread has waited for."""
    return _latest.request_id


def are_running():
    """Whether any function is at work."""
    return bool(_running)


def _measured(original):
    def invoke(self, event, request_id, **context):
        run = Invocation(request_id, self)
        self.invocation = run
        _latest.request_id = request_id
        _running[request_id] = run
        _started.set()
        if run.ready:
            run.begin()
        try:
            result = _result(original, self, run, event, **context)
        finally:
            del _running[request_id]
            if run.over_memory:
                lambda_runtime.kill_workers([self])
            if self._proc is None:
                # The environment has ended: end the processes that it started.
                processes.kill(run.pids)
        if run.failed_here:
            return result
        _finished[request_id] = run
        return errors.describe(run, result)

    return invoke


def _result(original, worker, run, event, **context):
    for attempt in range(ATTEMPTS):
        try:
            result = original(worker, event, run.request_id, **context)
            if _was_fetched(worker, result):
                run.finish()
                return result
            run.restart()
        except Exception as error:
            if errors.is_of_function(error):
                run.finish()
                return _ended(worker, errors.of_init(run, error))
            logger.exception("An invocation of %s failed in the emulator", worker.func_name)
            # The function may have got the event.
            if run.ready or attempt + 1 == ATTEMPTS:
                break
            _ended(worker)
    run.failed_here = True
    run.take_back()
    return _ended(worker, errors.of_emulator())


def _was_fetched(worker, result):
    # MiniStack gives an event to an environment that may be about to end: Lambda waits until it asks for one.
    pending = getattr(worker, "_pending", None)
    return pending is None or pending.empty() or not str(result.get("error")).startswith("Runtime exited")


def _ended(worker, result=None):
    # Only this environment ends: those beside it are as good as before.
    lambda_runtime.kill_workers([worker])
    return result


def _timed(original):
    def spawn(self, *arguments, **named):
        before = time.monotonic()
        run = getattr(self, "invocation", None)
        try:
            original(self, *arguments, **named)
            processes.limit_descriptors(self._proc.pid)
            cpu_share.limit(self)
            if run is not None:
                run.ready = True
                run.cpu.start(self.environment)
                run.begin()
        finally:
            if run is not None:
                run.start_seconds += time.monotonic() - before
                # A custom runtime's own time is more exact: Lambda does not count the unpacking of the code.
                run.init_seconds = run.init_seconds or run.start_seconds

    return spawn


def _before_start(original):
    def environment(*arguments, **named):
        # What upstream asks for last before it starts the program, which may be ready before the start has returned.
        variables = original(*arguments, **named)
        _starting.at = time.monotonic()
        return variables

    return environment


def _seen(original):
    def await_init(self, init_timeout=None):
        processes.limit_descriptors(self._proc.pid)
        # A custom runtime that ends while it starts is removed before anything asks for its exit status.
        run = getattr(self, "invocation", None)
        if run is not None:
            run.process = self._proc
        try:
            return original(self, init_timeout)
        finally:
            if run is not None:
                run.init_seconds = time.monotonic() - _starting.at

    return await_init


def _ending(original):
    def drain(self, *arguments, **named):
        # Called right after the response has arrived, before the cleanup.
        run = getattr(self, "invocation", None)
        if run is not None and run.ready:
            run.finish()
        return original(self, *arguments, **named)

    return drain


def _with_error(original):
    def execute(func, event, request_id):
        result = original(func, event, request_id)
        run = _finished.get(request_id)
        if run is not None and run.error is not None:
            result["body"] = run.error
            result["error"] = True
        return result

    return execute


def _watch():
    while True:
        _started.wait()
        _started.clear()
        while _running:
            begun = time.thread_time()
            for run in list(_running.values()):
                run.sample()
                run.watch_init()
            # Sampling must not slow down what is measured: it takes 3 % of one core at most.
            time.sleep(max(WATCH_SECONDS, 30 * (time.thread_time() - begun)))
