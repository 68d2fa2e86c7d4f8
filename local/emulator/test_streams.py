"""Streams and the functions that read them: every record arrives, in order, and only what must wait does."""

import json
import time
import unittest

from botocore.exceptions import ClientError

from emulator_fixture import wait_for
from stream_fixture import STREAMS, StreamTest, records


class Delivery(StreamTest):
    """What a function gets."""

    def test_records_of_a_shard_arrive_once_and_in_order(self):
        stream, arn = self.stream()
        self.put(stream, *records(*range(250)))
        name = self.reader(arn, BatchSize=100)
        self.put(stream, *records(*range(250, 300)))
        expected = [str(number) for number in range(300)]
        self.wait_for_all(name, expected)
        self.assertEqual(self.delivered(name), expected)
        self.assertEqual([len(batch) for batch in self.batches(name)][:2], [100, 100])

    def test_a_kinesis_record_looks_as_on_aws(self):
        stream, arn = self.stream()
        name = self.reader(arn)
        self.put(stream, {"id": "1"})
        record = wait_for(lambda: self.batches(name), "the delivery")[0][0]
        data = record.pop("kinesis")
        self.assertAlmostEqual(data.pop("approximateArrivalTimestamp"), time.time(), delta=30)
        sequence = data.pop("sequenceNumber")
        self.assertEqual(data, {"kinesisSchemaVersion": "1.0", "partitionKey": "1", "data": "eyJpZCI6ICIxIn0="})
        self.assertRegex(record.pop("invokeIdentityArn"), f":role/{name}$")
        self.assertEqual(
            record,
            {
                "eventSource": "aws:kinesis",
                "eventVersion": "1.0",
                "eventID": f"shardId-000000000000:{sequence}",
                "eventName": "aws:kinesis:record",
                "awsRegion": "us-east-1",
                "eventSourceARN": arn,
            },
        )

    def test_a_sequence_number_is_one_that_kinesis_accepts(self):
        client, (stream, _) = self.emulator.client("kinesis"), self.stream()
        [shard] = client.list_shards(StreamName=stream)["Shards"]
        first, second = (client.put_record(StreamName=stream, Data=b"", PartitionKey="k") for _ in range(2))
        number = first["SequenceNumber"]
        self.assertRegex(number, "^49[0-9]{54}$")
        self.assertLess(shard["SequenceNumberRange"]["StartingSequenceNumber"], number)
        for kind, expected in (("AT", [first, second]), ("AFTER", [second])):
            iterator = client.get_shard_iterator(
                StreamName=stream,
                ShardId=first["ShardId"],
                ShardIteratorType=f"{kind}_SEQUENCE_NUMBER",
                StartingSequenceNumber=number,
            )["ShardIterator"]
            read = client.get_records(ShardIterator=iterator)["Records"]
            numbers = [record["SequenceNumber"] for record in read]
            self.assertEqual(numbers, [record["SequenceNumber"] for record in expected])

    def test_a_dynamodb_record_looks_as_on_aws(self):
        table, arn = self.table()
        name = self.reader(arn)
        self.store(table, {"id": "1", "message": "one"})
        record = wait_for(lambda: self.batches(name), "the delivery")[0][0]
        change = record.pop("dynamodb")
        self.assertAlmostEqual(change.pop("ApproximateCreationDateTime"), time.time(), delta=30)
        self.assertRegex(change.pop("SequenceNumber"), "^[0-9]{21,40}$")
        image = {"id": {"S": "1"}, "message": {"S": "one"}}
        expected = {"Keys": {"id": {"S": "1"}}, "NewImage": image, "SizeBytes": 16, "StreamViewType": "NEW_IMAGE"}
        self.assertEqual(change, expected)
        self.assertRegex(record.pop("eventID"), "^[0-9a-f]{32}$")
        self.assertEqual(
            record,
            {
                "eventName": "INSERT",
                "eventVersion": "1.1",
                "eventSource": "aws:dynamodb",
                "awsRegion": "us-east-1",
                "eventSourceARN": arn,
            },
        )

    def test_latest_starts_with_what_comes_after_the_mapping(self):
        stream, arn = self.stream()
        self.put(stream, *records(1, 2))
        name = self.reader(arn, StartingPosition="LATEST")
        self.put(stream, *records(3))
        self.wait_for_all(name, ["3"])
        self.assertEqual(self.delivered(name), ["3"])

    def test_a_point_in_time_starts_with_what_came_after_it(self):
        stream, arn = self.stream()
        self.put(stream, *records(1, 2))
        # Arrivals are told in milliseconds.
        moment = time.time() + 0.001
        wait_for(lambda: time.time() > moment + 0.001, "the next millisecond")
        self.put(stream, *records(3))
        name = self.reader(arn, StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=moment)
        self.wait_for_all(name, ["3"])
        self.assertEqual(self.delivered(name), ["3"])

    def test_a_window_gathers_a_batch(self):
        stream, arn = self.stream()
        name = self.reader(arn, MaximumBatchingWindowInSeconds=1)
        for number in range(5):
            self.put(stream, *records(number))
        self.wait_for_all(name, ["4"])
        self.assertEqual(self.ids(name), [["0", "1", "2", "3", "4"]])

    def test_a_full_batch_does_not_wait_for_its_window(self):
        stream, arn = self.stream()
        name = self.reader(arn, MaximumBatchingWindowInSeconds=300, BatchSize=2)
        self.put(stream, *records(1, 2, 3))
        self.wait_for_all(name, ["2"])
        self.assertEqual(self.ids(name), [["1", "2"]])

    def test_an_event_stays_below_6_mb(self):
        # The one that takes so much at once.
        stream, arn = self.stream(StreamModeDetails={"StreamMode": "ON_DEMAND"})
        for first in (0, 5):
            filler = {"key": "one", "filler": "x" * 700_000}
            self.put(stream, *records(*range(first, first + 5), **filler))
        name = self.reader(arn)
        self.wait_for_all(name, ["9"])
        self.assertEqual([len(batch) for batch in self.batches(name)], [6, 4])

    def test_a_filter_passes_over_what_it_does_not_match(self):
        stream, arn = self.stream()
        pattern = json.dumps({"data": {"kind": ["good"]}})
        name = self.reader(arn, FilterCriteria={"Filters": [{"Pattern": pattern}]})
        self.put(stream, *records(1, 2, kind="bad"), *records(3, kind="good"), *records(4, kind="bad"))
        self.put(stream, *records(5, kind="good"))
        self.wait_for_all(name, ["3", "5"])
        self.assertEqual(self.delivered(name), ["3", "5"])


    def test_the_age_of_what_is_delivered_is_a_metric(self):
        stream, arn = self.stream()
        name = self.reader(arn)
        self.put(stream, *records(1))
        self.wait_for_all(name, ["1"])
        [point] = self.metric(name, "IteratorAge")
        self.assertEqual(point["SampleCount"], 1)
        self.assertLess(point["Maximum"], 30_000)


class Independence(StreamTest):
    """What holds up what."""

    def test_a_blocked_shard_does_not_stop_another(self):
        stream, arn = self.stream(shards=2)
        name = self.reader(arn, BatchSize=1)
        # By their hash, `a` is in the first shard and `b` in the second.
        self.put(stream, {"id": "1", "key": "a", "do": "wait"}, *records(2, key="a"))
        self.put(stream, *records(3, 4, key="b"))
        self.wait_for_all(name, ["3", "4"])
        self.wait_until_blocked()
        self.assertNotIn("2", self.delivered(name))
        (self.state / "go").touch()
        self.wait_for_all(name, ["1", "2"])

    def test_as_many_batches_of_a_shard_as_allowed_and_order_by_key(self):
        stream, arn = self.stream()
        name = self.reader(arn, BatchSize=10, ParallelizationFactor=4)
        self.put(stream, {"id": "wait", "key": "key 0", "do": "wait"})
        bodies = [{"id": f"{key}-{number}", "key": f"key {key}"} for number in range(30) for key in range(8)]
        self.put(stream, *bodies)
        self.wait_until_blocked()
        # One of the four is blocked, and with it the keys that it has.
        wait_for(lambda: len(self.delivered(name)) > 60, "the others' delivery")
        self.assertFalse([found for found in self.delivered(name) if found.startswith("0-")])
        (self.state / "go").touch()
        self.wait_for_all(name, [body["id"] for body in bodies])
        delivered = self.delivered(name)
        for key in range(8):
            mine = [found for found in delivered if found.startswith(f"{key}-")]
            self.assertEqual(mine, [f"{key}-{number}" for number in range(30)])

    def test_a_mapping_that_is_switched_off_reads_on_where_it_stopped(self):
        stream, arn = self.stream()
        name = self.reader(arn)
        self.put(stream, *records(1))
        self.wait_for_all(name, ["1"])
        client = self.emulator.client("lambda")
        client.update_event_source_mapping(UUID=self.mapping, Enabled=False)
        self.put(stream, *records(2))
        other = self.reader(arn)
        self.wait_for_all(other, ["2"])
        self.assertEqual(self.delivered(name), ["1"])
        client.update_event_source_mapping(UUID=self.mapping, Enabled=False)

    def test_settings_change_with_the_next_batch(self):
        stream, arn = self.stream()
        name = self.reader(arn, BatchSize=1)
        self.put(stream, {"id": "1", "do": "wait"}, *records(*range(2, 10)))
        self.wait_until_blocked()
        self.emulator.client("lambda").update_event_source_mapping(UUID=self.mapping, BatchSize=4)
        (self.state / "go").touch()
        self.wait_for_all(name, ["9"])
        self.assertEqual([len(batch) for batch in self.batches(name)], [1, 4, 4])

    def test_a_throttled_function_gets_everything_later(self):
        stream, arn = self.stream()
        name = self.reader(arn, MaximumRetryAttempts=0)
        client = self.emulator.client("lambda")
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
        self.put(stream, *records(1, 2))
        wait_for(lambda: self.metric(name, "Throttles"), "a throttled invocation")
        client.delete_function_concurrency(FunctionName=name)
        self.wait_for_all(name, ["1", "2"])

    def test_a_mapping_needs_a_role_that_may_read_and_report(self):
        _, arn = self.stream()
        _, queue = self.queue()
        reading = {**STREAMS, "Action": "kinesis:*"}
        with self.assertRaisesRegex(ClientError, "InvalidParameterValue.*Please ensure the role can perform"):
            self.reader(arn, policy={**STREAMS, "Action": "kinesis:GetRecords"})
        with self.assertRaisesRegex(ClientError, "does not have permissions to call SendMessage on SQS"):
            self.reader(arn, policy=reading, DestinationConfig={"OnFailure": {"Destination": queue}})
        with self.assertRaisesRegex(ClientError, "Stream not found"):
            self.reader(arn + "x")


if __name__ == "__main__":
    unittest.main()
