"""Event source mappings of streams, read as Lambda reads them: every shard on its own, and no record is skipped.

MiniStack reads one shard after the other, treats a partial batch response as a success, and knows neither retry limits
nor splitting nor, for Kinesis, destinations.
"""

import asyncio
import contextvars
import functools
import logging

from ministack import app
from ministack.core.responses import _request_account_id, _request_region
from ministack.services import dynamodb, kinesis, lambda_svc

import stream_batches
import stream_destinations
import stream_lanes
import stream_sources
from upstream_checks import require
from stream_sources import END, START

logger = logging.getLogger("lambda")

# How often to check for changes that no event announces, such as a recreated stream.
LOOK_SECONDS = 1.0

_mappings = {}
_supervisor = None
_changed = asyncio.Event()


class Mapping:
    """The lanes that read for one event source mapping."""

    def __init__(self, scope, settings, source):
        self.scope = scope
        self.settings = settings
        self.source = source
        self.running = {}

    def update(self):
        """Start and stop lanes to match the mapping and its stream."""
        shards = self.source.shards() if self.settings.get("Enabled", True) else {}
        lanes = self.settings.get("ParallelizationFactor") or 1
        positions = self._positions(shards)
        for (shard_id, _), lane in self.running.items():
            if shard_id not in shards or len(lane.positions) != lanes:
                lane.stop()
        for shard_id, shard in shards.items():
            if all(_ended(positions.get(parent)) for parent in shard.parents):
                self._read(shard_id, positions, lanes)

    def stop(self):
        """End all lanes."""
        for lane in self.running.values():
            lane.stop()

    def ring(self):
        """Make all lanes check for records."""
        for lane in self.running.values():
            lane.bell.set()

    def _positions(self, shards):
        stored = self.source.positions.get_scoped(*self.scope)
        if stored is None:
            start = self.settings.get("StartingPosition", "LATEST")
            stored = start_positions(self.source, self.scope, start)
        for shard_id, shard in shards.items():
            positions = stored.setdefault(shard_id, [START])
            # An open shard that was read to its end is a new one: its stream was recreated.
            if not shard.closed and _ended(positions):
                stored[shard_id] = [START]
        for shard_id in [name for name in stored if shards and name not in shards]:
            del stored[shard_id]
        return stored

    def _read(self, shard_id, positions, lanes):
        if len(positions[shard_id]) != lanes:
            # With other lanes, keys move between them: all start where the last of the old ones was.
            if any(shard == shard_id for shard, _ in self.running):
                return
            positions[shard_id] = [min(positions[shard_id])] * lanes
        for number, position in enumerate(positions[shard_id]):
            if position != END and (shard_id, number) not in self.running:
                self._start(shard_id, positions[shard_id], number)

    def _start(self, shard_id, positions, number):
        lane = stream_lanes.Lane(self.settings, self.source, shard_id, positions, number)
        self.running[shard_id, number] = lane
        context = contextvars.copy_context()
        context.run(_request_account_id.set, self.scope[0])
        context.run(_request_region.set, self.scope[1])
        task = asyncio.get_running_loop().create_task(lane.run(), context=context)
        task.add_done_callback(lambda task: self._finished(shard_id, number, task))

    def _finished(self, shard_id, number, task):
        del self.running[shard_id, number]
        if task.exception():
            logger.error("Reading %s %s failed", self.source.arn, shard_id, exc_info=task.exception())
        else:
            _changed.set()


class Bell:
    """Replaces the event that a service sets when it has stored a record."""

    def __init__(self, service):
        self.service = service

    def set(self):
        """Wake the lanes that read streams of the service."""
        _on_the_loop(self._ring)

    def _ring(self):
        for mapping in _mappings.values():
            if mapping.source.service == self.service:
                mapping.ring()


def apply():
    """Take stream mappings over from MiniStack's poller."""
    # None until the server runs, which `require` would report as missing.
    if not hasattr(app, "_MAIN_LOOP"):
        require(app, "_MAIN_LOOP")
    for module in (stream_sources, stream_batches, stream_destinations, stream_lanes):
        module.check()
    for name in ("_poll_kinesis", "_poll_dynamodb_streams"):
        require(lambda_svc, name, [])
        setattr(lambda_svc, name, lambda: False)
    for service in (kinesis, dynamodb):
        require(service, "esm_wake")
        service.esm_wake = Bell(service.__name__.rsplit(".", 1)[-1])
    require(lambda_svc, "_init_stream_position", ["esm_id", "source_arn", "starting"])
    lambda_svc._init_stream_position = lambda *_: None
    require(lambda_svc, "_esms")
    for name, parameters in (
        ("_ensure_poller", []),
        ("_update_esm", ["esm_id", "data"]),
        ("_delete_esm", ["esm_id"]),
    ):
        setattr(lambda_svc, name, _announced(require(lambda_svc, name, parameters)))


def changed():
    """Check all mappings and their streams soon."""
    _on_the_loop(_changed.set)


def start_positions(source, scope, starting, seconds=None):
    """Where a mapping starts in the shards that its stream has now."""
    shards = source.shards()
    positions = {name: [stream_sources.first_position(source, name, starting, seconds)] for name in shards}
    source.positions.set_scoped(*scope, positions)
    return positions


def _announced(original):
    @functools.wraps(original)
    def call(*arguments):
        answer = original(*arguments)
        _on_the_loop(_look)
        return answer

    return call


def _look():
    global _supervisor
    if _supervisor is None:
        _supervisor = asyncio.get_running_loop().create_task(_supervise())
    _changed.set()


def _on_the_loop(call):
    try:
        here = asyncio.get_running_loop()
    except RuntimeError:
        here = None
    if here is app._MAIN_LOOP:
        call()
    else:
        app._MAIN_LOOP.call_soon_threadsafe(call)


async def _supervise():
    while True:
        _changed.clear()
        try:
            _update_all()
        except Exception:
            logger.exception("Stream mappings could not be checked")
        await stream_lanes.set_within(_changed, LOOK_SECONDS)


def _update_all():
    current = dict(lambda_svc._esms._data)
    for scope in [scope for scope in _mappings if scope not in current]:
        _mappings.pop(scope).stop()
    for scope, settings in current.items():
        if scope not in _mappings:
            source = stream_sources.of(settings["EventSourceArn"])
            if source is None:
                continue
            _mappings[scope] = Mapping(scope, settings, source)
        _mappings[scope].update()


def _ended(positions):
    return positions is None or all(position == END for position in positions)
