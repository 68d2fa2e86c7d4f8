"""Starts of execution environments: many, at Lambda's rate, and without blame for what fails in the emulator."""

import pathlib
import tempfile
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor

from botocore.exceptions import ClientError

from emulator_fixture import EmulatorTest, custom_runtime, wait_for

# A custom runtime that starts in a few milliseconds; each environment answers one event and ends.
ONE_EVENT = """#!/bin/bash
api=${AWS_LAMBDA_RUNTIME_API/:/\\/}
ask() { exec 3<>/dev/tcp/$api; printf "$@" >&3; }
ask 'GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n'
while IFS= read -r -u 3 line && [ "$line" != $'\\r' ]; do
  case ${line,,} in lambda-runtime-aws-request-id:*) id=${line#*: }; id=${id%$'\\r'} ;; esac
done
ask 'POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 1\\r\\n\\r\\n1' "$id"
read -r -u 3 line
"""
STARTS = 1000
FUNCTIONS = 4


class Starts(EmulatorTest):
    """Environments that start all the time, in an emulator with the sessions of some hours of use."""

    # Threads take turns ten times as often as else: what an hour would show is seen in seconds.
    prelude = """
import fast_requests
from ministack.services import sts
fast_requests.SWITCH_SECONDS = 1e-4
sts._sessions.update({f"ASIA{number:016}": {} for number in range(5_000)})
"""

    def memory_mb(self):
        """The emulator's resident set."""
        status = pathlib.Path(f"/proc/{self.emulator.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def test_a_thousand_starts_lose_no_invocation_and_keep_no_memory(self):
        names = [self.deploy(ONE_EVENT, runtime="provided.al2023") for _ in range(FUNCTIONS)]
        clients = threading.local()

        def invoke(number):
            if not hasattr(clients, "client"):
                clients.client = self.emulator.client("lambda")
            answer = clients.client.invoke(FunctionName=names[number % FUNCTIONS])
            return answer["Payload"].read(), answer.get("FunctionError")

        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(invoke, range(STARTS // 2)))
            half = self.memory_mb()
            answers += pool.map(invoke, range(STARTS // 2))
        self.assertEqual(set(answers), {(b"1", None)})
        self.assertLess(self.memory_mb() - half, 10, "MB more after the second half")

        def starts():
            reports = [report for name in names for report in self.reports(name)]
            return len([report for report in reports if "Init Duration" in report])

        # The last lines are written behind the answers.
        wait_for(lambda: starts() >= STARTS, "the REPORT lines of all starts")
        self.assertEqual(starts(), STARTS)


class Rate(EmulatorTest):
    """Lambda's scaling rate, made small."""

    prelude = "import starts; starts.BURST, starts.RATE = 3, 0.5"

    def test_more_starts_than_the_scaling_rate_allows_are_throttled_and_warm_environments_are_not(self):
        client = self.emulator.client("lambda")
        crashing = self.deploy(ONE_EVENT, runtime="provided.al2023")
        with self.assertRaises(ClientError) as refused:
            for _ in range(10):
                client.invoke(FunctionName=crashing)["Payload"].read()
        response = refused.exception.response
        self.assertEqual(response["Error"]["Code"], "TooManyRequestsException")
        self.assertEqual(response["ResponseMetadata"]["HTTPStatusCode"], 429)
        warm = self.deploy(custom_runtime("def handler(event): return 1"), runtime="provided.al2023")
        self.assertEqual({self.invoke(warm) for _ in range(10)}, {(1, None)})
        # The rate refills continuously.
        wait_for(lambda: self.is_taken(client, crashing), "another start")

    @staticmethod
    def is_taken(client, name):
        """Whether an invocation is not throttled."""
        try:
            return client.invoke(FunctionName=name)["StatusCode"] == 200
        except ClientError:
            return False


# The first two starts of each function, and every start of one that is named so, fail in the emulator itself.
FAULT = """
import collections
from ministack.core import lambda_runtime
from ministack.services import lambda_svc
original, seen = lambda_runtime.execution_credentials, collections.Counter()
def faulty(config):
    seen[config["FunctionName"]] += 1
    if seen[config["FunctionName"]] <= 2 or config["Environment"]["Variables"].get("ALWAYS"):
        raise RuntimeError("dictionary changed size during iteration")
    return original(config)
lambda_runtime.execution_credentials = lambda_svc.execution_credentials = faulty
"""


class Faults(EmulatorTest):
    """A start that fails, and not because of the function."""

    prelude = FAULT

    def test_a_start_that_fails_in_the_emulator_is_tried_again_and_costs_the_function_nothing(self):
        for runtime in ("provided.al2023", "python3.11"):
            with self.subTest(runtime):
                source = "def handler(event, context=None): return 1"
                source = custom_runtime(source) if runtime.startswith("provided") else source
                name = self.deploy(source, runtime=runtime, Environment={"Variables": {"ALWAYS": ""}})
                self.assertEqual(self.invoke(name), (1, None))
                (report,) = self.reports(name)
                self.assertIn("Init Duration", report)
                self.assertLess(float(report["Duration"].removesuffix(" ms")), 1000)

    def test_one_that_fails_each_time_is_lambdas_fault_and_has_no_report(self):
        source = custom_runtime("def handler(event): return 1")
        name = self.deploy(source, runtime="provided.al2023", Environment={"Variables": {"ALWAYS": "1"}})
        with self.assertRaises(ClientError) as failed:
            self.emulator.client("lambda").invoke(FunctionName=name)
        response = failed.exception.response
        self.assertEqual(response["Error"]["Code"], "ServiceException")
        self.assertEqual(response["ResponseMetadata"]["HTTPStatusCode"], 500)
        self.assertEqual(self.log_lines(name), [])

    def test_a_failed_start_ends_no_environment_beside_it(self):
        handler = """
import os, pathlib, time
busy, failed = (pathlib.Path(os.environ["FOLDER"], name) for name in ("busy", "failed"))
if busy.exists():
    failed.touch()
    os._exit(1)
def handler(event):
    if event.get("busy"):
        busy.touch()
        while not failed.exists(): time.sleep(0.01)
    return os.getpid()
"""
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        name = self.deploy(
            custom_runtime(handler),
            runtime="provided.al2023",
            Environment={"Variables": {"FOLDER": str(folder), "ALWAYS": ""}},
            Timeout=60,
        )
        first, _ = self.invoke(name)
        with ThreadPoolExecutor(1) as pool:
            busy = pool.submit(self.invoke, name, {"busy": True})
            wait_for((folder / "busy").exists, "an invocation at work")
            # From now on, no new environment starts.
            self.assertEqual(self.invoke(name)[1], "Unhandled")
            self.assertEqual(busy.result(), (first, None))
        self.assertEqual(self.invoke(name), (first, None))


if __name__ == "__main__":
    unittest.main()
