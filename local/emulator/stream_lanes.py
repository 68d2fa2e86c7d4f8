"""Reads one part of a shard for an event source mapping: batch after batch, each until it is done."""

import asyncio
import contextvars
import logging
import time

from ministack.services import cloudwatch, lambda_svc

import errors
import stream_destinations
import threads
from upstream_checks import require
from stream_batches import Batch, Gathering, first_failed
from stream_sources import END

logger = logging.getLogger("lambda")

# Seconds until a failed batch is retried, doubled with each failure.
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
# Batches that are not full start at most this often, so that single records are collected.
PACE_SECONDS = 0.02
_PARTIAL = "ReportBatchItemFailures"


def check():
    """End the launcher if functions are not invoked as this module does."""
    require(lambda_svc, "_execute_function", ["func", "event"])
    require(lambda_svc, "_get_func_record_for_qualifier", ["name", "qualifier"])
    require(cloudwatch, "record_metric", ["namespace", "metric_name", "value", "unit", "dimensions"])


class Lane:
    """The part `number` of a shard; its position is `positions[number]`."""

    def __init__(self, mapping, source, shard_id, positions, number):
        self.mapping = mapping
        self.source = source
        self.shard_id = shard_id
        self.positions = positions
        self.number = number
        self.bell = asyncio.Event()
        self.refused = 0
        self.begun = 0.0
        self.stopped = False
        self._rested = asyncio.Event()

    def stop(self):
        """End after the invocation under way; the next lane gets again what is not done by then."""
        self.stopped = True
        self.bell.set()
        self._rested.set()

    async def run(self):
        """Read until the shard ends or the lane is stopped."""
        while (gathering := await self._gather()) is not None:
            self.begun = time.monotonic()
            await self._deliver(Batch(gathering.records))
            if self.stopped:
                return
            self._done(gathering.position)

    async def _gather(self):
        position = self.positions[self.number]
        gathering = Gathering(self.source, self.shard_id, (self.number, len(self.positions)), position)
        while not self.stopped:
            self.bell.clear()
            stored, more = self.source.read(self.shard_id) or (None, False)
            if stored is None:
                return None
            if gathering.read(stored, self.mapping, self._config().get("Role", "")):
                return gathering
            left = self._window_left(gathering)
            if gathering.records and (left <= 0 or not more):
                return gathering
            # Records that no filter lets through are done.
            if not gathering.records:
                self._done(gathering.position if more else END)
                if not more:
                    return None
            await set_within(self.bell, left)
        return None

    def _window_left(self, gathering):
        if gathering.since is None:
            return None
        window = gathering.since + self.mapping["MaximumBatchingWindowInSeconds"]
        return max(window, self.begun + PACE_SECONDS) - time.monotonic()

    async def _deliver(self, batch):
        batches = [batch]
        while batches and not self.stopped:
            batch = self._without_old(batches.pop(0))
            if batch.records:
                batches[:0] = await self._attempt(batch)

    def _without_old(self, batch):
        limit = self.mapping.get("MaximumRecordAgeInSeconds", -1)
        old = batch.older_than(limit) if limit >= 0 else 0
        if old:
            self._give_up(batch.part(batch.records[:old]), stream_destinations.AGE)
        return batch.part(batch.records[old:])

    async def _attempt(self, batch):
        """Invoke the function once; returns the part of the batch that is still to be delivered."""
        result = await self._invoke(batch)
        if result is None or result.get("throttle") or errors.is_of_emulator(result):
            self.refused += 1
            await self._pause(self.refused)
            return [batch]
        self.refused = 0
        batch.invocations += 1
        batch.result = result
        failed = self._first_failed(batch)
        self.mapping["LastProcessingResult"] = "OK" if failed is None else "PROBLEM: Function call failed"
        if failed is None:
            self._done(batch.records[-1].sequence)
            return []
        if failed:
            self._done(batch.records[failed - 1].sequence)
        return await self._after_failure(batch, failed)

    async def _after_failure(self, batch, failed):
        rest = batch.part(batch.records[failed:])
        bisect = self.mapping.get("BisectBatchOnFunctionError")
        if bisect and (failed or len(rest.records) > 1):
            # A split is not an attempt: at the reported record, or in the middle where nothing was done.
            await self._pause(1)
            return [rest] if failed else rest.halves()
        rest.failures += 1
        retries = self.mapping.get("MaximumRetryAttempts", -1)
        if 0 <= retries < rest.failures:
            self._give_up(rest, stream_destinations.RETRIES)
            return []
        await self._pause(rest.failures)
        return [rest]

    async def _invoke(self, batch):
        name, qualifier = self.mapping["FunctionName"], self.mapping.get("Qualifier")
        function, _ = lambda_svc._get_func_record_for_qualifier(name, qualifier)
        if function is None:
            return None
        age = max(0.0, time.time() - batch.records[-1].arrival) * 1000
        dimensions = {"FunctionName": name}
        cloudwatch.record_metric("AWS/Lambda", "IteratorAge", age, "Milliseconds", dimensions)
        event = {"Records": [record.event for record in batch.records]}
        call = contextvars.copy_context().run
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(threads.POOL, call, lambda_svc._execute_function, function, event)
        except Exception:
            logger.exception("Function %s could not be invoked for %s", name, self.source.arn)
            return None

    def _first_failed(self, batch):
        if batch.result.get("error"):
            body = batch.result.get("body")
            logger.warning("Function %s failed for %s: %s", self.mapping["FunctionName"], self.source.arn, body)
            return 0
        if _PARTIAL in (self.mapping.get("FunctionResponseTypes") or []):
            return first_failed(batch.result.get("body"), batch.records)
        return None

    def _give_up(self, batch, condition):
        stream_destinations.report(self.mapping, self._config(), self.source, self.shard_id, batch, condition)
        self._done(batch.records[-1].sequence)

    def _config(self):
        name, qualifier = self.mapping["FunctionName"], self.mapping.get("Qualifier")
        return lambda_svc._get_func_record_for_qualifier(name, qualifier)[1] or {}

    def _done(self, position):
        self.positions[self.number] = position

    async def _pause(self, times):
        self._rested.clear()
        if not self.stopped:
            await set_within(self._rested, min(FIRST_PAUSE * 2 ** min(times - 1, 10), LONGEST_PAUSE))


async def set_within(event, seconds):
    """Wait for an event, and set it after this many seconds; cheaper than a task with a timeout."""
    timer = None if seconds is None else asyncio.get_running_loop().call_later(seconds, event.set)
    await event.wait()
    if timer is not None:
        timer.cancel()
