"""Has garbage collection look at each object once, instead of at all of them each time.

What the server keeps (modules, logs, records of streams) is not garbage, but Python's full collections walk through it
each time, and stop every thread: 150 ms after a minute of 75 requests/s, which callers would see as latency of
the functions.
"""

import gc


def apply():
    """Exempt what has survived a full collection from later ones."""
    gc.callbacks.append(_set_aside)


def _set_aside(phase, info):
    if phase == "stop" and info["generation"] == 2:
        gc.freeze()
