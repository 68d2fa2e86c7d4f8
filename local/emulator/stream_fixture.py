"""Streams with functions behind them, for the tests: what a record says is what the function does with it."""

import base64
import json
import pathlib
import tempfile
import time
import uuid

from emulator_fixture import EmulatorTest, custom_runtime, wait_for

# Writes what it gets to its log, then does what the records say; `STATE` outlives its processes.
FUNCTION = """
import base64, json, os, pathlib, time
state = pathlib.Path(os.environ["STATE"])
def content(record):
    if "kinesis" in record:
        return json.loads(base64.b64decode(record["kinesis"]["data"]))
    image = record["dynamodb"].get("NewImage") or record["dynamodb"]["Keys"]
    return {name: value["S"] for name, value in image.items()}
def first(name):
    mark = state / ("seen-" + name)
    known = mark.exists()
    mark.touch()
    return not known
def handler(event, context=None):
    print("BATCH", time.time_ns(), json.dumps(event), flush=True)
    failed = []
    for record in event["Records"]:
        do, id = content(record).get("do", ""), content(record)["id"]
        sequence = (record.get("kinesis") or {}).get("sequenceNumber") or record["dynamodb"]["SequenceNumber"]
        if do == "kill" or (do == "kill once" and first(id)):
            os.kill(os.getpid(), 9)
        if do == "fail" or (do == "fail once" and first(id)):
            failed.append(sequence)
        if do == "unknown" and first(id):
            failed.append("1")
        if do == "empty" and first(id):
            failed.append("")
        if do == "wait":
            (state / "waiting").touch()
        while do == "wait" and not (state / "go").exists():
            time.sleep(0.01)
    return {"batchItemFailures": [{"itemIdentifier": name} for name in failed]}
"""
STREAMS = {"Effect": "Allow", "Action": ["kinesis:*", "dynamodb:*", "sqs:*"], "Resource": "*"}


class StreamTest(EmulatorTest):
    """Streams, tables, and functions that read them."""

    def setUp(self):
        self.states = []

    def reader(self, source, policy=STREAMS, **settings):
        """A new function that reads a stream from its beginning; returns its name."""
        folder = tempfile.TemporaryDirectory(prefix="lambench-streams-")
        self.addCleanup(folder.cleanup)
        state = {"Variables": {"STATE": folder.name}}
        function = custom_runtime(FUNCTION)
        name = self.deploy(function, runtime="provided.al2023", policy=policy, Environment=state)
        self.state = pathlib.Path(folder.name)
        self.states.append(self.state)
        defaults = {"StartingPosition": "TRIM_HORIZON", "FunctionResponseTypes": ["ReportBatchItemFailures"]}
        settings = {**defaults, **settings}
        mapping = self.emulator.client("lambda").create_event_source_mapping(
            EventSourceArn=source, FunctionName=name, **settings
        )
        self.mapping = mapping["UUID"]
        return name

    def stream(self, shards=1, **settings):
        """A new stream; returns its name and its ARN."""
        name = f"stream-{uuid.uuid4().hex[:12]}"
        kinesis = self.emulator.client("kinesis")
        kinesis.create_stream(StreamName=name, **(settings or {"ShardCount": shards}))
        return name, kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]

    def put(self, stream, *bodies):
        """Put records; each is a dictionary with `id` and perhaps `do`, keyed by `key` or its id."""
        records = [
            {"Data": json.dumps(body).encode(), "PartitionKey": body.get("key", body["id"])} for body in bodies
        ]
        for start in range(0, len(records), 500):
            answer = self.emulator.client("kinesis").put_records(
                StreamName=stream, Records=records[start : start + 500]
            )
            self.assertEqual(answer["FailedRecordCount"], 0)

    def table(self):
        """A new table with a stream; returns its name and the stream's ARN."""
        name = f"table-{uuid.uuid4().hex[:12]}"
        table = self.emulator.client("dynamodb").create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )
        return name, table["TableDescription"]["LatestStreamArn"]

    def store(self, table, *bodies):
        """Put items."""
        for body in bodies:
            item = {name: {"S": value} for name, value in body.items()}
            self.emulator.client("dynamodb").put_item(TableName=table, Item=item)

    def queue(self):
        """A new queue; returns its URL and its ARN."""
        sqs = self.emulator.client("sqs")
        url = sqs.create_queue(QueueName=f"queue-{uuid.uuid4().hex}")["QueueUrl"]
        return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def reports_of(self, url, count=1):
        """What Lambda reported to a queue, once there are so many."""
        sqs, found = self.emulator.client("sqs"), []

        def enough():
            answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
            found.extend(json.loads(message["Body"]) for message in answer.get("Messages", []))
            return len(found) >= count

        wait_for(enough, f"{count} failure records")
        return found

    def metric(self, name, metric):
        """What CloudWatch has of a function's metric."""
        now = time.time()
        return self.emulator.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName=metric,
            Dimensions=[{"Name": "FunctionName", "Value": name}],
            StartTime=now - 600,
            EndTime=now + 600,
            Period=3600,
            Statistics=["Maximum", "SampleCount"],
        )["Datapoints"]

    def batches(self, name):
        """The records of each batch that the function got so far."""
        # By the function's own time: the log puts lines of two environments in one millisecond in any order.
        lines = [line.split(" ", 2) for line in self.log_lines(name) if line.startswith("BATCH ")]
        in_order = sorted(lines, key=lambda line: int(line[1]))
        return [json.loads(event)["Records"] for _, _, event in in_order]

    def ids(self, name):
        """The ids in each batch."""
        return [[body(record)["id"] for record in batch] for batch in self.batches(name)]

    def delivered(self, name):
        """All ids, in the order of their delivery."""
        return [found for batch in self.ids(name) for found in batch]

    def wait_until_blocked(self):
        """Wait until the function has a record that it waits with; the log has it only afterwards."""
        wait_for((self.state / "waiting").exists, "the blocked invocation")

    def wait_for_all(self, name, ids):
        """Wait until each of the ids was delivered."""
        wait_for(lambda: set(ids) <= set(self.delivered(name)), f"the delivery of {len(ids)} records")


def body(record):
    """What a test put into a record."""
    if "kinesis" in record:
        return json.loads(base64.b64decode(record["kinesis"]["data"]))
    return {name: value["S"] for name, value in record["dynamodb"]["NewImage"].items()}


def records(*ids, **more):
    """A body for each id."""
    return [{"id": str(number), **more} for number in ids]
