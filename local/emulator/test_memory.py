"""What the emulator keeps of logs, metrics, streams and tables: the same answers in a fraction of the memory."""

import gc
import json
import threading
import time
import unittest
import uuid
import weakref
from bisect import bisect_left, bisect_right

from ministack.core import persistence
from ministack.services import cloudwatch, cloudwatch_logs, kinesis, lambda_svc

import fast_garbage
import invocations
import log_events
import log_retention
import metric_points
import packed_items
import stream_retention
from log_events import Events

HOUR = 3600


def setUpModule():
    """Read and save what is compressed."""
    log_retention.apply()
    metric_points.apply()


def log_lines(invocations, start=1_000_000, step=10):
    """The events of some invocations, as they are written."""
    for number in range(invocations):
        request, now = f"RequestId: {uuid.uuid4()}", start + number * step
        lines = f"START {request} Version: $LATEST", f"END {request}", f"REPORT {request}\tDuration: {number} ms"
        yield from ({"timestamp": now, "message": line, "ingestionTime": now} for line in lines)


class Logs(unittest.TestCase):
    """Compressed events."""

    def setUp(self):
        self.lock = threading.Lock()
        self.plain = list(log_lines(2000))
        self.events = Events((), self.plain)
        self.events.pack(self.plain[-300]["timestamp"], self.lock)

    def test_they_read_like_the_list_that_they_were(self):
        self.assertGreater(len(self.events.chunks), 1)
        self.assertEqual(list(self.events), self.plain)
        self.assertEqual(len(self.events), len(self.plain))
        for index in (0, 999, 1000, -1, -1000):
            self.assertEqual(self.events[index], self.plain[index])
        for part in (slice(990, 1010), slice(5990, None), slice(None, 3), slice(7, 7)):
            self.assertEqual(self.events[part], self.plain[part])
        for bisect in (bisect_left, bisect_right):
            for number in range(-1, 2001, 37):
                timestamp = 1_000_000 + number * 10
                expected = bisect(self.plain, timestamp, key=lambda event: event["timestamp"])
                self.assertEqual(log_events.place(bisect)(self.events, timestamp), expected)

    def test_they_take_a_tenth_of_a_kilobyte_for_each_invocation(self):
        self.events.pack(2**62, self.lock)
        self.assertLess(self.events.kept_bytes() / 2000, 100)
        with log_events.only_sizes():
            size = sum(len(event["message"]) for event in self.events)
        self.assertEqual(size, sum(len(event["message"]) for event in self.plain))

    def test_none_is_lost_that_comes_while_others_are_packed(self):
        added = list(log_lines(3000, start=2_000_000))

        def add():
            for event in added:
                with self.lock:
                    self.events.extend([event])

        adding = threading.Thread(target=add)
        adding.start()
        while adding.is_alive():
            self.events.pack(2**62, self.lock)
        self.assertEqual(list(self.events), self.plain + added)


class LogGroups(unittest.TestCase):
    """Groups of them, as CloudWatch Logs answers for them."""

    def setUp(self):
        cloudwatch_logs.reset()
        cloudwatch_logs._create_log_group({"logGroupName": "group"})
        self.group = cloudwatch_logs._log_groups["group"]

    def write(self, stream, events):
        """Append events to a stream."""
        cloudwatch_logs._append_log_events(log_retention.stream_of(self.group, stream, 0), list(events))

    def found(self, **query):
        """The messages that FilterLogEvents finds."""
        _, _, body = cloudwatch_logs._filter_log_events({"logGroupName": "group", **query})
        return [event["message"] for event in json.loads(body)["events"]]

    def test_a_filter_finds_the_same_before_and_after(self):
        self.write("a", log_lines(500))
        self.write("b", log_lines(500, start=1_000_005))
        queries = {}, {"filterPattern": "REPORT", "startTime": 1_002_000, "endTime": 1_003_000}
        before = [self.found(**query) for query in queries]
        log_retention.pack()
        self.assertFalse(self.group["streams"]["a"]["events"].latest)
        self.assertEqual([self.found(**query) for query in queries], before)
        self.write("a", log_lines(1, start=9_000_000))
        self.assertEqual(len(self.found()), len(before[0]) + 3)

    def test_they_are_the_same_after_a_restart(self):
        self.write("a", log_lines(500))
        log_retention.pack()
        self.write("a", log_lines(3, start=9_000_000))
        before = self.found()
        saved = json.dumps(cloudwatch_logs.get_state(), default=persistence._json_default)
        self.assertLess(len(saved), 80_000)
        cloudwatch_logs.reset()
        cloudwatch_logs.load_persisted_state(json.loads(saved, object_hook=persistence._json_object_hook))
        self.assertEqual(self.found(), before)

    def test_what_is_older_than_the_retention_is_dropped(self):
        now = time.time()
        self.write("old", log_lines(10, start=int(now - 25 * HOUR) * 1000))
        self.write("new", log_lines(10, start=int(now - 23 * HOUR) * 1000))
        cloudwatch_logs._put_retention_policy({"logGroupName": "group", "retentionInDays": 1})
        log_retention.pack()
        self.assertEqual(list(self.group["streams"]), ["new"])
        self.assertEqual(len(self.found()), 30)

    def test_of_too_many_the_newest_stay(self):
        limit, log_retention.GROUP_BYTES = log_retention.GROUP_BYTES, 100_000
        self.addCleanup(setattr, log_retention, "GROUP_BYTES", limit)
        for number in range(20):
            self.write(f"stream-{number}", log_lines(500, start=1_000_000 * (number + 1)))
        log_retention.pack()
        kept = list(self.group["streams"])
        self.assertIn("stream-19", kept)
        self.assertNotIn("stream-0", kept)
        self.assertLess(sum(stream["events"].kept_bytes() for stream in self.group["streams"].values()), 100_000)


class Metrics(unittest.TestCase):
    """Points of a metric."""

    def setUp(self):
        cloudwatch.reset()

    def test_statistics_of_what_is_merged_are_those_of_all_values(self):
        points = metric_points.Points()
        for number in range(1000):
            points.append({"Timestamp": 600 + number / 20, "Value": number / 7, "Unit": "Count", "Dimensions": {}})
        before = cloudwatch._calc_stats(list(points)), cloudwatch._stat_value({}, "p90", list(points))
        points.compact(now=600 + HOUR)
        self.assertEqual({point["Timestamp"] for point in points}, {600.0})
        after = cloudwatch._calc_stats(list(points)), cloudwatch._stat_value({}, "p90", list(points))
        for name, value in before[0].items():
            self.assertAlmostEqual(after[0][name], value, delta=value / 200)
        self.assertAlmostEqual(after[1], before[1], delta=before[1] / 200)

    def test_equal_values_of_a_minute_take_one_place(self):
        points = metric_points.Points()
        for number in range(5000):
            points.append({"Timestamp": 600 + number / 100, "Value": number % 2, "Unit": "Count", "Dimensions": {}})
        points.compact(now=600 + HOUR)
        self.assertEqual([(point["Value"], point["Count"]) for point in points], [(0.0, 2500.0), (1.0, 2500.0)])
        points.compact(now=600 + 16 * 24 * HOUR)
        self.assertEqual(len(points), 0)

    def test_they_are_the_same_after_a_restart(self):
        for number in range(100):
            cloudwatch._store_datum("test", "metric", {"A": "b"}, 600.0 + number, "Count", number, None, None, None)
        (points,) = cloudwatch._metrics.values()
        points.compact(now=650 + metric_points.EXACT_SECONDS)
        before = list(points)
        saved = json.dumps(cloudwatch.get_state(), default=persistence._json_default)
        cloudwatch.reset()
        cloudwatch.load_persisted_state(json.loads(saved, object_hook=persistence._json_object_hook))
        self.assertEqual([list(points) for points in cloudwatch._metrics.values()], [before])

    def test_a_statistic_set_and_another_unit_stay_as_they_are(self):
        statistics = {"SampleCount": 2, "Sum": 4}
        odd = {"Timestamp": 600.0, "Value": 2.0, "Unit": "Count", "Dimensions": {}, "_stat": statistics}
        points = metric_points.Points([{"Timestamp": 600.0, "Value": 1.0, "Unit": "Seconds", "Dimensions": {}}, odd])
        points.compact(now=600 + HOUR)
        self.assertIn(odd, list(points))
        self.assertEqual(len(points), 2)


class Items(unittest.TestCase):
    """A table's items."""

    def test_they_are_stored_changed_and_removed_as_before(self):
        items = {"a": {"id": {"S": "x"}, "n": {"N": "1"}}, "b": {"id": {"S": "x"}, "list": {"L": [{"BOOL": True}]}}}
        bucket = packed_items.Bucket(items)
        self.assertEqual(dict(bucket), items)
        self.assertEqual(json.loads(json.dumps({"x": bucket})), {"x": items})
        self.assertEqual((bucket["a"], bucket.get("b"), bucket.get("c")), (items["a"], items["b"], None))
        self.assertEqual(bucket.pop("a"), items["a"])
        self.assertIsNone(bucket.pop("a", None))
        self.assertEqual(bucket.values(), [items["b"]])


class Cycle:
    """An object that only garbage collection frees."""

    def __init__(self):
        self.itself = self


class Garbage(unittest.TestCase):
    """What becomes garbage after it was set aside."""

    def test_it_is_found_where_no_function_is_at_work(self):
        self.addCleanup(gc.unfreeze)
        least, fast_garbage.LEAST_SET_ASIDE = fast_garbage.LEAST_SET_ASIDE, 0
        self.addCleanup(setattr, fast_garbage, "LEAST_SET_ASIDE", least)
        kept = Cycle()
        seen = weakref.ref(kept)
        gc.freeze()
        del kept
        gc.collect()
        self.assertIsNotNone(seen(), "it is not looked at")
        invocations._running["request"] = None
        fast_garbage.look()
        self.assertIsNotNone(seen(), "a function would wait")
        invocations._running.clear()
        fast_garbage.look()
        self.assertIsNone(seen())


class Streams(unittest.TestCase):
    """Records of streams, and who has read them."""

    def setUp(self):
        lambda_svc._esms.clear()
        kinesis.reset()
        kinesis._create_stream({"StreamName": "stream", "ShardCount": 1})
        self.stream = kinesis._streams["stream"]
        for number in range(10):
            kinesis._put_record({"StreamName": "stream", "Data": "eA==", "PartitionKey": str(number)})
        (self.shard_id,) = self.stream["shards"]

    def records(self):
        """The numbers of the records that are left."""
        return [record["SequenceNumber"] for record in self.stream["shards"][self.shard_id]["records"]]

    def mapping(self, name, read):
        """A mapping that has read so many records; None: it has not begun."""
        lambda_svc._esms[name] = {"EventSourceArn": self.stream["StreamARN"], "UUID": name}
        if read is not None:
            lambda_svc._kinesis_positions[name] = {self.shard_id: [self.records()[read - 1]]}

    def test_those_older_than_the_retention_period_expire_without_a_look_at_the_others(self):
        records = self.stream["shards"][self.shard_id]["records"]
        for record in records[:4]:
            record["ApproximateArrivalTimestamp"] -= 25 * HOUR
        left = self.records()[4:]

        class Unseen(dict):
            """A record that nobody may look at."""

            def __getitem__(self, name):
                raise AssertionError(f"{name} of a newer record was read")

        records[5:] = [Unseen(record) for record in records[5:]]
        stream_retention.expire(self.stream)
        self.assertEqual([dict(record)["SequenceNumber"] for record in records], left)

    def test_records_stay_until_every_mapping_has_read_them(self):
        before = self.records()
        stream_retention.trim(time.time() + 1)
        self.assertEqual(self.records(), before, "without a mapping, the retention period alone counts")
        self.mapping("fast", 8)
        self.mapping("slow", 3)
        stream_retention.trim(time.time() - HOUR)
        self.assertEqual(self.records(), before, "they are too new")
        stream_retention.trim(time.time() + 1)
        self.assertEqual(self.records(), before[3:])
        self.mapping("new", None)
        stream_retention.trim(time.time() + 1)
        self.assertEqual(self.records(), before[3:])


if __name__ == "__main__":
    unittest.main()
