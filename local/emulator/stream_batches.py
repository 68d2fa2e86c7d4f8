"""Batches of records: how they are gathered, what a response says about them, and how they are split."""

import json
import time
import zlib
from typing import NamedTuple

from ministack.services import lambda_svc

import stream_sources
from upstream_checks import require

# The size limit of an invocation's event, without `{"Records": []}`.
MAX_BYTES = 6 * 1024 * 1024 - 32


class Record(NamedTuple):
    """One record on its way to a function."""

    sequence: str
    arrival: float
    event: dict


class Batch:
    """Records that go to the function together, with their attempts so far."""

    def __init__(self, records, failures=0, invocations=0, result=None):
        self.records = records
        self.failures = failures
        self.invocations = invocations
        self.result = result

    def part(self, records):
        """Some of the records, with the history of all."""
        return Batch(records, self.failures, self.invocations, self.result)

    def halves(self):
        """The two halves of a batch that failed."""
        middle = (len(self.records) + 1) // 2
        return [self.part(self.records[:middle]), self.part(self.records[middle:])]

    def older_than(self, seconds):
        """How many of its first records are older."""
        limit = time.time() - seconds
        young = (index for index, record in enumerate(self.records) if record.arrival >= limit)
        return next(young, len(self.records))


def check():
    """End the launcher if filters are not applied as this module does."""
    require(lambda_svc, "_apply_filter_criteria", ["records", "esm"])


class Gathering:
    """Reads a shard from a position on, and keeps what belongs to the next batch."""

    def __init__(self, source, shard_id, lane, position):
        self.source = source
        self.shard_id = shard_id
        self.lane, self.lanes = lane
        self.position = position
        self.records = []
        self.since = None
        self._bytes = 0

    def read(self, stored, mapping, role):
        """Read what is new; true when the batch is full."""
        for index in range(stream_sources.after(self.source, stored, self.position), len(stored)):
            record = stored[index]
            if self._is_mine(record):
                event = self.source.event(record, self.shard_id, role)
                if lambda_svc._apply_filter_criteria([event], mapping) and not self._add(record, event):
                    return True
            self.position = self.source.sequence(record)
            if len(self.records) >= mapping["BatchSize"]:
                return True
        return False

    def _is_mine(self, record):
        # Records of one key stay in one lane, and so in order.
        return self.lanes == 1 or zlib.crc32(self.source.key(record).encode()) % self.lanes == self.lane

    def _add(self, record, event):
        size = len(json.dumps(event)) + 2
        if self.records and self._bytes + size > MAX_BYTES:
            return False
        self._bytes += size
        self.since = self.since or time.monotonic()
        self.records.append(Record(self.source.sequence(record), self.source.arrival(record), event))
        return True


def first_failed(body, records):
    """The index of the first record to deliver again, according to a partial batch response; None if there is none.

    A response that Lambda cannot read, or that names a record which isn't in the batch, fails all of it.
    """
    places = {record.sequence: index for index, record in enumerate(records)}
    try:
        response = json.loads(body) if isinstance(body, (str, bytes)) and body else body
        failures = (response or {}).get("batchItemFailures") or []
        return min((places[failure["itemIdentifier"]] for failure in failures), default=None)
    except (ValueError, TypeError, KeyError, AttributeError):
        return 0
