"""What becomes of records that a function fails at: nothing is lost unseen, and the rest gets through."""

import re
import time
import unittest

from emulator_fixture import wait_for
from stream_fixture import StreamTest, records


class Failures(StreamTest):
    """Retries, splitting, and what is reported in the end."""

    def mapped(self, source, **settings):
        """A function behind a stream with an on-failure destination; returns its name and the queue's URL."""
        url, queue = self.queue()
        return self.reader(source, DestinationConfig={"OnFailure": {"Destination": queue}}, **settings), url

    def test_a_partial_failure_comes_again_from_the_lowest_number(self):
        stream, arn = self.stream()
        bodies = records(*range(10))
        bodies[4]["do"] = bodies[7]["do"] = "fail once"
        self.put(stream, *bodies)
        name = self.reader(arn)
        numbers = [str(number) for number in range(10)]
        self.wait_for_all(name, numbers)
        wait_for(lambda: len(self.ids(name)) == 2, "the second delivery")
        # Both failed in the first delivery; the lower one decides.
        self.assertEqual(self.ids(name), [numbers, numbers[4:]])

    def test_a_partial_failure_of_a_table_comes_again_from_the_lowest_number(self):
        table, arn = self.table()
        self.store(table, *records(1, 2), {"id": "3", "do": "fail once"}, *records(4))
        name = self.reader(arn)
        wait_for(lambda: self.ids(name)[-1:] == [["3", "4"]], "the second delivery")
        self.assertEqual(self.ids(name), [["1", "2", "3", "4"], ["3", "4"]])

    def test_what_lambda_cannot_read_fails_the_whole_batch(self):
        for do in ("unknown", "empty"):
            with self.subTest(do):
                stream, arn = self.stream()
                self.put(stream, *records(1), {"id": "2", "do": do})
                name = self.reader(arn)
                wait_for(lambda: self.ids(name) == [["1", "2"], ["1", "2"]], "the second delivery")

    def test_without_the_response_type_a_response_is_ignored(self):
        stream, arn = self.stream()
        self.put(stream, *records(1, do="fail"))
        name = self.reader(arn, FunctionResponseTypes=[])
        self.put(stream, *records(2))
        self.wait_for_all(name, ["1", "2"])
        self.assertEqual(self.delivered(name), ["1", "2"])

    def test_a_killed_function_gets_its_batch_again(self):
        for kind in ("stream", "table"):
            with self.subTest(kind):
                source, arn = getattr(self, kind)()
                write = self.put if kind == "stream" else self.store
                write(source, *records(1), {"id": "2", "do": "kill once"})
                name = self.reader(arn)
                wait_for(lambda: self.ids(name) == [["1", "2"], ["1", "2"]], "the second delivery")

    def test_splitting_isolates_one_poison_record(self):
        stream, arn = self.stream()
        bodies = records(*range(40))
        bodies[23]["do"] = "kill"
        self.put(stream, *bodies)
        name, url = self.mapped(arn, BisectBatchOnFunctionError=True, MaximumRetryAttempts=1)
        self.put(stream, *records(40))
        [report] = self.reports_of(url)
        [poison] = [record for batch in self.batches(name) for record in batch if len(batch) == 1][:1]
        self.wait_for_all(name, [str(number) for number in range(41)])
        info = report["KinesisBatchInfo"]
        self.assertEqual(info["batchSize"], 1)
        sequence = poison["kinesis"]["sequenceNumber"]
        self.assertEqual((info["startSequenceNumber"], info["endSequenceNumber"]), (sequence, sequence))
        # Alone it was tried once, and once more: splitting is no attempt.
        self.assertEqual([batch for batch in self.ids(name) if batch == ["23"]], [["23"]] * 2)

    def test_exhausted_retries_are_reported_with_their_range(self):
        stream, arn = self.stream()
        bodies = records(*range(6))
        bodies[2]["do"] = "fail"
        self.put(stream, *bodies)
        name, url = self.mapped(arn, MaximumRetryAttempts=2)
        [report] = self.reports_of(url)
        self.put(stream, *records(6))
        self.wait_for_all(name, ["6"])
        self.assertEqual(self.ids(name), [["0", "1", "2", "3", "4", "5"], *[["2", "3", "4", "5"]] * 2, ["6"]])
        sequences = [record["kinesis"]["sequenceNumber"] for record in self.batches(name)[1]]
        info = report.pop("KinesisBatchInfo")
        for field in ("approximateArrivalOfFirstRecord", "approximateArrivalOfLastRecord"):
            self.assertRegex(info.pop(field), r"^2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        expected = {"shardId": "shardId-000000000000", "batchSize": 4, "streamArn": arn}
        expected |= {"startSequenceNumber": sequences[0], "endSequenceNumber": sequences[-1]}
        self.assertEqual(info, expected)
        self.assertEqual(report["version"], "1.0")
        self.assertEqual(report["requestContext"]["condition"], "RetryAttemptsExhausted")
        self.assertEqual(report["requestContext"]["approximateInvokeCount"], 3)
        self.assertRegex(report["requestContext"]["functionArn"], f":function:{name}$")
        self.assertEqual(report["responseContext"], {"statusCode": 200, "executedVersion": "$LATEST"})

    def test_exhausted_retries_of_a_table_are_reported(self):
        table, arn = self.table()
        self.store(table, *records(1, do="kill"))
        name, url = self.mapped(arn, MaximumRetryAttempts=0)
        [report] = self.reports_of(url)
        record = self.batches(name)[0][0]["dynamodb"]
        info = report["DDBStreamBatchInfo"]
        self.assertEqual(info["startSequenceNumber"], record["SequenceNumber"])
        self.assertEqual((info["batchSize"], info["streamArn"]), (1, arn))
        self.assertEqual(report["responseContext"]["functionError"], "Unhandled")

    def test_records_that_got_too_old_are_reported(self):
        stream, arn = self.stream()
        self.put(stream, *records(1, 2))
        # The shortest age that Lambda accepts is a minute: the records get as old while the emulator is stopped.
        self.emulator.stop()
        state = self.emulator.folder / "state/kinesis.json"
        arrival = re.compile(r'(?<="ApproximateArrivalTimestamp": )[\d.]+')
        state.write_text(arrival.sub(lambda seconds: str(float(seconds[0]) - 61), state.read_text()))
        self.emulator.start()
        name, url = self.mapped(arn, MaximumRecordAgeInSeconds=60)
        [report] = self.reports_of(url)
        self.put(stream, *records(3))
        self.wait_for_all(name, ["3"])
        self.assertEqual(report["requestContext"]["condition"], "RecordAgeExceeded")
        self.assertEqual(report["KinesisBatchInfo"]["batchSize"], 2)

    def test_retries_do_not_spin(self):
        stream, arn = self.stream()
        self.put(stream, *records(1, do="fail"))
        name, url = self.mapped(arn, MaximumRetryAttempts=4)
        begun = time.monotonic()
        self.reports_of(url)
        self.assertGreater(time.monotonic() - begun, 1.4)
        self.assertEqual(self.ids(name), [["1"]] * 5)

    def test_a_role_that_may_no_longer_send_loses_the_report_not_the_rest(self):
        stream, arn = self.stream()
        name, url = self.mapped(arn, MaximumRetryAttempts=0)
        self.emulator.client("iam").delete_role_policy(RoleName=name, PolicyName="test")
        self.put(stream, *records(1, do="fail"))
        self.wait_for_all(name, ["1"])
        self.put(stream, *records(2))
        self.wait_for_all(name, ["2"])
        log = (self.emulator.folder / "log").read_text()
        self.assertIn(f"role/{name} may not sqs:SendMessage", log)
        self.assertNotIn("Messages", self.emulator.client("sqs").receive_message(QueueUrl=url))


class Restart(StreamTest):
    """What survives a restart of the emulator."""

    def test_readers_go_on_where_they_were_and_unread_records_are_there(self):
        stream, stream_arn = self.stream()
        table, table_arn = self.table()
        names = self.reader(stream_arn), self.reader(table_arn)
        self.put(stream, *records(1))
        self.store(table, *records(1))
        for name in names:
            self.wait_for_all(name, ["1"])
        blocked = self.reader(stream_arn)
        self.wait_for_all(blocked, ["1"])
        self.put(stream, *records(2, do="wait"))
        self.store(table, *records(2, do="wait"))
        self.wait_until_blocked()
        self.put(stream, *records(3))
        self.store(table, *records(3))
        self.emulator.stop()
        self.emulator.start()
        self.store(table, *records(4))
        self.put(stream, *records(4))
        for mark in self.states:
            (mark / "go").touch()
        for name in (*names, blocked):
            self.wait_for_all(name, ["2", "3", "4"])
            delivered = self.delivered(name)
            self.assertEqual(delivered[delivered.index("2") :], ["2", "3", "4"])
            self.assertEqual(delivered.count("1"), 1)


if __name__ == "__main__":
    unittest.main()
