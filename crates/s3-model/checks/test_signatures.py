"""Who may ask: signatures, and URLs that carry one.

docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, …/sigv4-query-string-auth.html"""

import datetime
import urllib.parse
from unittest import mock

import boto3
import botocore
import botocore.auth
from botocore.config import Config

from raw_http import send
from s3_fixture import S3Test

NOW = botocore.auth.get_current_datetime


def clock(**ahead):
    """Sign at another time."""
    ahead = datetime.timedelta(**ahead)
    return mock.patch("botocore.auth.get_current_datetime", lambda *args, **named: NOW(*args, **named) + ahead)


class Signatures(S3Test):
    def presigned(self, method, key="key", seconds=60, **settings):
        """A URL for a method of the client."""
        place = {"Bucket": self.bucket, "Key": key, **settings}
        return self.s3.generate_presigned_url(method, Params=place, ExpiresIn=seconds)

    def assert_refused(self, answer, status, code, message=""):
        self.assertEqual((answer.status, answer.code), (status, code))
        self.assertIn(message, answer.body.decode())

    def test_an_unknown_access_key_is_invalid(self):
        client = self.client(keys=("AKIAUNKNOWN000000000", "secret", None))
        self.addCleanup(client.close)
        with self.refused(403, "InvalidAccessKeyId"):
            client.put_object(Bucket=self.bucket, Key="key", Body=b"content")
        self.assert_missing("key")

    def test_a_wrong_secret_does_not_match(self):
        client = self.client(keys=(self.keys[0], "wrong", self.keys[2]))
        self.addCleanup(client.close)
        with self.refused(403, "SignatureDoesNotMatch"):
            client.put_object(Bucket=self.bucket, Key="key", Body=b"content")
        self.assert_missing("key")

    def test_without_a_signature_access_is_denied(self):
        self.put("key")
        config = Config(signature_version=botocore.UNSIGNED)
        client = boto3.client("s3", endpoint_url=self.endpoint, region_name=self.region, config=config)
        self.addCleanup(client.close)
        with self.refused(403, "AccessDenied"):
            client.get_object(Bucket=self.bucket, Key="key")

    def test_a_clock_off_by_more_than_15_minutes_is_refused(self):
        for minutes in (-16, 16):
            with self.subTest(minutes), clock(minutes=minutes), self.refused(403, "RequestTimeTooSkewed"):
                self.put("key")
        with clock(minutes=-14):
            self.put("key")

    def test_a_presigned_url_gets_an_object(self):
        self.put("a b/ü+%20")
        answer = send("GET", self.presigned("get_object", "a b/ü+%20"))
        self.assertEqual((answer.status, answer.body), (200, b"content"))

    def test_a_presigned_url_puts_an_object(self):
        url = self.presigned("put_object")
        answer = send("PUT", url, {"Content-Length": "7"}, b"content")
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(self.content("key"), b"content")

    def test_a_presigned_url_expires(self):
        self.put("key")
        with clock(seconds=-120):
            urls = {seconds: self.presigned("get_object", seconds=seconds) for seconds in (60, 600)}
        self.assert_refused(send("GET", urls[60]), 403, "AccessDenied", "Request has expired")
        self.assertEqual(send("GET", urls[600]).body, b"content")

    def test_a_presigned_url_is_valid_for_7_days_at_most(self):
        self.put("key")
        week = 7 * 24 * 3600
        self.assertEqual(send("GET", self.presigned("get_object", seconds=week)).body, b"content")
        answer = send("GET", self.presigned("get_object", seconds=week + 1))
        self.assert_refused(answer, 400, "AuthorizationQueryParametersError")

    def test_a_presigned_url_is_for_one_key_and_method(self):
        self.put("key")
        self.put("other")
        url = self.presigned("get_object")
        place = urllib.parse.urlsplit(url)
        other = urllib.parse.urlunsplit(place._replace(path=place.path.replace("/key", "/other")))
        self.assert_refused(send("GET", other), 403, "SignatureDoesNotMatch")
        self.assert_refused(send("DELETE", url), 403, "SignatureDoesNotMatch")
        self.assertEqual(self.content("key"), b"content")
