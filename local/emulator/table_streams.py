"""Streams of DynamoDB tables: their records have a size, and survive a restart.

MiniStack forgets the records but keeps the readers' positions, so that unread records are lost.
"""

import functools

from ministack.services import dynamodb

from upstream_checks import require

_STORES = ("_stream_records", "_stream_trimmed", "_closed_streams")


def apply():
    """Add the streams to what is saved and restored, and the size to new records."""
    for name in _STORES:
        require(dynamodb, name)
    require(dynamodb, "_item_size_bytes", ["item"])
    dynamodb.get_state = _saving(require(dynamodb, "get_state", []))
    dynamodb.load_persisted_state = _restoring(require(dynamodb, "load_persisted_state", ["data"]))
    parameters = ["table", "event_name", "old_item", "new_item", "view_type"]
    dynamodb._build_change_record = _complete(require(dynamodb, "_build_change_record", parameters))


def _saving(original):
    @functools.wraps(original)
    def get_state():
        return {**original(), **{name: getattr(dynamodb, name) for name in _STORES}}

    return get_state


def _restoring(original):
    @functools.wraps(original)
    def load_persisted_state(data):
        original(data)
        for name in _STORES:
            getattr(dynamodb, name).update(data.get(name) or {})

    return load_persisted_state


def _complete(original):
    @functools.wraps(original)
    def build(*arguments):
        record = original(*arguments)
        change = record["dynamodb"]
        parts = (change.get(name) or {} for name in ("Keys", "NewImage", "OldImage"))
        change["SizeBytes"] = sum(dynamodb._item_size_bytes(part) for part in parts)
        record["eventID"] = record["eventID"].replace("-", "")
        return record

    return build
