"""Tells what functions had of the processors: a log line for each invocation, totals by function, and the last invocations.

Lambda has nothing like it; the REPORT line stays as Lambda writes it.
"""

import collections
import itertools
import threading

from ministack import app

import cpu_share
import http_responses
from upstream_checks import require

PATH = "/_lambench/cpu"
# Attributes of a usage, in seconds, by what is told of them, in ms.
_TIMES = {"duration_ms": "wall", "cpu_ms": "cpu", "throttled_ms": "throttled", "waited_ms": "waited"}

# So many invocations are told one by one; earlier ones only as part of the totals.
_KEPT = 2000

_lock = threading.Lock()
_totals = {}
_numbers = itertools.count(1)
_last = collections.deque(maxlen=_KEPT)


def apply():
    """Serve the totals."""
    app.app = _telling(require(app, "app", ["scope", "receive", "send"]))


def line(run):
    """The log line of an invocation; None if its processes had ended before they could be measured."""
    usage = run.cpu.usage
    if usage is None:
        return None
    fields = [
        f"LAMBENCH_CPU RequestId: {run.request_id}",
        f"CPU: {usage.cpu * 1000:.2f} ms",
        f"Share: {usage.share:.3f}",
        f"Throttled: {usage.throttled * 1000:.2f} ms",
        f"Waited: {usage.waited * 1000:.2f} ms",
    ]
    return "\t".join(fields) + "\t"


def count(function, run):
    """Add an invocation to its function's totals, and to the last ones."""
    usage = run.cpu.usage
    with _lock:
        totals = _totals.setdefault(function, {"invocations": 0, "unmeasured": 0, **dict.fromkeys(_TIMES, 0.0)})
        if usage is None:
            totals["unmeasured"] += 1
            return
        totals["invocations"] += 1
        totals["share"] = usage.share
        times = {name: getattr(usage, attribute) * 1000 for name, attribute in _TIMES.items()}
        for name, ms in times.items():
            totals[name] += ms
        number = next(_numbers)
        _last.append({"number": number, "function": function, "request_id": run.request_id, "share": usage.share, **times})


def _telling(original):
    async def asgi(scope, receive, send):
        if scope["type"] != "http" or scope["path"] != PATH:
            await original(scope, receive, send)
            return
        with _lock:
            functions = {name: dict(totals) for name, totals in _totals.items()}
            invocations = list(_last)
        await http_responses.send(send, 200, {**cpu_share.status(), "functions": functions, "invocations": invocations})

    return asgi
