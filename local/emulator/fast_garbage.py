"""Has garbage collection look at each object once, instead of at all of them each time.

What the server keeps (modules, logs, records of streams) is not garbage, but Python's full collections walk through it
each time, and stop every thread: 150 ms after a minute of 75 requests/s, which callers would see as latency of
the functions. What has become garbage since is found where nothing runs, or where too much has been set aside.
"""

import gc

import invocations
import retention

LOOK_SECONDS = 5
# A fifth of a second's work for the collection; what has been set aside since the last one may be garbage.
MOST_SET_ASIDE = 1_000_000
LEAST_SET_ASIDE = 50_000

_after_last = {"count": 0}


def apply():
    """Exempt what has survived a full collection from later ones, but for one now and then."""
    gc.callbacks.append(_set_aside)
    retention.every(LOOK_SECONDS, look)


def look():
    """Collect what has become garbage after it was set aside, if this disturbs nobody or is overdue."""
    grown = gc.get_freeze_count() - _after_last["count"]
    if grown > MOST_SET_ASIDE or (grown > LEAST_SET_ASIDE and not invocations.are_running()):
        gc.unfreeze()
        gc.collect()
        _after_last["count"] = gc.get_freeze_count()


def _set_aside(phase, info):
    if phase == "stop" and info["generation"] == 2:
        gc.freeze()
