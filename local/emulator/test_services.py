"""What the launcher adds to the services around a function."""

import json
import time
import unittest
from datetime import datetime, timedelta, timezone

from emulator_fixture import EmulatorTest, custom_runtime, wait_for


class Metrics(EmulatorTest):
    """Lines in the embedded metric format."""

    SOURCE = """
import json
def handler(event):
    print("plain")
    print(json.dumps({"_aws": "not a metric"}))
    for values in event["lines"]:
        print(json.dumps({"_aws": {"Timestamp": event["now"], "CloudWatchMetrics": [{"Namespace": event["namespace"],
            "Dimensions": [["ACTION"]], "Metrics": [{"Name": "DURATION", "Unit": "Milliseconds"}]}]},
            "ACTION": "TPCB", "DURATION": values}), flush=True)
"""

    def written(self, *lines):
        """Have a function write these values; returns its name, the namespace and the time."""
        name = self.deploy(custom_runtime(self.SOURCE), runtime="provided.al2023")
        now = datetime.now(timezone.utc)
        self.invoke(name, {"now": int(now.timestamp() * 1000), "namespace": f"test/{name}", "lines": lines})
        return name, f"test/{name}", now

    def statistics(self, namespace, now, *names):
        """What GetMetricData has for each statistic."""
        dimensions = [{"Name": "ACTION", "Value": "TPCB"}]
        metric = {"Namespace": namespace, "MetricName": "DURATION", "Dimensions": dimensions}
        queries = [
            {"Id": f"q{index}", "MetricStat": {"Metric": metric, "Period": 60, "Stat": name}}
            for index, name in enumerate(names)
        ]
        hour = timedelta(hours=1)
        results = self.emulator.client("cloudwatch").get_metric_data(
            MetricDataQueries=queries, StartTime=now - hour, EndTime=now + hour
        )["MetricDataResults"]
        return [result["Values"] for result in results]

    def test_an_emf_line_becomes_a_metric_and_stays_in_the_log(self):
        name, namespace, now = self.written([10, 32])
        self.assertEqual(self.statistics(namespace, now, "Sum"), [[42.0]])
        self.assertIn("plain", self.log_lines(name))

    def test_sums_and_percentiles_are_of_all_values(self):
        _, namespace, now = self.written(list(range(1, 101)), list(range(101, 201)), 201)
        expected = {"Sum": 20301, "SampleCount": 201, "p50": 101, "p99.9": 200.8, "Maximum": 201}
        for values, value in zip(self.statistics(namespace, now, *expected), expected.values(), strict=True):
            self.assertAlmostEqual(values[0], value)
        hour = timedelta(hours=1)
        (point,) = self.emulator.client("cloudwatch").get_metric_statistics(
            Namespace=namespace, MetricName="DURATION", Dimensions=[{"Name": "ACTION", "Value": "TPCB"}],
            StartTime=now - hour, EndTime=now + hour, Period=7200, Statistics=["Sum"], ExtendedStatistics=["p50"],
        )["Datapoints"]  # fmt: skip
        self.assertEqual((point["Sum"], point["ExtendedStatistics"]["p50"]), (20301, 101))

    def test_a_line_with_too_many_values_is_no_metric(self):
        _, namespace, now = self.written(list(range(101)), [1])
        self.assertEqual(self.statistics(namespace, now, "SampleCount"), [[1.0]])


class Requests(EmulatorTest):
    """S3 requests by function, and what its role allows."""

    def setUp(self):
        self.bucket = f"bucket-{time.monotonic_ns()}"
        self.emulator.client("s3").create_bucket(Bucket=self.bucket)

    def function(self, source, actions):
        """A function that may do `actions` on the bucket."""
        arn = f"arn:aws:s3:::{self.bucket}"
        policy = {"Effect": "Allow", "Action": actions, "Resource": [arn, f"{arn}/*"]}
        head = f"import boto3\nbucket = '{self.bucket}'\ndef handler(event, context):\n"
        return self.deploy(head + "    s3 = boto3.client('s3')\n" + source, policy=policy)

    def test_requests_are_counted_by_function_and_price_class(self):
        source = """
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    s3.copy_object(Bucket=bucket, Key="b", CopySource={"Bucket": bucket, "Key": "a"})
    upload = s3.create_multipart_upload(Bucket=bucket, Key="c")["UploadId"]
    s3.upload_part(Bucket=bucket, Key="c", UploadId=upload, PartNumber=1, Body=b"1")
    s3.list_objects_v2(Bucket=bucket, Prefix="a")
    s3.get_object(Bucket=bucket, Key="a")["Body"].read()
    s3.head_object(Bucket=bucket, Key="a")
    s3.head_bucket(Bucket=bucket)
    s3.abort_multipart_upload(Bucket=bucket, Key="c", UploadId=upload)
    s3.delete_object(Bucket=bucket, Key="a")
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "b"}]})
    import urllib.request
    link = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "d"})
    s3.put_object(Bucket=bucket, Key="d", Body=b"1")
    return urllib.request.urlopen(link).read().decode()
"""
        name = self.function(source, ["s3:*"])
        other = self.function("    s3.list_objects_v2(Bucket=bucket)\n", ["s3:ListBucket"])
        self.assertEqual(self.invoke(name), ("1", None))
        self.assertEqual(self.invoke(other), (None, None))
        counts = self.emulator.request_counts()
        self.assertEqual(counts[name], {"writes": 6, "reads": 4, "deletes": 3})
        self.assertEqual(counts[other], {"writes": 1, "reads": 0, "deletes": 0})

    def test_a_call_outside_of_the_policy_is_denied(self):
        name = self.function('    s3.put_object(Bucket=bucket, Key="a", Body=b"1")\n', ["s3:GetObject"])
        payload, error = self.invoke(name)
        self.assertEqual(error, "Unhandled")
        self.assertIn("AccessDenied", payload["errorMessage"])


class Executions(EmulatorTest):
    """State machines around functions."""

    def start(self, definition, given=None, role=None):
        """Start a new state machine; returns the execution's ARN."""
        client = self.emulator.client("stepfunctions")
        name = f"machine-{time.monotonic_ns()}"
        machine = client.create_state_machine(
            name=name, definition=json.dumps(definition), roleArn=role or self.machine_role(name)
        )["stateMachineArn"]
        return client.start_execution(stateMachineArn=machine, input=json.dumps(given or {}))["executionArn"]

    def task(self, name, **fields):
        """A Lambda task, the last of its states."""
        arguments = {"FunctionName": name, "Payload": "{% $states.input %}"}
        resource = "arn:aws:states:::lambda:invoke"
        return {"Type": "Task", "Resource": resource, "Arguments": arguments, "End": True, **fields}

    def ended(self, execution):
        """The description of an execution that has ended."""
        client = self.emulator.client("stepfunctions")

        def probe():
            description = client.describe_execution(executionArn=execution)
            return description if description["status"] != "RUNNING" else None

        return wait_for(probe, "the end of the execution")

    def test_a_function_error_is_error_and_cause(self):
        name = self.deploy("import os\ndef handler(event, context): os._exit(3)")
        states = {"Work": self.task(name)}
        execution = self.start({"QueryLanguage": "JSONata", "StartAt": "Work", "States": states})
        description = self.ended(execution)
        self.assertEqual((description["status"], description["error"]), ("FAILED", "Runtime.ExitError"))
        cause = json.loads(description["cause"])
        self.assertEqual(cause["errorType"], "Runtime.ExitError")
        self.assertRegex(cause["errorMessage"], "exit status 3$")

    def test_a_task_knows_the_request_id_of_its_invocation(self):
        name = self.deploy("def handler(event, context): return context.aws_request_id")
        output = "{% [$states.result.Payload, $states.result.SdkResponseMetadata.RequestId] %}"
        branch = {"StartAt": "Work", "States": {"Work": self.task(name, Output=output, TimeoutSeconds=9)}}
        inside = {"Type": "Map", "Items": [1, 2, 3], "ItemProcessor": branch, "End": True}
        execution = self.start({"QueryLanguage": "JSONata", "StartAt": "Each", "States": {"Each": inside}})
        pairs = json.loads(self.ended(execution)["output"])
        self.assertEqual([own for own, _ in pairs], [told for _, told in pairs])
        self.assertEqual(len({told for _, told in pairs}), 3)

    def test_a_machine_may_invoke_what_its_role_may(self):
        name, other = (self.deploy("def handler(event, context): return 1") for _ in range(2))
        arn = self.emulator.client("lambda").get_function(FunctionName=name)["Configuration"]["FunctionArn"]
        role = self.role("narrow", {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": arn})
        branch = {"StartAt": "Other", "States": {"Other": self.task(other)}}
        inside = {"Type": "Map", "Items": [1], "ItemProcessor": branch, "End": True}
        for state, expected in ((self.task(name), "SUCCEEDED"), (self.task(other), "FAILED"), (inside, "FAILED"),
                                (self.task(other, TimeoutSeconds=9), "FAILED")):
            definition = {"QueryLanguage": "JSONata", "StartAt": "Work", "States": {"Work": state}}
            with self.subTest(state=state):
                ended = self.ended(self.start(definition, role=role))
                self.assertEqual(ended["status"], expected)
                if expected == "FAILED":
                    self.assertEqual(ended["error"], "Lambda.AWSLambdaException")
                    denied = f"assumed-role/narrow/.* is not authorized to perform: lambda:InvokeFunction on resource: .*:{other} "
                    self.assertRegex(ended["cause"], denied + "because no identity-based policy allows")

    def test_a_stopped_execution_starts_no_further_task(self):
        name = self.deploy("import time\ndef handler(event, context):\n    print('begun', flush=True)\n"
                           "    time.sleep(1)\n    raise ValueError('late')")
        after = self.deploy("def handler(event, context): print('begun', flush=True)")
        retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 5}]
        catch = [{"ErrorEquals": ["States.ALL"], "Next": "After"}]
        branch = {"StartAt": "Work", "States": {"Work": self.task(name, Retry=retry)}}
        all_items = {"Type": "Map", "Items": "{% $states.input.items %}", "MaxConcurrency": 1,
                     "ItemProcessor": branch, "Catch": catch, "Next": "After"}
        states = {"All": all_items, "After": self.task(after)}
        definition = {"QueryLanguage": "JSONata", "StartAt": "All", "States": states}
        execution = self.start(definition, {"items": [1, 2, 3]})
        client = self.emulator.client("stepfunctions")

        def events(kind):
            history = client.get_execution_history(executionArn=execution)["events"]
            return [event for event in history if event["type"] == kind]

        wait_for(lambda: events("TaskScheduled"), "the first task")
        client.stop_execution(executionArn=execution, error="Interrupted", cause="by the user")
        wait_for(lambda: events("TaskFailed"), "the end of the running task")
        # A retry would come after one second: the thread of the execution has to be gone before that counts.
        wait_for(lambda: "begun" in self.log_lines(name), "the log of the task")
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            self.assertEqual(len([line for line in self.log_lines(name) if line == "begun"]), 1)
            self.assertEqual(self.log_lines(after), [])
            time.sleep(0.1)
        description = client.describe_execution(executionArn=execution)
        self.assertEqual((description["status"], description["error"]), ("ABORTED", "Interrupted"))


class Restart(EmulatorTest):
    """What is there after the emulator was stopped and started again."""

    def test_resources_objects_and_code_survive(self):
        name = self.deploy("def handler(event, context): return event")
        self.assertEqual(self.invoke(name, {"n": 1}), ({"n": 1}, None))
        s3 = self.emulator.client("s3")
        s3.create_bucket(Bucket="kept")
        s3.put_bucket_tagging(Bucket="kept", Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
        s3.put_object(Bucket="kept", Key="files/a", Body=b"x" * 10_000, ChecksumAlgorithm="CRC32")
        definition = json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}})
        steps = self.emulator.client("stepfunctions")
        machine = steps.create_state_machine(
            name="kept", definition=definition, roleArn=self.role("kept")
        )["stateMachineArn"]
        before = s3.head_object(Bucket="kept", Key="files/a", ChecksumMode="ENABLED")

        # Work that runs when the emulator is stopped must delay neither its end nor its state.
        hanging = self.deploy("import time\ndef handler(event, context): time.sleep(60)", Timeout=60)
        client = self.emulator.client("lambda")
        client.invoke(FunctionName=hanging, InvocationType="Event", Payload=b"{}")
        begun = time.monotonic()
        self.emulator.stop()
        self.assertLess(time.monotonic() - begun, 10)
        self.emulator.start()

        self.assertEqual(self.invoke(name, {"n": 2}), ({"n": 2}, None))
        after = s3.head_object(Bucket="kept", Key="files/a", ChecksumMode="ENABLED")
        for field in ("ContentLength", "ETag", "ChecksumCRC32", "ChecksumType"):
            self.assertEqual(after.get(field), before.get(field), field)
        self.assertEqual(s3.get_object(Bucket="kept", Key="files/a")["Body"].read(), b"x" * 10_000)
        self.assertEqual(s3.get_bucket_tagging(Bucket="kept")["TagSet"], [{"Key": "k", "Value": "v"}])
        self.assertEqual(steps.describe_state_machine(stateMachineArn=machine)["name"], "kept")
        self.assertEqual(len(self.reports(name)), 2)
        self.assertTrue(self.emulator.client("iam").get_role(RoleName=name)["Role"]["Arn"])


class Speed(EmulatorTest):
    """What the patches of sockets and logs are for."""

    def test_a_warm_invocation_is_fast(self):
        name = self.deploy(custom_runtime("def handler(event): return event"), runtime="provided.al2023")
        self.invoke(name)
        client = self.emulator.client("lambda")
        times = []
        for _ in range(60):
            begun = time.monotonic()
            client.invoke(FunctionName=name, Payload=b"{}")["Payload"].read()
            times.append(time.monotonic() - begun)
        median_ms = sorted(times)[len(times) // 2] * 1000
        # MiniStack needs 92 ms, patched 5 to 10: a machine busy with other builds may take a few times that.
        self.assertLess(median_ms, 45)


if __name__ == "__main__":
    unittest.main()
