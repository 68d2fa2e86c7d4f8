"""A real launcher on a free port with its own state, and functions deployed to it: for the tests here."""

import contextlib
import io
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
import uuid
import zipfile

import boto3
from botocore.config import Config

HERE = pathlib.Path(__file__).parent
SERVICES = ["lambda.amazonaws.com", "states.amazonaws.com"]
TRUST = {"Effect": "Allow", "Principal": {"Service": SERVICES}, "Action": "sts:AssumeRole"}
ASSUME = {"Version": "2012-10-17", "Statement": [TRUST]}


def wait_for(probe, what, seconds=30):
    """The first truthy answer of `probe`; fails with `what` after the deadline."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = probe()
        if answer:
            return answer
        time.sleep(0.02)
    raise AssertionError(f"{what} did not happen within {seconds} s")


def free_port():
    """A port on which nothing listens.

    It is below those that the kernel gives to outgoing connections (32768 and up): one of them could take it before the
    emulator listens, or while it is down.
    """
    for port in random.sample(range(20_000, 32_000), 12_000):
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


class Emulator:
    """One launcher process; every client in it is signed as root.

    `prelude` is what Python executes before it, such as a smaller limit or a fault.
    """

    def __init__(self, folder, environment=None, prelude=""):
        self.folder = pathlib.Path(folder)
        self.environment = environment or {}
        self.prelude = prelude
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.process = None

    def start(self):
        """Start and wait until it answers."""
        environment = {
            "PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder),
            "GATEWAY_PORT": str(self.port),
            "BIND_HOST": "127.0.0.1",
            "AWS_ENDPOINT_URL": self.endpoint,
            "MINISTACK_REGION": "us-east-1",
            "IOT_MTLS_ENABLED": "0",
            "LOG_LEVEL": "WARNING",
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self.folder / "state"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(self.folder / "s3"),
            "AUTH": "true",
            **self.environment,
        }
        with open(self.folder / "log", "ab") as log:
            program = f"import sys; sys.path.insert(0, {str(HERE)!r})\n{self.prelude}\nimport launcher; launcher.main()"
            command = [sys.executable, "-c", program]
            self.process = subprocess.Popen(
                command, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        wait_for(self._answers, "the start of the emulator")

    def stop(self):
        """End it and everything it started."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        finally:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def client(self, service, key="test", secret="test"):
        """A client of the emulator, as root unless it has a key of its own."""
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            config=Config(retries={"total_max_attempts": 1}, read_timeout=60),
        )

    def request_counts(self):
        """What the launcher counted so far."""
        with urllib.request.urlopen(f"{self.endpoint}/_lambench/requests") as response:
            return json.load(response)

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError((self.folder / "log").read_text())
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


class EmulatorTest(unittest.TestCase):
    """A test class with one emulator for all its tests."""

    prelude = ""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="lambench-emulator-")
        cls.addClassCleanup(folder.cleanup)
        cls.emulator = Emulator(folder.name, cls.environment(), cls.prelude)
        cls.emulator.start()
        cls.addClassCleanup(cls.emulator.stop)

    @classmethod
    def environment(cls):
        """What else the launcher is told."""
        return {}

    def role(self, name, policy=None):
        """Create a role with one policy statement; returns its ARN."""
        iam = self.emulator.client("iam")
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(ASSUME))["Role"]
        if policy:
            document = json.dumps({"Version": "2012-10-17", "Statement": [policy]})
            iam.put_role_policy(RoleName=name, PolicyName="test", PolicyDocument=document)
        return role["Arn"]

    def machine_role(self, name):
        """Create a role that may invoke every function; returns its ARN."""
        return self.role(name, {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*"})

    def deploy(self, source, *, runtime="python3.11", policy=None, log_group=True, **settings):
        """Deploy one source file as a new function; returns its name."""
        name = f"test-{uuid.uuid4().hex[:12]}"
        role = self.role(name, policy)
        if log_group:
            self.emulator.client("logs").create_log_group(logGroupName=f"/aws/lambda/{name}")
        file_name = "bootstrap" if runtime.startswith("provided") else "index.py"
        if runtime.startswith("nodejs"):
            file_name = "index.js"
        self.emulator.client("lambda").create_function(
            FunctionName=name,
            Runtime=runtime,
            Handler="index.handler",
            Role=role,
            Code={"ZipFile": archive(file_name, source)},
            **{"Timeout": 10, "MemorySize": 256, **settings},
        )
        return name

    def invoke(self, name, event=None):
        """The decoded response, and the kind of error or None."""
        payload = json.dumps(event or {}).encode()
        response = self.emulator.client("lambda").invoke(FunctionName=name, Payload=payload)
        return json.load(response["Payload"]), response.get("FunctionError")

    def log_lines(self, name):
        """Everything in the function's log group."""
        group = f"/aws/lambda/{name}"
        events = self.emulator.client("logs").filter_log_events(logGroupName=group)["events"]
        return [event["message"] for event in events]

    def reports(self, name):
        """The REPORT lines as dictionaries of their fields."""
        lines = [line for line in self.log_lines(name) if line.startswith("REPORT ")]
        return [dict(field.split(": ", 1) for field in line.strip().split("\t")) for line in lines]


def archive(file_name, source):
    """A deployment package of one executable file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        entry = zipfile.ZipInfo(file_name)
        entry.external_attr = 0o755 << 16
        package.writestr(entry, source)
    return buffer.getvalue()


# A custom runtime in a few lines: it speaks the Runtime API as a Rust bootstrap does.
CUSTOM_RUNTIME = f"""#!{sys.executable}
import json, os, sys, time, urllib.request
api = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
HANDLER
while True:
    with urllib.request.urlopen(api + "next") as response:
        request_id = response.headers["Lambda-Runtime-Aws-Request-Id"]
        event = json.load(response)
    body = json.dumps(handler(event)).encode()
    urllib.request.urlopen(urllib.request.Request(api + request_id + "/response", body)).close()
"""


def custom_runtime(handler):
    """A `bootstrap` around the source of a function `handler(event)`."""
    return CUSTOM_RUNTIME.replace("HANDLER", handler)
