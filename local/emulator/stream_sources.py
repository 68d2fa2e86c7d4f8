"""One view of the two kinds of streams: shards, their records in order, and the records as a function gets them."""

from bisect import bisect_left, bisect_right
from datetime import datetime, timezone
from typing import NamedTuple

from ministack.core.arn import ArnParseError, parse_arn
from ministack.services import dynamodb, kinesis, lambda_svc

from upstream_checks import require

# Lower and higher than every sequence number: those are digits, all of one length.
START = ""
END = "end"


class Shard(NamedTuple):
    """A shard as its readers see it; `parents` have to be read to their ends before it."""

    parents: list
    closed: bool


def check():
    """End the launcher if the streams are not stored as this module reads them."""
    for owner, name in (
        (kinesis, "_streams"),
        (dynamodb, "_tables"),
        (dynamodb, "_stream_records"),
        (lambda_svc, "_kinesis_positions"),
        (lambda_svc, "_dynamodb_stream_positions"),
    ):
        require(owner, name)
    require(dynamodb, "closed_stream", ["stream_arn"])


def of(arn):
    """The stream that the ARN of an event source names, or None if it is no stream."""
    try:
        spec = parse_arn(arn)
    except ArnParseError:
        return None
    if spec.service == "kinesis":
        return Kinesis(arn, spec)
    return DynamoDB(arn, spec) if spec.service == "dynamodb" else None


class Kinesis:
    """A Kinesis data stream."""

    reading = ("GetRecords", "GetShardIterator", "DescribeStream", "ListShards")
    batch_info = "KinesisBatchInfo"
    positions = lambda_svc._kinesis_positions

    def __init__(self, arn, spec):
        self.arn = arn
        self.service = "kinesis"
        self.region = spec.region
        self.scope = (spec.account_id, spec.region, spec.resource.removeprefix("stream/"))

    def shards(self):
        """Its shards by id, the oldest first; none while there is no such stream."""
        stream = kinesis._streams.get_scoped(*self.scope) or {"shards": {}}
        return {
            name: Shard(_parents(shard), "ending_sequence_number" in shard)
            for name, shard in stream["shards"].items()
        }

    def read(self, shard_id):
        """The stored records of a shard and whether more can come, or None if it is gone."""
        stream = kinesis._streams.get_scoped(*self.scope)
        shard = stream and stream["shards"].get(shard_id)
        return (shard["records"], "ending_sequence_number" not in shard) if shard else None

    @staticmethod
    def sequence(record):
        """The sequence number of a stored record."""
        return record["SequenceNumber"]

    @staticmethod
    def arrival(record):
        """When a stored record was written, seconds since 1970."""
        return record["ApproximateArrivalTimestamp"]

    @staticmethod
    def key(record):
        """The key within which records stay in order."""
        return record["PartitionKey"]

    def event(self, record, shard_id, role):
        """A stored record as the function gets it."""
        return {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": record["PartitionKey"],
                "sequenceNumber": record["SequenceNumber"],
                "data": kinesis._ensure_base64(record["Data"]),
                "approximateArrivalTimestamp": record["ApproximateArrivalTimestamp"],
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"{shard_id}:{record['SequenceNumber']}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": role,
            "awsRegion": self.region,
            "eventSourceARN": self.arn,
        }

    @staticmethod
    def iso(seconds):
        """A time as the failure record of a stream has it."""
        moment = datetime.fromtimestamp(seconds, timezone.utc)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class DynamoDB:
    """The stream of a DynamoDB table: one shard, which closes when the stream is switched off."""

    SHARD = "shardId-00000000000000000000-00000000"
    reading = ("GetRecords", "GetShardIterator", "DescribeStream")
    batch_info = "DDBStreamBatchInfo"
    positions = lambda_svc._dynamodb_stream_positions

    def __init__(self, arn, spec):
        self.arn = arn
        self.service = "dynamodb"
        self.scope = (spec.account_id, spec.region, spec.resource.split("/")[1])

    def shards(self):
        """Its only shard; none while there is no such stream."""
        if self._current():
            return {self.SHARD: Shard([], False)}
        return {self.SHARD: Shard([], True)} if dynamodb.closed_stream(self.arn) else {}

    def read(self, _shard_id):
        """The stored records and whether more can come, or None if the stream is gone."""
        if self._current():
            return dynamodb._stream_records.get_scoped(*self.scope) or [], True
        closed = dynamodb.closed_stream(self.arn)
        return (closed["records"], False) if closed else None

    @staticmethod
    def sequence(record):
        """The sequence number of a stored record."""
        return record["dynamodb"]["SequenceNumber"]

    @staticmethod
    def arrival(record):
        """When a stored record was written, seconds since 1970."""
        return record["dynamodb"]["ApproximateCreationDateTime"]

    @staticmethod
    def key(record):
        """The key within which records stay in order."""
        return repr(sorted(record["dynamodb"]["Keys"].items()))

    @staticmethod
    def event(record, _shard_id, _role):
        """A stored record as the function gets it."""
        return record

    @staticmethod
    def iso(seconds):
        """A time as the failure record of a stream has it."""
        return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _current(self):
        table = dynamodb._tables.get_scoped(*self.scope)
        enabled = table and (table.get("StreamSpecification") or {}).get("StreamEnabled")
        return enabled and table.get("LatestStreamArn") == self.arn


def after(source, records, position):
    """The index of the first stored record that comes after a position."""
    return bisect_right(records, position, key=source.sequence)


def first_position(source, shard_id, starting, seconds=None):
    """The position before the first record that a new mapping reads of a shard."""
    records, _ = source.read(shard_id)
    if starting == "TRIM_HORIZON":
        return START
    index = len(records)
    if starting == "AT_TIMESTAMP":
        index = bisect_left(records, float(seconds), key=source.arrival)
    return source.sequence(records[index - 1]) if index else START


def _parents(shard):
    # After UpdateShardCount it may have more than the two that the API can return.
    listed = (shard["parent_shard_id"], shard["adjacent_parent_shard_id"])
    return shard.get("parents") or [parent for parent in listed if parent]
