"""What CloudWatch keeps of a metric: each value of the last minutes; of those before, how often it came in a minute.

MiniStack keeps a dictionary for each value: half a kilobyte. On AWS, too, values of standard resolution belong to their
minute, and minutes are kept for 15 days:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html.
"""

import copy
import threading
import time
import zlib
from array import array
from bisect import bisect_left
from collections import Counter

from ministack.services import cloudwatch

import retention
from upstream_checks import require

# Values are exact for so long; then they have three digits, so that percentiles are at most 0.5 % off.
EXACT_SECONDS = 600
KEPT_SECONDS = 15 * 24 * 3600
COMPACT_SECONDS = 30
_PLAIN = {"Timestamp", "Value", "Unit", "Dimensions", "Count"}


class Points:
    """The points of one metric, in place of a list of dictionaries."""

    def __init__(self, points=()):
        self._lock = threading.Lock()
        self._shared = {}
        # Times, values, and how often each came.
        self._exact, self._merged = _columns(), _columns()
        # Statistic sets, and values with another unit than the first.
        self._others = []
        for point in points:
            self.append(point)

    def append(self, point):
        """Add what MiniStack has made of a datum."""
        with self._lock:
            shared = {"Unit": point["Unit"], "Dimensions": point["Dimensions"]}
            self._shared = self._shared or shared
            if shared == self._shared and _PLAIN.issuperset(point):
                _add(self._exact, (point["Timestamp"], point["Value"], point.get("Count", 1.0)))
            else:
                self._others.append(point)

    def __len__(self):
        return len(self._exact[0]) + len(self._merged[0]) + len(self._others)

    def __getitem__(self, index):
        return list(self)[index]

    def __iter__(self):
        with self._lock:
            rows = [*zip(*self._merged), *zip(*self._exact)]
            others = list(self._others)
        for timestamp, value, count in rows:
            yield {**self._shared, "Timestamp": timestamp, "Value": value, "Count": count}
        yield from others

    def compact(self, now):
        """Merge equal values of a minute where they are no longer needed exactly; forget what is too old."""
        with self._lock:
            # Whole minutes; values come in the order of their times, or nearly so.
            end = bisect_left(self._exact[0], (now - EXACT_SECONDS) // 60 * 60)
            merged = Counter()
            for timestamp, value, count in zip(*(column[:end] for column in self._exact)):
                merged[timestamp // 60 * 60, float(f"{value:.3g}")] += count
            for (minute, value), count in sorted(merged.items()):
                _add(self._merged, (minute, value, count))
            gone = bisect_left(self._merged[0], now - KEPT_SECONDS)
            for exact, old in zip(self._exact, self._merged):
                del exact[:end], old[:gone]
            self._others = [point for point in self._others if point["Timestamp"] >= now - KEPT_SECONDS]

    def __deepcopy__(self, memo):
        """What is written to disk."""
        with self._lock:
            columns = [zlib.compress(column.tobytes()) for column in (*self._exact, *self._merged)]
            return {"shared": self._shared, "columns": columns, "others": copy.deepcopy(self._others)}

    @classmethod
    def restored(cls, saved):
        """Points that were saved, or a list of MiniStack's."""
        if isinstance(saved, list):
            return cls(saved)
        points = cls(saved["others"])
        points._shared = saved["shared"]
        for column, stored in zip((*points._exact, *points._merged), saved["columns"]):
            column.frombytes(zlib.decompress(stored))
        return points


def apply():
    """Store and restore points so, and compact them from time to time."""
    require(cloudwatch, "_metrics")
    for name, parameters in (("_metric_bucket", ["key"]), ("_evict_old_metrics", []), ("_dims_key", ["dims"])):
        require(cloudwatch, name, parameters)
    cloudwatch._metric_bucket = points_of
    # It looks at every value at each request, and replaces lists to which threads append.
    cloudwatch._evict_old_metrics = lambda: None
    cloudwatch.load_persisted_state = _restoring(require(cloudwatch, "load_persisted_state", ["data"]))
    retention.every(COMPACT_SECONDS, compact)


def points_of(key):
    """The points of a metric; threads that come at once get the same."""
    return cloudwatch._metrics.get(key) or cloudwatch._metrics.setdefault(key, Points())


def compact():
    """Compact all metrics, and forget those that have no points left."""
    for key, points in cloudwatch._metrics.all_items():
        points.compact(time.time())
        if not len(points):
            cloudwatch._metrics._data.pop(key, None)


def _restoring(original):
    def load(data):
        original(data)
        for key, saved in cloudwatch._metrics.all_items():
            cloudwatch._metrics._data[key] = Points.restored(saved)

    return load


def _add(columns, row):
    for column, value in zip(columns, row):
        column.append(value)


def _columns():
    return array("d"), array("d"), array("d")
