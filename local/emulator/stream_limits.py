"""The write limits of provisioned shards, 1,000 records and 1 MiB per second, and the shards of on-demand streams."""

import functools
import json

from ministack.core.responses import error_response_json, get_account_id, json_response
from ministack.services import kinesis

from upstream_checks import require
from throttling import Buckets

RECORDS = 1000
BYTES = 1024 * 1024
# AWS's number for a new on-demand stream; it adds shards under load.
ON_DEMAND_SHARDS = 4
_EXCEEDED = "ProvisionedThroughputExceededException"

_records = Buckets()
_bytes = Buckets()


def apply():
    """Check streams and records before MiniStack gets them."""
    for name in ("_route_to_shard", "_partition_key_to_hash", "_resolve_stream"):
        require(kinesis, name)
    kinesis._create_stream = _sized(require(kinesis, "_create_stream", ["data"]))
    kinesis._put_record = _limited_one(require(kinesis, "_put_record", ["data"]))
    kinesis._put_records = _limited(require(kinesis, "_put_records", ["data"]))


def _sized(original):
    @functools.wraps(original)
    def create(data):
        if (data.get("StreamModeDetails") or {}).get("StreamMode") == "ON_DEMAND":
            data = {**data, "ShardCount": ON_DEMAND_SHARDS}
        return original(data)

    return create


def _limited_one(original):
    @functools.wraps(original)
    def put(data):
        _, stream = kinesis._resolve_stream(data)
        shard = _is_provisioned(stream) and _full_shard(stream, data)
        return error_response_json(_EXCEEDED, _message(stream, shard), 400) if shard else original(data)

    return put


def _limited(original):
    @functools.wraps(original)
    def put(data):
        _, stream = kinesis._resolve_stream(data)
        records = data.get("Records") or []
        refused = {}
        if _is_provisioned(stream):
            shards = ((index, _full_shard(stream, record)) for index, record in enumerate(records))
            refused = {index: _message(stream, shard) for index, shard in shards if shard}
        taken = [record for index, record in enumerate(records) if index not in refused]
        status, headers, body = original({**data, "Records": taken})
        if status != 200 or not refused:
            return status, headers, body
        answer = json.loads(body)
        stored = iter(answer["Records"])
        answer["Records"] = [
            {"ErrorCode": _EXCEEDED, "ErrorMessage": refused[index]} if index in refused else next(stored)
            for index in range(len(records))
        ]
        return json_response({**answer, "FailedRecordCount": len(refused)})

    return put


def _is_provisioned(stream):
    return stream and stream.get("StreamModeDetails", {}).get("StreamMode", "PROVISIONED") == "PROVISIONED"


def _full_shard(stream, record):
    """The shard that cannot take the record now, or None."""
    key = record.get("PartitionKey") or ""
    explicit = record.get("ExplicitHashKey")
    shard = kinesis._route_to_shard(int(explicit) if explicit else kinesis._partition_key_to_hash(key), stream)
    # The largest record takes one second's bytes, without its key.
    size = min(len(record.get("Data") or "") * 3 // 4 + len(key), BYTES)
    name = stream["StreamARN"], shard
    has_room = _records.take(name, RECORDS, RECORDS) and _bytes.take(name, BYTES, BYTES, size)
    return None if has_room else shard


def _message(stream, shard):
    return f"Rate exceeded for shard {shard} in stream {stream['StreamName']} under account {get_account_id()}."
