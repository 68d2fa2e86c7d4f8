"""Queues and the functions behind them: what makes a message be delivered again, and what it looks like."""

import json
import threading
import time
import unittest
import uuid

from botocore.exceptions import ClientError

from emulator_fixture import EmulatorTest, custom_runtime, wait_for

# Writes what it gets to its log, then does what the bodies of its messages say.
FUNCTION = """
import json, os, time
def handler(event, context=None):
    print("BATCH " + json.dumps(event), flush=True)
    bodies = [record["body"] for record in event["Records"]]
    if "kill" in bodies and int(event["Records"][0]["attributes"]["ApproximateReceiveCount"]) == 1:
        os.kill(os.getpid(), 9)
    if "sleep" in bodies:
        time.sleep(0.5)
    failed = [record["messageId"] for record in event["Records"] if record["body"] == "fail"]
    if "unknown" in bodies:
        failed = ["no-such-message"]
    if "empty" in bodies:
        failed = [""]
    if "null" in bodies:
        return None
    return {"batchItemFailures": [{"itemIdentifier": name} for name in failed]}
"""


class Queues(EmulatorTest):
    """Event source mappings of queues."""

    def queue(self, **attributes):
        """A new queue with a short visibility timeout; returns its URL and its ARN."""
        sqs = self.emulator.client("sqs")
        attributes = {"VisibilityTimeout": "1", **attributes}
        url = sqs.create_queue(QueueName=f"queue-{uuid.uuid4().hex}", Attributes=attributes)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        return url, arn

    def mapped(self, batch_size=10, concurrency=2, **attributes):
        """A queue with a function behind it; returns the queue's URL and the function's name."""
        url, arn = self.queue(**attributes)
        policy = {"Effect": "Allow", "Action": "sqs:*", "Resource": arn}
        name = self.deploy(custom_runtime(FUNCTION), runtime="provided.al2023", policy=policy, Timeout=1)
        self.emulator.client("lambda").create_event_source_mapping(
            EventSourceArn=arn,
            FunctionName=name,
            BatchSize=batch_size,
            FunctionResponseTypes=["ReportBatchItemFailures"],
            ScalingConfig={"MaximumConcurrency": concurrency},
        )
        return url, name

    def send(self, url, *bodies):
        """Send messages in one batch."""
        entries = [{"Id": str(index), "MessageBody": body} for index, body in enumerate(bodies)]
        self.emulator.client("sqs").send_message_batch(QueueUrl=url, Entries=entries)

    def batches(self, name):
        """The records of each batch that the function got so far."""
        lines = [line for line in self.log_lines(name) if line.startswith("BATCH ")]
        return [json.loads(line.removeprefix("BATCH "))["Records"] for line in lines]

    def deliveries(self, name, body):
        """The receive counts with which a message was delivered."""
        records = [record for batch in self.batches(name) for record in batch if record["body"] == body]
        return [record["attributes"]["ApproximateReceiveCount"] for record in records]

    def messages(self, url):
        """How many messages the queue holds, in flight or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = self.emulator.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)
        return sum(int(count) for count in attributes["Attributes"].values())

    def test_only_the_failed_messages_of_a_batch_come_again(self):
        dead, dead_arn = self.queue()
        redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 3})
        url, name = self.mapped(RedrivePolicy=redrive)
        self.send(url, "fail", "good")
        wait_for(lambda: self.messages(dead) == 1, "the message's way to the dead-letter queue")
        self.assertEqual(self.deliveries(name, "fail"), ["1", "2", "3"])
        self.assertEqual(self.deliveries(name, "good"), ["1"])
        self.assertEqual(self.messages(url), 0)

    def test_a_killed_function_gets_its_batch_again(self):
        url, name = self.mapped()
        self.send(url, "kill", "beside")
        wait_for(lambda: self.messages(url) == 0, "the end of the batch")
        for body in ("kill", "beside"):
            self.assertEqual(self.deliveries(name, body)[-1], "2")

    def test_a_response_that_names_another_message_or_none_fails_the_whole_batch(self):
        for response in ("unknown", "empty"):
            with self.subTest(response):
                url, name = self.mapped()
                self.send(url, response, "beside")
                wait_for(lambda name=name: "2" in self.deliveries(name, "beside"), "the second delivery")

    def test_no_response_is_success(self):
        url, name = self.mapped()
        self.send(url, "null")
        wait_for(lambda: self.messages(url) == 0, "the deletion of the message")
        self.assertEqual(self.deliveries(name, "null"), ["1"])

    def test_attributes_arrive_with_their_types(self):
        url, name = self.mapped()
        attributes = {
            "Action": {"DataType": "String", "StringValue": "TPCB"},
            "DMLS": {"DataType": "Number", "StringValue": "25"},
        }
        self.emulator.client("sqs").send_message(QueueUrl=url, MessageBody="x", MessageAttributes=attributes)
        wait_for(lambda: self.batches(name), "the delivery")
        record = self.batches(name)[0][0]
        for key, value in attributes.items():
            sent = {"dataType": value["DataType"], "stringValue": value["StringValue"]}
            self.assertEqual({**record["messageAttributes"][key], **sent}, record["messageAttributes"][key])
        self.assertEqual(record["attributes"]["ApproximateReceiveCount"], "1")

    def test_as_many_batches_at_once_as_the_mapping_allows_and_no_more(self):
        url, name = self.mapped(batch_size=1, concurrency=3, VisibilityTimeout="30")
        self.send(url, *["sleep"] * 6)
        begun = time.monotonic()
        wait_for(lambda: self.messages(url) == 0, "the end of all messages")
        self.assertGreaterEqual(time.monotonic() - begun, 0.9)
        starts = {report["REPORT RequestId"] for report in self.reports(name) if "Init Duration" in report}
        self.assertEqual(len(starts), 3)

    def test_a_queue_whose_visibility_ends_before_the_function_is_refused(self):
        _, arn = self.queue()
        name = self.deploy("def handler(event, context): pass", Timeout=2)
        with self.assertRaisesRegex(ClientError, "InvalidParameterValue.*1 seconds is less than Function timeout: 2"):
            self.emulator.client("lambda").create_event_source_mapping(EventSourceArn=arn, FunctionName=name)

    def test_batches_beyond_the_limits_are_refused(self):
        url, _ = self.queue()
        with self.assertRaisesRegex(ClientError, "TooManyEntriesInBatchRequest"):
            self.send(url, *["x"] * 11)
        with self.assertRaisesRegex(ClientError, "BatchRequestTooLong"):
            self.send(url, *["x" * 600_000] * 2)

    def test_every_message_arrives_while_many_are_sent(self):
        url, name = self.mapped(concurrency=10, VisibilityTimeout="30")
        bodies = [f"{sender}-{number}" for sender in range(4) for number in range(500)]

        def work(sender):
            mine = [body for body in bodies if body.startswith(f"{sender}-")]
            for start in range(0, len(mine), 10):
                self.send(url, *mine[start : start + 10])

        threads = [threading.Thread(target=work, args=[sender]) for sender in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wait_for(lambda: self.messages(url) == 0, "the end of all messages", seconds=60)
        arrived = [record["body"] for batch in self.batches(name) for record in batch]
        self.assertEqual(sorted(set(arrived)), sorted(bodies))


if __name__ == "__main__":
    unittest.main()
