"""Streams keep a record for their retention period, 24 hours, unless all their readers are done with it.

MiniStack walks over all stored records of a Kinesis stream at each request: with 100,000 of them, a PutRecord took 4.6
ms of the event loop, with none 0.03.
"""

import time

from ministack import app
from ministack.services import dynamodb, kinesis, lambda_svc

import retention
import stream_sources
from stream_sources import END
from upstream_checks import require

# How long records that all event source mappings have read stay readable for others.
READ_SECONDS = 60
LOOK_SECONDS = 10


def apply():
    """Look at all streams from time to time."""
    require(dynamodb, "_stream_trimmed")
    require(dynamodb, "_stream_records")
    require(kinesis, "_streams")
    require(lambda_svc, "_esms")
    require(kinesis, "_expire_records", ["stream"])
    kinesis._expire_records = expire
    retention.every(LOOK_SECONDS, _trim_on_the_loop)


def expire(stream):
    """Drop the records of a Kinesis stream that are older than its retention period; they are in order."""
    oldest = time.time() - stream["RetentionPeriodHours"] * 3600
    for shard in stream["shards"].values():
        records, count = shard["records"], 0
        while count < len(records) and records[count]["ApproximateArrivalTimestamp"] < oldest:
            count += 1
        del records[:count]


def _trim_on_the_loop():
    # Requests and readers use the same lists there.
    if app._MAIN_LOOP is not None:
        app._MAIN_LOOP.call_soon_threadsafe(trim, time.time() - READ_SECONDS)


def trim(before):
    """Drop what was stored before a time and every mapping of its stream has read."""
    readers = {}
    for scope, settings in lambda_svc._esms.all_items():
        source = stream_sources.of(settings.get("EventSourceArn", ""))
        if source is not None:
            readers.setdefault(source.arn, []).append((source, source.positions.get_scoped(*scope) or {}))
    for mappings in readers.values():
        source = mappings[0][0]
        for shard_id, shard in source.shards().items():
            if shard.closed and source.service == "dynamodb":
                # A stream that is switched off gets no more records, and expires as a whole.
                continue
            read = [_read_up_to(positions.get(shard_id)) for _, positions in mappings]
            _drop(source, shard_id, min(read), before)


def _read_up_to(positions):
    # The parts of a shard have positions of their own; END compares like any other.
    return min(positions) if positions else stream_sources.START


def _drop(source, shard_id, position, before):
    records, _ = source.read(shard_id) or ([], False)
    count = len(records) if position == END else stream_sources.after(source, records, position)
    while count and source.arrival(records[count - 1]) > before:
        count -= 1
    del records[:count]
    if count and source.service == "dynamodb":
        trimmed = dynamodb._stream_trimmed.get_scoped(*source.scope, 0)
        dynamodb._stream_trimmed.set_scoped(*source.scope, trimmed + count)
