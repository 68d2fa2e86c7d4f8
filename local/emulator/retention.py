"""Work that is repeated in the background: dropping or compressing what services no longer need as it is."""

import logging
import threading
import time

logger = logging.getLogger("retention")


def every(seconds, work):
    """Repeat work, with so many seconds in between; an error ends one time, not all."""

    def repeat():
        while True:
            time.sleep(seconds)
            try:
                work()
            except Exception:
                logger.exception("%s failed", work.__module__)

    threading.Thread(target=repeat, daemon=True, name=f"retention-{work.__module__}").start()


def trim(table, most):
    """Drop the oldest entries of a table of MiniStack until so many are left."""
    keys = list(table._data)
    for key in keys[: max(0, len(keys) - most)]:
        table._data.pop(key, None)
