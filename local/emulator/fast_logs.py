"""Collects a function's output without a fixed wait.

MiniStack waits a fixed 50 ms for the first line of each invocation. A function writes its lines before it sends
its response, so at that time they are in the pipe: wait until the pipe is empty and no longer.
"""

import fcntl
import struct
import termios
import time

from ministack.core import lambda_runtime

from upstream_checks import require

PIPE_DEADLINE_SECONDS = 1.0
SETTLE_SECONDS = 0.001
# A wait that took longer says nothing: as this thread, the reading one was kept from running.
PROMPT_SECONDS = 0.003


def apply():
    """Check the pipe instead of waiting."""
    require(lambda_runtime.Worker, "_drain_stderr", ["self"])
    require(lambda_runtime.Worker, "_drain_stderr_bounded", ["self", "first_line_wait"])
    lambda_runtime.Worker._drain_stderr_bounded = drain


def drain(self, first_line_wait=SETTLE_SECONDS):
    """The lines that the worker has written so far."""
    deadline = time.monotonic() + max(PIPE_DEADLINE_SECONDS, first_line_wait)
    queued, is_prompt = -1, False
    while time.monotonic() < deadline:
        # A line is in the pipe, in the reading thread or in the queue: all are there when the pipe is empty and
        # the queue has stopped growing.
        if is_prompt and not _unread_bytes(self._proc) and queued == self._stderr_queue.qsize():
            break
        queued = self._stderr_queue.qsize()
        before = time.monotonic()
        time.sleep(SETTLE_SECONDS)
        is_prompt = time.monotonic() - before < PROMPT_SECONDS
    return self._drain_stderr()


def _unread_bytes(process):
    # A custom runtime's stdout and stderr are one pipe, a python or node worker logs to stderr.
    stream = process and (process.stderr or process.stdout)
    if not stream or stream.closed:
        return 0
    try:
        return struct.unpack("i", fcntl.ioctl(stream.fileno(), termios.FIONREAD, bytes(4)))[0]
    except (OSError, ValueError):
        return 0
