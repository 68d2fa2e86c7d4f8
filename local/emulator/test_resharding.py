"""Streams whose shards change while they are in use: no record is lost, and the records of a key stay in order."""

import threading
import unittest

from botocore.exceptions import ClientError

from emulator_fixture import wait_for
from stream_fixture import StreamTest, records

HALF = 2**127


class Resharding(StreamTest):
    """What clients see, and what functions get."""

    def shards(self, stream):
        """The shards by their number."""
        listed = self.emulator.client("kinesis").list_shards(StreamName=stream)["Shards"]
        return {int(shard["ShardId"].removeprefix("shardId-")): shard for shard in listed}

    def open_shards(self, stream):
        """The numbers of the open shards."""
        client = self.emulator.client("kinesis")
        count = client.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["OpenShardCount"]
        found = [
            number
            for number, shard in self.shards(stream).items()
            if "EndingSequenceNumber" not in shard["SequenceNumberRange"]
        ]
        self.assertEqual(len(found), count)
        return found

    def read(self, stream, number):
        """All records of a shard by GetRecords, and whether it ended."""
        client = self.emulator.client("kinesis")
        iterator = client.get_shard_iterator(
            StreamName=stream, ShardId=f"shardId-{number:012d}", ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        answer = client.get_records(ShardIterator=iterator)
        return [record["PartitionKey"] for record in answer["Records"]], answer

    def split(self, stream, number=0, at=HALF):
        """Split a shard."""
        self.emulator.client("kinesis").split_shard(
            StreamName=stream, ShardToSplit=f"shardId-{number:012d}", NewStartingHashKey=str(at)
        )

    def merge(self, stream, one, two):
        """Merge two shards."""
        self.emulator.client("kinesis").merge_shards(
            StreamName=stream,
            ShardToMerge=f"shardId-{one:012d}",
            AdjacentShardToMerge=f"shardId-{two:012d}",
        )

    def scale(self, stream, count):
        """Update the shard count."""
        self.emulator.client("kinesis").update_shard_count(
            StreamName=stream, TargetShardCount=count, ScalingType="UNIFORM_SCALING"
        )

    def test_a_closed_shard_stays_listed_and_readable_to_its_end(self):
        stream, _ = self.stream()
        self.put(stream, *records("a", "b"))
        self.split(stream)
        self.put(stream, *records("a", "b"))
        shards = self.shards(stream)
        self.assertEqual(self.open_shards(stream), [1, 2])
        for number in (1, 2):
            self.assertEqual(shards[number]["ParentShardId"], "shardId-000000000000")
        before = int(shards[0]["SequenceNumberRange"]["EndingSequenceNumber"])
        self.assertGreater(int(shards[1]["SequenceNumberRange"]["StartingSequenceNumber"]), before)
        keys, answer = self.read(stream, 0)
        self.assertEqual(keys, ["a", "b"])
        self.assertNotIn("NextShardIterator", answer)
        self.assertEqual([child["ShardId"][-1] for child in answer["ChildShards"]], ["1", "2"])
        # By their hash, `a` is in the lower half and `b` in the upper one.
        self.assertEqual([self.read(stream, number)[0] for number in (1, 2)], [["a"], ["b"]])
        self.assertIn("NextShardIterator", self.read(stream, 1)[1])

    def test_merged_shards_continue_in_one(self):
        stream, _ = self.stream(shards=2)
        self.merge(stream, 0, 1)
        shard = self.shards(stream)[2]
        self.assertEqual((shard["ParentShardId"][-1], shard["AdjacentParentShardId"][-1]), ("0", "1"))
        self.assertEqual(shard["HashKeyRange"], {"StartingHashKey": "0", "EndingHashKey": str(2 * HALF - 1)})
        self.assertEqual(self.open_shards(stream), [2])

    def test_what_cannot_be_is_refused(self):
        stream, _ = self.stream(shards=4)
        self.merge(stream, 0, 1)
        cases = (
            (lambda: self.merge(stream, 4, 3), "InvalidArgumentException.*not adjacent"),
            (lambda: self.split(stream, 0), "InvalidArgumentException.*closed"),
            (lambda: self.split(stream, 9), "ResourceNotFoundException"),
            (lambda: self.split(stream, 2, at=1), "InvalidArgumentException.*range"),
            (lambda: self.scale(stream, 7), "InvalidArgumentException.*over double.*count: 3 Target shard count: 7"),
            (lambda: self.scale(stream, 1), "InvalidArgumentException.*below half.*count: 3 Target shard count: 1"),
        )
        for call, message in cases:
            with self.subTest(message), self.assertRaisesRegex(ClientError, message):
                call()
        on_demand, _ = self.stream(StreamModeDetails={"StreamMode": "ON_DEMAND"})
        self.assertEqual(self.open_shards(on_demand), [0, 1, 2, 3])
        with self.assertRaisesRegex(ClientError, "ValidationException.*on-demand"):
            self.scale(on_demand, 8)

    def test_nothing_is_lost_and_keys_keep_their_order_while_shards_change(self):
        stream, arn = self.stream(shards=2)
        name = self.reader(arn, BatchSize=20)
        keys, rounds = [f"key {number}" for number in range(12)], 60
        steps = threading.Semaphore(0)

        def write():
            for number in range(rounds):
                self.put(stream, *[{"id": f"{key}-{number}", "key": key} for key in keys])
                steps.release()

        changes = (
            lambda: self.split(stream, 0, HALF // 2),
            lambda: self.merge(stream, 2, 3),
            lambda: self.scale(stream, 4),
            lambda: self.scale(stream, 3),
            lambda: self.scale(stream, 5),
            lambda: self.scale(stream, 3),
        )
        writer = threading.Thread(target=write)
        writer.start()
        for change in changes:
            for _ in range(rounds // (len(changes) + 1)):
                steps.acquire()
            change()
        writer.join()
        self.wait_for_all(name, [f"{key}-{number}" for key in keys for number in range(rounds)])
        delivered = self.delivered(name)
        for key in keys:
            mine = [found for found in delivered if found.startswith(f"{key}-")]
            self.assertEqual(mine, [f"{key}-{number}" for number in range(rounds)])
        self.assertEqual(len(self.open_shards(stream)), 3)

    def test_children_wait_for_their_parent(self):
        stream, arn = self.stream()
        name = self.reader(arn, BatchSize=1)
        self.put(stream, {"id": "1", "key": "a", "do": "wait"}, *records(2, key="b"))
        self.split(stream)
        self.put(stream, *records(3, key="a"), *records(4, key="b"))
        self.wait_until_blocked()
        self.assertEqual(self.delivered(name), [])
        (self.state / "go").touch()
        self.wait_for_all(name, ["1", "2", "3", "4"])
        self.assertEqual(self.delivered(name)[:2], ["1", "2"])

    def test_a_mapping_made_afterwards_reads_the_closed_shards_too(self):
        stream, arn = self.stream()
        self.put(stream, *records("a", "b"))
        self.split(stream)
        self.put(stream, *records("c", "d"))
        name = self.reader(arn)
        self.wait_for_all(name, ["a", "b", "c", "d"])
        self.assertEqual(self.delivered(name)[:2], ["a", "b"])


class Limits(StreamTest):
    """What a shard takes in a second."""

    def test_more_than_1000_records_a_second_are_throttled(self):
        stream, _ = self.stream()
        entries = [{"Data": b"x", "PartitionKey": str(number)} for number in range(500)]
        client = self.emulator.client("kinesis")
        answers = [client.put_records(StreamName=stream, Records=entries) for _ in range(6)]
        self.assertEqual(answers[0]["FailedRecordCount"], 0)
        failed = [record for answer in answers for record in answer["Records"] if "ErrorCode" in record]
        self.assertEqual(sum(answer["FailedRecordCount"] for answer in answers), len(failed))
        self.assertGreater(len(failed), 500)
        message = f"Rate exceeded for shard shardId-000000000000 in stream {stream} under account 000000000000."
        expected = {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": message}
        self.assertEqual(failed[0], expected)
        more = {"StreamName": stream, "Records": entries[:1]}
        wait_for(lambda: not client.put_records(**more)["FailedRecordCount"], "room for more")

    def test_more_than_1_mib_a_second_is_throttled(self):
        stream, _ = self.stream()
        client = self.emulator.client("kinesis")
        client.put_record(StreamName=stream, Data=b"x" * 2**20, PartitionKey="x")
        with self.assertRaises(client.exceptions.ProvisionedThroughputExceededException):
            client.put_record(StreamName=stream, Data=b"x" * 2**20, PartitionKey="x")

    def test_an_on_demand_stream_takes_more(self):
        stream, _ = self.stream(StreamModeDetails={"StreamMode": "ON_DEMAND"})
        for _ in range(6):
            self.put(stream, *[{"id": str(number), "key": "one"} for number in range(500)])


if __name__ == "__main__":
    unittest.main()
