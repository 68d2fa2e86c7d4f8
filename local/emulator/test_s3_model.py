"""S3 beside the emulator: who may sign, what a function's requests are, and that there is one S3."""

import http.server
import json
import threading
import unittest
import urllib.error
import urllib.request

import request_counts
from emulator_fixture import EmulatorTest


class Model(http.server.BaseHTTPRequestHandler):
    """An admin endpoint; the rows are the test's."""

    rows = []

    def do_GET(self):
        """Tell the counters."""
        body = json.dumps({"requests": self.rows}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        """Say nothing."""


class BesideTheModel(EmulatorTest):
    """A launcher that is told of a model."""

    @classmethod
    def environment(cls):
        """What `lambench local start` sets."""
        cls.model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
        threading.Thread(target=cls.model.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.model.shutdown)
        admin = f"http://127.0.0.1:{cls.model.server_address[1]}"
        return {"LAMBENCH_S3_ADMIN": admin, "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9"}

    def credentials(self, key):
        """What the model is told of a key; None if nobody has it."""
        url = f"{self.emulator.endpoint}/_lambench/credentials?access_key={key}"
        try:
            with urllib.request.urlopen(url) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            self.assertEqual(error.code, 404)
            return None

    def test_each_environment_has_its_own_key_whose_requests_are_its_functions(self):
        source = """
import os, time
def handler(event, context):
    time.sleep(event["seconds"])
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3", "LAMBENCH_S3_ADMIN")
    return [os.environ.get(name) for name in names]
"""
        policy = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::a/*"}
        name = self.deploy(source, policy=policy)
        slow = []
        thread = threading.Thread(target=lambda: slow.append(self.invoke(name, {"seconds": 1})[0]))
        thread.start()
        other = self.invoke(name, {"seconds": 1})[0]
        thread.join()
        keys = [slow[0][0], other[0]]
        self.assertNotEqual(*keys)
        for key, secret, token, endpoint, admin in (slow[0], other):
            told = self.credentials(key)
            policies = told.pop("policies")
            self.assertEqual(told, {"secret_key": secret, "session_token": token})
            self.assertRegex(policies["principal"], f"^arn:aws:sts::[0-9]{{12}}:assumed-role/{name}/")
            statement = {**policy, "Resource": [policy["Resource"]], "Condition": {}}
            self.assertEqual((policies["statements"], policies["limits"]), ([statement], []))
            self.assertEqual((endpoint, admin), ("http://127.0.0.1:9", None))
        row = {"bytes_in": 5, "bytes_out": 7, "slow_downs": 1, "server_errors": 2}
        operations = ["PutObject", "ListParts", "GetObject", "HeadObject", "DeleteObjects", "Rejected"]
        Model.rows = [{**row, "operation": operation, "access_key": keys[0], "requests": 10} for operation in operations]
        Model.rows += [{**row, "operation": "GetObject", "access_key": key, "requests": 3} for key in (keys[1], "test")]
        expected = {"writes": 16, "reads": 17, "deletes": 8, "bytes_in": 30, "bytes_out": 42, "slow_downs": 6}
        self.assertEqual(self.emulator.request_counts(), {name: expected})

    def test_a_key_that_nobody_was_given_is_unknown(self):
        self.assertIsNone(self.credentials("ASIA0000000000000000"))

    def test_a_client_that_asks_the_emulator_for_a_bucket_is_told_where_s3_is(self):
        client = self.emulator.client("s3")
        with self.assertRaisesRegex(client.exceptions.ClientError, "S3 of the local environment is at http://127.0.0.1:9"):
            client.list_buckets()


class PriceClasses(unittest.TestCase):
    """Operations by what they cost."""

    def test_an_operation_costs_what_its_request_costs(self):
        for operation, expected in {
            "CopyObject": "writes",
            "UploadPartCopy": "writes",
            "ListObjectsV2": "writes",
            "CompleteMultipartUpload": "writes",
            "GetObjectTagging": "reads",
            "HeadBucket": "reads",
            "AbortMultipartUpload": "deletes",
        }.items():
            self.assertEqual(request_counts.operation_class(operation), expected, operation)
