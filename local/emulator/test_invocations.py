"""What a contender may do to itself, and what the score reads of it afterwards."""

import unittest
from concurrent.futures import ThreadPoolExecutor

from emulator_fixture import EmulatorTest, custom_runtime, wait_for

BEHAVIOURS = """
import os, resource, subprocess, time
count = 0
def handler(event, context=None):
    global count
    count += 1
    what = event.get("do")
    if what == "allocate":
        block = bytearray(event["mib"] << 20)
    elif what == "grow":
        blocks = []
        while True:
            blocks.append(bytearray(4 << 20))
            time.sleep(0.005)
    elif what == "exit":
        os._exit(event["status"])
    elif what == "signal":
        os.kill(os.getpid(), 11)
    elif what == "hang":
        child = subprocess.Popen(["sleep", "300"])
        print("child", child.pid, flush=True)
        time.sleep(300)
    elif what == "sleep":
        time.sleep(event["seconds"])
    elif what == "raise":
        raise KeyError("no such thing")
    elif what == "print":
        for number in range(event["lines"]):
            print("line", number, flush=True)
    elif what == "environment":
        return dict(os.environ)
    elif what == "descriptors":
        return resource.getrlimit(resource.RLIMIT_NOFILE)
    return {"count": count}
"""


class Invocations:
    """The same behaviour asked of each runtime."""

    def function(self, source=BEHAVIOURS, **settings):
        """A new function that does what its event says."""
        raise NotImplementedError

    def test_report_has_real_duration_and_memory_and_init_only_when_cold(self):
        name = self.function("import time\ntime.sleep(1)\n" + BEHAVIOURS)
        self.invoke(name, {"do": "sleep", "seconds": 0.2})
        self.invoke(name, {"do": "allocate", "mib": 60})
        cold, warm = self.reports(name)
        self.assertIn("Init Duration", cold)
        self.assertNotIn("Init Duration", warm)
        duration = float(cold["Duration"].removesuffix(" ms"))
        init = float(cold["Init Duration"].removesuffix(" ms"))
        self.assertGreaterEqual(duration, 200)
        self.assertGreaterEqual(init, 1000)
        self.assertLess(duration, 1000, "the start of the environment counts as duration")
        billed = int(cold["Billed Duration"].removesuffix(" ms"))
        self.assertAlmostEqual(billed, duration + init, delta=1.02)
        self.assertEqual(warm["Memory Size"], "256 MB")
        self.assertGreater(int(warm["Max Memory Used"].removesuffix(" MB")), 60)
        self.assertLess(int(warm["Max Memory Used"].removesuffix(" MB")), 160)

    def test_too_much_memory_is_killed_and_the_next_invocation_works(self):
        for event in ({"do": "grow"}, {"do": "allocate", "mib": 300}):
            with self.subTest(event):
                name = self.function()
                payload, error = self.invoke(name, event)
                self.assertEqual(error, "Unhandled")
                self.assertEqual(payload["errorType"], "Runtime.OutOfMemory")
                request_id = self.reports(name)[0]["REPORT RequestId"]
                message = f"RequestId: {request_id} Error: Runtime exited with error: signal: killed"
                self.assertEqual(payload["errorMessage"], message)
                self.assertEqual(self.reports(name)[0]["Max Memory Used"], "256 MB")
                self.assertEqual(self.invoke(name), ({"count": 1}, None))

    def test_an_exit_is_named_with_its_status(self):
        name = self.function()
        endings = (
            ({"do": "exit", "status": 3}, "Runtime exited with error: exit status 3"),
            ({"do": "exit", "status": 0}, "Runtime exited without providing a reason"),
            ({"do": "signal"}, "Runtime exited with error: signal: segmentation fault"),
        )
        for event, reason in endings:
            with self.subTest(event):
                payload, error = self.invoke(name, event)
                self.assertEqual((payload["errorType"], error), ("Runtime.ExitError", "Unhandled"))
                self.assertRegex(payload["errorMessage"], f"^RequestId: [0-9a-f-]+ Error: {reason}$")
                self.assertEqual(self.invoke(name), ({"count": 1}, None))

    def test_a_hanging_invocation_times_out_and_leaves_no_process(self):
        name = self.function(Timeout=1)
        payload, error = self.invoke(name, {"do": "hang"})
        self.assertEqual((payload["errorType"], error), ("Sandbox.Timedout", "Unhandled"))
        message = r"^RequestId: \S+ Error: Task timed out after 1\.00 seconds$"
        self.assertRegex(payload["errorMessage"], message)
        child = next(line for line in self.log_lines(name) if line.startswith("child ")).split()[1]
        with self.assertRaises(FileNotFoundError, msg=f"process {child} is still there"):
            with open(f"/proc/{child}/cmdline") as command:
                # A zombie that nobody has collected yet has no command line.
                if not command.read():
                    raise FileNotFoundError
        self.assertEqual(self.invoke(name), ({"count": 1}, None))

    def test_all_lines_of_an_invocation_are_in_its_log(self):
        name = self.function()
        for _ in range(3):
            self.invoke(name, {"do": "print", "lines": 500})
        lines = [line for line in self.log_lines(name) if line.startswith("line ")]
        self.assertEqual(lines, [f"line {number}" for _ in range(3) for number in range(500)])

    def test_an_invocation_under_way_has_a_start_line_and_one_only(self):
        name = self.function()
        for cold in (True, False):
            with self.subTest(cold=cold), ThreadPoolExecutor() as threads:
                running = threads.submit(self.invoke, name, {"do": "sleep", "seconds": 2})
                wait_for(lambda: len(self.starts(name)) == (1 if cold else 2), "the START line")
                self.assertEqual(len(self.reports(name)), 0 if cold else 1)
                running.result()
                self.assertEqual(len(self.starts(name)), len(self.reports(name)))

    def starts(self, name):
        """The request ids of all START lines."""
        lines = self.log_lines(name)
        return [line.split()[2] for line in lines if line.startswith("START RequestId: ")]

    def test_a_deleted_log_group_stays_deleted(self):
        name = self.function()
        self.invoke(name)
        logs = self.emulator.client("logs")
        logs.delete_log_group(logGroupName=f"/aws/lambda/{name}")
        self.invoke(name)
        groups = logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}")["logGroups"]
        self.assertEqual(groups, [])

    def test_a_function_has_as_many_descriptors_as_lambda_allows(self):
        self.assertEqual(self.invoke(self.function(), {"do": "descriptors"}), ([1024, 1024], None))

    def test_the_environment_is_that_of_a_function(self):
        name = self.function()
        variables, _ = self.invoke(name, {"do": "environment"})
        self.assertEqual(variables["AWS_ENDPOINT_URL"], self.emulator.endpoint)
        self.assertEqual(variables["AWS_REGION"], "us-east-1")
        self.assertEqual(variables["AWS_LAMBDA_FUNCTION_NAME"], name)
        self.assertTrue(variables["AWS_ACCESS_KEY_ID"].startswith("ASIA"))


# Invokes its own function as often as its event says, and waits for all.
FAN_OUT = """
import boto3, json, os
from concurrent.futures import ThreadPoolExecutor
def handler(event, context):
    def invoke(_):
        name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        return boto3.client("lambda").invoke(FunctionName=name, Payload=b"{}")["StatusCode"]
    with ThreadPoolExecutor() as threads:
        return list(threads.map(invoke, range(event.get("workers", 0))))
"""


class FanOut(EmulatorTest):
    """A function that invokes itself."""

    def test_every_invocation_is_in_the_log_at_the_time_when_it_ran(self):
        policy = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*"}
        name = self.deploy(FAN_OUT, policy=policy, Timeout=60)
        self.assertEqual(self.invoke(name, {"workers": 3}), ([200, 200, 200], None))
        logs = self.emulator.client("logs")
        events = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
        spans, streams = {}, {}
        for event in events:
            word, *_ = event["message"].split(" RequestId: ")
            if word in ("START", "REPORT"):
                request_id = event["message"].split()[2]
                spans.setdefault(request_id, {})[word] = event["timestamp"]
                streams.setdefault(request_id, set()).add(event["logStreamName"])
        self.assertEqual(len(spans), 4)
        first, *workers = sorted(spans.values(), key=lambda span: span["START"])
        for worker in workers:
            self.assertLessEqual(first["START"], worker["START"])
            self.assertLessEqual(worker["START"], worker["REPORT"])
            self.assertLessEqual(worker["REPORT"], first["REPORT"])
        self.assertEqual([len(of_one) for of_one in streams.values()], [1, 1, 1, 1])


class Python(Invocations, EmulatorTest):
    """Functions in python."""

    def function(self, source=BEHAVIOURS, **settings):
        return self.deploy(source, **settings)

    def test_an_exception_keeps_its_type(self):
        payload, error = self.invoke(self.function(), {"do": "raise"})
        self.assertEqual((payload["errorType"], error), ("KeyError", "Unhandled"))
        self.assertEqual(payload["errorMessage"], "'no such thing'")

    def test_a_missing_module_is_named(self):
        payload, _ = self.invoke(self.deploy("import no_such_module"))
        self.assertEqual(payload["errorType"], "Runtime.ImportModuleError")
        self.assertIn("no_such_module", payload["errorMessage"])

    def test_boto3_is_there(self):
        name = self.deploy("import boto3\ndef handler(event, context): return boto3.__version__")
        version, error = self.invoke(name)
        self.assertIsNone(error, version)

    def test_a_module_that_never_gets_ready_times_out(self):
        payload, _ = self.invoke(self.deploy("import time\ntime.sleep(300)", Timeout=1))
        self.assertEqual(payload["errorType"], "Sandbox.Timedout")


class Custom(Invocations, EmulatorTest):
    """Functions with their own bootstrap."""

    def function(self, source=BEHAVIOURS, **settings):
        return self.deploy(custom_runtime(source), runtime="provided.al2023", **settings)

    def test_a_bootstrap_that_exits_before_it_is_ready(self):
        name = self.deploy("#!/bin/sh\nexit 7\n", runtime="provided.al2023")
        payload, _ = self.invoke(name)
        self.assertEqual(payload["errorType"], "Runtime.ExitError")
        self.assertRegex(payload["errorMessage"], "^RequestId: .* exit status 7$")


class Node(EmulatorTest):
    """Functions in node."""

    def test_an_exception_keeps_its_type_and_an_exit_its_status(self):
        source = """exports.handler = async (event) => {
            if (event.exit) process.exit(event.exit);
            if (event.fail) throw new RangeError("too far");
            return 1;
        };"""
        name = self.deploy(source, runtime="nodejs20.x")
        self.assertEqual(self.invoke(name), (1, None))
        payload, _ = self.invoke(name, {"fail": True})
        self.assertEqual((payload["errorType"], payload["errorMessage"]), ("RangeError", "too far"))
        payload, _ = self.invoke(name, {"exit": 4})
        self.assertEqual(payload["errorType"], "Runtime.ExitError")
        self.assertRegex(payload["errorMessage"], "exit status 4$")
        self.assertEqual(self.invoke(name), (1, None))


if __name__ == "__main__":
    unittest.main()
