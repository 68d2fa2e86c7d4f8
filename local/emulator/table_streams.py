"""Streams of DynamoDB tables: their records say their size, and survive a restart.

Stock forgets the records and remembers who has read how far, so that what wasn't read yet was lost.
"""

import functools

from ministack.services import dynamodb

from stock import require

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


def _saving(stock):
    @functools.wraps(stock)
    def get_state():
        return {**stock(), **{name: getattr(dynamodb, name) for name in _STORES}}

    return get_state


def _restoring(stock):
    @functools.wraps(stock)
    def load_persisted_state(data):
        stock(data)
        for name in _STORES:
            getattr(dynamodb, name).update(data.get(name) or {})

    return load_persisted_state


def _complete(stock):
    @functools.wraps(stock)
    def build(*arguments):
        record = stock(*arguments)
        change = record["dynamodb"]
        parts = (change.get(name) or {} for name in ("Keys", "NewImage", "OldImage"))
        change["SizeBytes"] = sum(dynamodb._item_size_bytes(part) for part in parts)
        record["eventID"] = record["eventID"].replace("-", "")
        return record

    return build
