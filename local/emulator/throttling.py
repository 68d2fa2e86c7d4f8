"""Token buckets: rate limits."""

import threading
import time


class Bucket:
    """Fills with `rate` tokens per second up to `burst`, and starts full."""

    def __init__(self, rate, burst):
        self.rate = rate
        self.burst = burst
        self._tokens = burst
        self._filled = time.monotonic()

    def take(self, tokens=1):
        """Take so many tokens, if there are."""
        now = time.monotonic()
        self._tokens = min(self.burst, self._tokens + (now - self._filled) * self.rate)
        self._filled = now
        if self._tokens < tokens:
            return False
        self._tokens -= tokens
        return True


class Buckets:
    """A bucket for each name, replaced when its limits change; threads may share them."""

    def __init__(self):
        self._buckets = {}
        self._lock = threading.Lock()

    def take(self, name, rate, burst, tokens=1):
        """Whether the name has tokens; takes them."""
        with self._lock:
            bucket = self._buckets.get(name)
            if bucket is None or (bucket.rate, bucket.burst) != (rate, burst):
                bucket = self._buckets[name] = Bucket(rate, burst)
            return bucket.take(tokens)
