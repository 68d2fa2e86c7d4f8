"""CloudWatch Logs keeps a group's events as long as its retention says, and not more than fits into memory.

MiniStack keeps every event for ever, as a dictionary: two kilobytes for each invocation.
"""

import threading
import time

from ministack.core.responses import AccountRegionScopedDict
from ministack.services import cloudwatch_logs

import log_events
import retention
from log_events import Chunk, Events
from upstream_checks import require

# Events are compressed when they are this old.
LATEST_SECONDS = 10
# What a group's compressed events may take: about 250,000 invocations.
GROUP_BYTES = 16 * 1024 * 1024
# Streams that have lost all their events are dropped after this time.
IDLE_SECONDS = 3600
DAY_MS = 24 * 3600 * 1000
# Insights keeps a record of each event that a query has seen, and the results of each query.
RECORDS = 20_000
QUERIES = 100

_streams_lock = threading.Lock()


def apply():
    """Read and save compressed events, and pack them from time to time."""
    for name in ("_log_groups", "_log_events_lock", "_log_records", "_queries"):
        require(cloudwatch_logs, name)
    for name in ("bisect_left", "bisect_right"):
        setattr(cloudwatch_logs, name, log_events.place(require(cloudwatch_logs, name)))
    original = require(cloudwatch_logs, "_stream_event_range", ["events", "stream_name", "start", "end"])
    cloudwatch_logs._stream_event_range = _range(original)
    for name in ("_describe_log_groups", "_describe_log_streams"):
        setattr(cloudwatch_logs, name, _only_sizes(require(cloudwatch_logs, name, ["data"])))
    cloudwatch_logs.get_state = _saved(require(cloudwatch_logs, "get_state", []))
    cloudwatch_logs.load_persisted_state = _restored(require(cloudwatch_logs, "load_persisted_state", ["data"]))
    retention.every(LATEST_SECONDS, pack)


def pack(now=time.time):
    """Compress what is not new, and drop what is too old or too much."""
    before = int((now() - LATEST_SECONDS) * 1000)
    for _, group in cloudwatch_logs._log_groups.all_items():
        for stream in group["streams"].copy().values():
            _events(stream).pack(before, cloudwatch_logs._log_events_lock)
        days = group.get("retentionInDays")
        oldest = 0 if days is None else int(now() * 1000) - days * DAY_MS
        _drop(group, oldest, idle=int((now() - IDLE_SECONDS) * 1000))
    retention.trim(cloudwatch_logs._log_records, RECORDS)
    retention.trim(cloudwatch_logs._queries, QUERIES)


def stream_of(group, name, now):
    """A stream of a group, new if there is none of that name."""
    stream = group["streams"].get(name)
    if stream is not None:
        return stream
    with _streams_lock:
        # A new table each time: others walk over the one before.
        stream = group["streams"].get(name) or _new_stream(now)
        group["streams"] = {**group["streams"], name: stream}
        return stream


def _new_stream(now):
    return {
        "events": Events(),
        "uploadSequenceToken": "1",
        "creationTime": now,
        "firstEventTimestamp": None,
        "lastEventTimestamp": None,
        "lastIngestionTime": None,
    }


def _events(stream):
    # MiniStack makes a list of them when some come late.
    with cloudwatch_logs._log_events_lock:
        if not isinstance(stream["events"], Events):
            stream["events"] = Events((), stream["events"])
        return stream["events"]


def _drop(group, oldest, idle):
    """Drop chunks that end before a time, then the oldest until the rest fits; and empty streams idle since a time."""
    streams = [_events(stream) for stream in group["streams"].copy().values()]
    chunks = [(chunk.last, number, chunk) for number, events in enumerate(streams) for chunk in events.chunks]
    size = sum(events.kept_bytes() for events in streams)
    for last, number, chunk in sorted(chunks, key=lambda entry: entry[:2]):
        if last >= oldest and size <= GROUP_BYTES:
            break
        streams[number].drop(1, cloudwatch_logs._log_events_lock)
        size -= log_events.CHUNK_BYTES + len(chunk.packed)
    with _streams_lock:
        kept = {name: stream for name, stream in group["streams"].copy().items() if not _is_over(stream, idle)}
        if len(kept) < len(group["streams"]):
            group["streams"] = kept


def _is_over(stream, idle):
    return not len(stream["events"]) and (stream["lastEventTimestamp"] or stream["creationTime"]) < idle


def _range(original):
    def events_of(events, stream_name, start, end):
        if not isinstance(events, Events):
            yield from original(events, stream_name, start, end)
            return
        for event in events.between(start, end):
            yield event, stream_name

    return events_of


def _only_sizes(original):
    def describe(data):
        with log_events.only_sizes():
            return original(data)

    return describe


def _saved(original):
    def get_state():
        state = original()
        for stream in _streams(state["log_groups"]):
            events = stream["events"]
            if isinstance(events, Events):
                stream["chunks"] = [list(vars(chunk).values()) for chunk in events.chunks]
                stream["events"] = events.latest
        return state

    return get_state


def _restored(original):
    def load(data):
        saved = data.get("log_groups") if data else None
        chunks = [] if not isinstance(saved, AccountRegionScopedDict) else [
            (stream, stream.pop("chunks")) for stream in _streams(saved) if "chunks" in stream
        ]
        original(data)
        # MiniStack has sorted the others.
        for stream, packed in chunks:
            stream["events"] = Events([Chunk(*fields) for fields in packed], stream["events"])

    return load


def _streams(groups):
    return [stream for _, group in groups.all_items() for stream in group["streams"].values()]
