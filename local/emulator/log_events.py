"""The events of a log stream: the latest as MiniStack has them, those before compressed, a thirtieth of the size.

It stands in for a list: readers index, slice and iterate it, and MiniStack appends to it under its own lock.
"""

import contextlib
import contextvars
import json
import zlib
from bisect import bisect_left, bisect_right
from dataclasses import dataclass

CHUNK_EVENTS = 1000
# What a stream and a chunk take beside their compressed events, roughly.
STREAM_BYTES = 1000
CHUNK_BYTES = 300

_only_sizes = contextvars.ContextVar("only_sizes", default=False)


@dataclass(frozen=True)
class Chunk:
    """Compressed events in a row, and the times of the first and the last (ms)."""

    first: int
    last: int
    count: int
    text_bytes: int
    packed: bytes

    @classmethod
    def of(cls, events):
        """Compress some events."""
        text = json.dumps(events, separators=(",", ":")).encode()
        size = sum(len(event["message"]) for event in events)
        return cls(events[0]["timestamp"], events[-1]["timestamp"], len(events), size, zlib.compress(text))

    def events(self):
        """The events again."""
        return json.loads(zlib.decompress(self.packed))


class Size:
    """Has the length of all messages of a stream, which MiniStack adds up."""

    def __init__(self, size):
        self._size = size

    def __len__(self):
        return self._size


@contextlib.contextmanager
def only_sizes():
    """Streams that are iterated over in this context tell their size, and do not decompress anything."""
    token = _only_sizes.set(True)
    try:
        yield
    finally:
        _only_sizes.reset(token)


class Events:
    """The events of a stream in the order of their times."""

    def __init__(self, chunks=(), latest=()):
        # Replaced as a whole: those who read it need no lock.
        self._parts = tuple(chunks), list(latest)

    @property
    def chunks(self):
        """What is compressed."""
        return self._parts[0]

    @property
    def latest(self):
        """What is not."""
        return self._parts[1]

    def __len__(self):
        chunks, latest = self._parts
        return sum(chunk.count for chunk in chunks) + len(latest)

    def __bool__(self):
        return any(self._parts)

    def __iter__(self):
        if _only_sizes.get():
            return iter([{"message": Size(self.text_bytes())}])
        return self.between(0, len(self))

    def __getitem__(self, index):
        if isinstance(index, slice):
            start, end, _ = index.indices(len(self))
            return list(self.between(start, end))
        if index == -1 and self.latest:
            return self.latest[-1]
        index = index + len(self) if index < 0 else index
        for event in self.between(index, index + 1):
            return event
        raise IndexError(index)

    def between(self, start, end):
        """The events from one index up to another, each chunk decompressed once."""
        chunks, latest = self._parts
        offset = 0
        for chunk in chunks:
            if offset < end and start < offset + chunk.count:
                yield from chunk.events()[max(0, start - offset) : end - offset]
            offset += chunk.count
        yield from latest[max(0, start - offset) : max(0, end - offset)]

    def extend(self, events):
        """Append events that are not older than the last; the caller holds MiniStack's lock."""
        self._parts[1].extend(events)

    def index(self, timestamp, bisect):
        """Where a time belongs, by `bisect_left` or `bisect_right`."""
        chunks, latest = self._parts
        offset = 0
        for chunk in chunks:
            # To the right of events with the same time, the place may be in the next chunk.
            if timestamp < chunk.last or (timestamp == chunk.last and bisect is bisect_left):
                return offset + bisect(chunk.events(), timestamp, key=_timestamp)
            offset += chunk.count
        return offset + bisect(latest, timestamp, key=_timestamp)

    def pack(self, before, lock):
        """Compress the events before a time (ms)."""
        chunks, latest = self._parts
        count = bisect_left(latest, before, hi=len(latest), key=_timestamp)
        events = latest[:count]
        if count and chunks and chunks[-1].count + count <= CHUNK_EVENTS:
            # Few large chunks: they compress better, and are found faster.
            events = chunks[-1].events() + events
            chunks = chunks[:-1]
        packed = [Chunk.of(events[at : at + CHUNK_EVENTS]) for at in range(0, len(events), CHUNK_EVENTS)]
        with lock:
            if self._parts[1] is latest:
                self._parts = (*chunks, *packed), latest[count:]

    def drop(self, chunks, lock):
        """Forget this many chunks, the oldest."""
        with lock:
            self._parts = self._parts[0][chunks:], self._parts[1]

    def kept_bytes(self):
        """What the stream takes of the memory, without its latest events."""
        return STREAM_BYTES + sum(CHUNK_BYTES + len(chunk.packed) for chunk in self.chunks)

    def text_bytes(self):
        """The length of all messages."""
        chunks, latest = self._parts
        return sum(chunk.text_bytes for chunk in chunks) + sum(len(event["message"]) for event in list(latest))

    def __deepcopy__(self, memo):
        # Chunks never change, and what follows is new dictionaries for a snapshot.
        chunks, latest = self._parts
        return Events(chunks, [dict(event) for event in list(latest)])


def place(original):
    """`bisect_left` or `bisect_right` for lists and for events."""

    def find(events, timestamp, lo=0, hi=None, *, key=None):
        if not isinstance(events, Events):
            return original(events, timestamp, lo, len(events) if hi is None else hi, key=key)
        found = max(lo, events.index(timestamp, original))
        return found if hi is None else min(found, hi)

    return find


def _timestamp(event):
    return event["timestamp"]


