"""A Lambda Runtime API for one invocation: starts functions, hands each an event, and says what each answered.

Usage: runtime_api.py RUNNER PROGRAM…    RUNNER is what starts a program, such as "qemu-aarch64 -L /usr/aarch64-linux-gnu", or ""

AWS answers every request of theirs with "404 Not Found" here, and there is no database: a function's error is as good an answer
as its response. The exit code is 1 if one does not answer, or panics.
"""

import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ROOT = pathlib.Path(__file__).resolve().parent.parent
SECONDS = 20  # what an invocation may take; emulated, a function starts slowly
CONTEST = {"bucket_name": "bucket", "files_prefix": "files", "archive_key": "archives/a.zip"}
# A path is a fixture's. Any other function, a new contender for example, gets the contest's event.
EVENTS = {
    "archive-cleanup": {"prefix": "archives/a"},
    "aurora-merge": [],
    "aurora-migrate": {"rows": 1, "scale": 1},
    "aurora-tally": {},
    "aurora-worker-queue": "functions/aurora/fixtures/messages.json",
    "aurora-worker-ramp": "functions/aurora/fixtures/ramp.json",
    "fill-bucket": {"count": 1, "mean_bytes": 1000, "seed": 1},
    "pipeline-downstream": "functions/pipeline/fixtures/table.json",
    "pipeline-midstream": "functions/pipeline/fixtures/kinesis.json",
    "pipeline-tally": {},
    "pipeline-upstream": "functions/pipeline/fixtures/request.json",
    "s3-read-generator": {},
    "s3-read-reader": "functions/s3-read/fixtures/sdk.json",
    "splitter-worker": "functions/splitter/fixtures/five-tags.json",
}
# What the stacks set, for all functions at once.
ENVIRONMENT = """
AWS_ACCESS_KEY_ID=key AWS_SECRET_ACCESS_KEY=secret AWS_REGION=eu-west-1 AWS_MAX_ATTEMPTS=1 AWS_LAMBDA_FUNCTION_MEMORY_SIZE=512
AWS_LAMBDA_FUNCTION_NAME=function AWS_LAMBDA_FUNCTION_VERSION=1 AWS_LAMBDA_LOG_GROUP_NAME=group AWS_LAMBDA_LOG_STREAM_NAME=stream
BUCKET=bucket PREFIX=files OBJECT_COUNT=1 ARCHIVE_PREFIX=archives/ SCRATCH_PREFIX=seg-temps/ METRICS_NAMESPACE=lambench
CLUSTER_WRITER=localhost CLUSTER_READER=localhost CLUSTER_PORT=9 DATABASE=shop STATEMENT_TIMEOUT_MS=1000 DRIVER=data-api ROWS=1 SCALE=1
CLUSTER_ARN=arn:aws:rds:eu-west-1:123456789012:cluster:c SECRET_ARN=arn:aws:secretsmanager:eu-west-1:123456789012:secret:s
MAX_RECEIVES=3 STREAM_NAME=stream TABLE_NAME=table RUN_LOG_TABLE=table QUEUE_URL=http://localhost/queue
DEAD_LETTER_URL=http://localhost/dead EVENT_SOURCE=tags ITEM_SECONDS=0 ITEM_RESERVE_SECONDS=1 MAX_MESSAGE_BYTES=1048576
s3bucket=bucket ddbtable=table sqsqueue=http://localhost/queue lambdamode=s3path HASH=sha256 CONCURRENCY=1 URL_VALID_SECONDS=60
"""


class Api(BaseHTTPRequestHandler):
    """The Runtime API below its version's path, AWS elsewhere."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if not self.path.endswith("/runtime/invocation/next"):
            return self.aws()
        if self.server.taken.is_set():
            # Lambda freezes a function that asks for the next event.
            self.server.answered.wait()
            return None
        self.server.taken.set()
        deadline = str(int((time.time() + SECONDS) * 1000))
        arn = "arn:aws:lambda:eu-west-1:123456789012:function:function"
        return self.reply(200, self.server.event, {
            "Lambda-Runtime-Aws-Request-Id": "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
            "Lambda-Runtime-Deadline-Ms": deadline,
            "Lambda-Runtime-Invoked-Function-Arn": arn,
        })

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        kind = self.path.rsplit("/", 1)[-1]
        if "/runtime/" not in self.path:
            return self.aws()
        self.reply(202, b'{"status":"OK"}')
        self.server.answer = (kind, body.decode(errors="replace"))
        return self.server.answered.set()

    def aws(self):
        self.server.requests += 1
        self.close_connection = True
        self.reply(404, b"")

    do_PUT = do_DELETE = do_HEAD = aws

    def reply(self, status, body, headers=None):
        self.send_response(status)
        for name, value in {"Content-Length": len(body), **(headers or {})}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Nothing: what counts is the answer."""


class Server(ThreadingHTTPServer):
    """Ends with what it serves."""

    daemon_threads = True

    def handle_error(self, *_):
        """A function that is ended, or gives up a request, leaves a broken connection: nothing to tell."""


def event_of(name):
    """What a function is invoked with, as JSON."""
    event = EVENTS.get(name, CONTEST)
    return (ROOT / event).read_bytes() if isinstance(event, str) else json.dumps(event).encode()


def invoke(runner, program, name):
    """One invocation → whether the function answered, and how."""
    with Server(("127.0.0.1", 0), Api) as server, tempfile.TemporaryFile() as log:
        server.event, server.requests, server.answer = event_of(name), 0, None
        server.taken, server.answered = threading.Event(), threading.Event()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"127.0.0.1:{server.server_port}"
        settings = dict(setting.split("=", 1) for setting in ENVIRONMENT.split())
        settings |= {"AWS_LAMBDA_RUNTIME_API": address, "AWS_ENDPOINT_URL": f"http://{address}", "PATH": os.environ["PATH"]}
        started = time.monotonic()
        function = subprocess.Popen([*runner, program], env=settings, stdout=log, stderr=subprocess.STDOUT)
        while not server.answered.wait(0.05) and function.poll() is None and time.monotonic() < started + 3 * SECONDS:
            pass
        seconds = time.monotonic() - started
        ended = function.poll()
        function.kill()
        function.wait()
        server.answered.set()
        server.shutdown()
        if server.answer is None:
            log.seek(0)
            last = log.read().decode(errors="replace").strip().splitlines()[-1:]
            state = "took the event" if server.taken.is_set() else "did not take the event"
            end = f"did not answer within {seconds:.0f} s" if ended is None else f"ended with {ended}"
            return False, f"FAILED: {state}, {end}: {''.join(last)}"
        kind, body = server.answer
        line = f"{kind} {' '.join(body.split())[:140]} ({seconds:.1f} s, requests to AWS: {server.requests})"
        return server.taken.is_set() and "panicked" not in body, line


def main():
    runner, programs = shlex.split(sys.argv[1]), sys.argv[2:]
    failed = 0
    for program in programs:
        path = pathlib.Path(program)
        # cargo-lambda calls each program the same, in a folder with its name.
        name = path.parent.name if path.name == "bootstrap" else path.name
        answered, line = invoke(runner, program, name)
        failed += not answered
        print(f"   {name}: {line}", flush=True)
    print(f"   {len(programs) - failed} of {len(programs)} answered", flush=True)
    sys.exit(1 if failed or not programs else 0)


main()
