"""Splits and merges of shards keep their records: the old shards close and stay readable; MiniStack discards them."""

import functools
import json
import time
from bisect import bisect_left
from operator import itemgetter

from ministack.core.responses import error_response_json, json_response
from ministack.services import kinesis

import stream_mappings
from upstream_checks import require


def apply():
    """Replace resharding, and make everything else aware of closed shards."""
    require(kinesis, "_next_sequence_number", [])
    require(kinesis, "_resolve_stream", ["data"])
    require(kinesis, "_max_shard_index", ["stream"])
    require(kinesis, "_compute_hash_ranges", ["shard_count"])
    require(kinesis, "_shard_iterators")
    for name, replacement in (
        ("_split_shard", _resharding(_split)),
        ("_merge_shards", _resharding(_merge)),
        ("_update_shard_count", _resharding(_scale)),
    ):
        require(kinesis, name, ["data"])
        setattr(kinesis, name, replacement)
    require(kinesis, "_route_to_shard", ["hash_key_int", "stream"])
    kinesis._route_to_shard = _route
    require(kinesis, "_expire_records", ["stream"])
    kinesis._expire_records = _expire
    kinesis._shard_out = _shown(require(kinesis, "_shard_out", ["shard_id", "shard"]))
    kinesis._describe_stream_summary = _summed(require(kinesis, "_describe_stream_summary", ["data"]))
    kinesis._get_records = _ending(require(kinesis, "_get_records", ["data"]))


def is_open(shard):
    """Whether it takes new records."""
    return "ending_sequence_number" not in shard


class Refused(Exception):
    """A request that Kinesis refuses; its code and its message."""


def _resharding(change):
    def call(data):
        name, stream = kinesis._resolve_stream(data)
        if not stream:
            return error_response_json("ResourceNotFoundException", f"Stream {name} not found", 400)
        try:
            if stream.get("StreamModeDetails", {}).get("StreamMode") == "ON_DEMAND":
                message = f"Stream {name} is in on-demand mode, which sets the shards itself"
                raise Refused("ValidationException", message)
            answer = change(stream, data)
        except Refused as refused:
            code, message = refused.args
            return error_response_json(code, message, 400)
        stream_mappings.changed()
        return json_response(answer)

    return call


def _split(stream, data):
    name, shard = _open_shard(stream, data, "ShardToSplit")
    start, end = _hash_range(shard)
    middle = int(data.get("NewStartingHashKey") or 0)
    if not start < middle <= end:
        message = f"NewStartingHashKey {middle} is not in the range of {name}, {start} to {end}"
        raise Refused("InvalidArgumentException", message)
    _close(shard)
    _add(stream, (start, middle - 1), [name])
    _add(stream, (middle, end), [name])
    return {}


def _merge(stream, data):
    one, two = _open_shard(stream, data, "ShardToMerge"), _open_shard(stream, data, "AdjacentShardToMerge")
    ranges = sorted([_hash_range(one[1]), _hash_range(two[1])])
    if ranges[0][1] + 1 != ranges[1][0]:
        raise Refused("InvalidArgumentException", f"Shards {one[0]} and {two[0]} are not adjacent")
    for _, shard in (one, two):
        _close(shard)
    _add(stream, (ranges[0][0], ranges[1][1]), [one[0], two[0]])
    return {}


def _scale(stream, data):
    target = int(data.get("TargetShardCount") or 0)
    old = {name: shard for name, shard in stream["shards"].items() if is_open(shard)}
    _check_scale(len(old), target)
    if target != len(old):
        for shard in old.values():
            _close(shard)
        for start, end in kinesis._compute_hash_ranges(target):
            new = int(start), int(end)
            _add(stream, new, [name for name, shard in old.items() if _overlap(_hash_range(shard), new)])
    return {
        "StreamName": stream["StreamName"],
        "StreamARN": stream["StreamARN"],
        "CurrentShardCount": len(old),
        "TargetShardCount": target,
    }


def _check_scale(current, target):
    counts = f"Current open shard count: {current} Target shard count: {target}"
    if target < 1:
        raise Refused("ValidationException", f"TargetShardCount must be 1 at least, not {target}")
    if target > 2 * current:
        message = "UpdateShardCount cannot scale up over double your current open shard count."
        raise Refused("InvalidArgumentException", f"{message} {counts}")
    if 2 * target < current:
        message = "UpdateShardCount cannot scale down below half your current open shard count."
        raise Refused("InvalidArgumentException", f"{message} {counts}")


def _open_shard(stream, data, field):
    name = data.get(field)
    shard = stream["shards"].get(name)
    if shard is None:
        message = f"Could not find shard {name} in stream {stream['StreamName']}"
        raise Refused("ResourceNotFoundException", message)
    if not is_open(shard):
        raise Refused("InvalidArgumentException", f"Shard {name} is closed: it was split or merged")
    return name, shard


def _close(shard):
    shard["ending_sequence_number"] = kinesis._next_sequence_number()
    shard["closed_at"] = time.time()


def _add(stream, hashes, parents):
    # The API names two parents; a scaled stream's shard may continue three.
    name = f"shardId-{kinesis._max_shard_index(stream) + 1:012d}"
    stream["shards"][name] = {
        "records": [],
        "starting_hash_key": str(hashes[0]),
        "ending_hash_key": str(hashes[1]),
        "starting_sequence_number": kinesis._next_sequence_number(),
        "parent_shard_id": parents[0],
        "adjacent_parent_shard_id": parents[1] if len(parents) > 1 else None,
        "parents": parents,
    }


def _hash_range(shard):
    return int(shard["starting_hash_key"]), int(shard["ending_hash_key"])


def _overlap(one, two):
    return one[0] <= two[1] and two[0] <= one[1]


def _route(hash_key, stream):
    # Always found: the ranges of the open shards cover every key.
    return next(
        name
        for name, shard in stream["shards"].items()
        if is_open(shard) and int(shard["starting_hash_key"]) <= hash_key <= int(shard["ending_hash_key"])
    )


def _expire(stream):
    """Drop records older than the retention period; MiniStack copies every list of records with each request."""
    limit = time.time() - stream["RetentionPeriodHours"] * 3600
    for name, shard in list(stream["shards"].items()):
        records = shard["records"]
        if records and records[0]["ApproximateArrivalTimestamp"] < limit:
            del records[: bisect_left(records, limit, key=itemgetter("ApproximateArrivalTimestamp"))]
        if not records and shard.get("closed_at", limit) < limit:
            del stream["shards"][name]


def _shown(original):
    @functools.wraps(original)
    def shard_out(shard_id, shard):
        shown = original(shard_id, shard)
        if not is_open(shard):
            shown["SequenceNumberRange"]["EndingSequenceNumber"] = shard["ending_sequence_number"]
        return shown

    return shard_out


def _summed(original):
    @functools.wraps(original)
    def describe(data):
        status, headers, body = original(data)
        _, stream = kinesis._resolve_stream(data)
        if stream:
            answer = json.loads(body)
            answer["StreamDescriptionSummary"]["OpenShardCount"] = sum(map(is_open, stream["shards"].values()))
            return json_response(answer)
        return status, headers, body

    return describe


def _ending(original):
    @functools.wraps(original)
    def get_records(data):
        status, headers, body = original(data)
        state = kinesis._shard_iterators.get(data.get("ShardIterator"))
        stream = state and kinesis._streams.get(state["stream"])
        shard = stream and stream["shards"].get(state["shard_id"])
        if status != 200 or not shard or is_open(shard):
            return status, headers, body
        answer = json.loads(body)
        if state["position"] + len(answer["Records"]) >= len(shard["records"]):
            del kinesis._shard_iterators[answer["NextShardIterator"]]
            answer["NextShardIterator"] = None
            answer["ChildShards"] = [_child(*item) for item in stream["shards"].items() if _is_child(item, state)]
        return json_response(answer)

    return get_records


def _is_child(item, state):
    return state["shard_id"] in (item[1].get("parents") or [])


def _child(name, shard):
    hashes = {"StartingHashKey": shard["starting_hash_key"], "EndingHashKey": shard["ending_hash_key"]}
    return {"ShardId": name, "ParentShards": shard["parents"], "HashKeyRange": hashes}
