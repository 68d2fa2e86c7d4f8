"""Signed requests with the headers and bodies that a check gives them, also those that no SDK would send."""

import hashlib
import http.client
import urllib.parse
import xml.etree.ElementTree

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

SIGNED_CHUNKS = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_CHUNKS_AND_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
CHUNKS_AND_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
UNSIGNED = "UNSIGNED-PAYLOAD"
NOTHING = hashlib.sha256(b"").hexdigest()


class Answer:
    """An answer, read to its end."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def code(self):
        """The code of an error."""
        return xml.etree.ElementTree.fromstring(self.body).findtext("Code") if self.body else None


def send(method, url, headers=(), body=b""):
    """Send headers and then a body, neither added to; returns the answer."""
    place = urllib.parse.urlsplit(url)
    kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
    connection = kinds[place.scheme](place.netloc, timeout=60)
    try:
        target = urllib.parse.urlunsplit(("", "", place.path or "/", place.query, ""))
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in dict(headers).items():
            connection.putheader(name, value)
        connection.endheaders(body or None)
        return Answer(connection.getresponse())
    finally:
        connection.close()


class _Signer(S3SigV4Auth):
    """Signs a request with `kind` for what its payload is."""

    def __init__(self, keys, region, kind):
        super().__init__(Credentials(*keys), "s3", region)
        self.kind = kind

    def payload(self, request):
        return self.kind


class SignedPut:
    """A PUT to a key of the test's bucket, signed, not sent yet.

    `payload` is the value of x-amz-content-sha256; `chunked_length` counts what the chunks hold, not their frames."""

    def __init__(self, test, key, payload, *, chunked_length=None, query="", headers=()):
        self.url = f"{test.endpoint}/{test.bucket}/{urllib.parse.quote(key)}{query and '?'}{query}"
        headers = dict(headers)
        if chunked_length is not None:
            chunked = {"content-encoding": "aws-chunked", "x-amz-decoded-content-length": str(chunked_length)}
            headers = {**chunked, **headers}
        self._request = AWSRequest("PUT", self.url, headers=headers)
        self._signer = _Signer(test.keys, test.region, payload)
        self._signer.add_auth(self._request)
        self.headers = dict(self._request.headers.items())
        self._last = self.headers["Authorization"].rpartition("Signature=")[2]

    def send(self, body, length=None):
        """Send the body; `length` is what Content-Length claims."""
        length = {"Content-Length": str(len(body) if length is None else length)}
        return send("PUT", self.url, {**self.headers, **length}, body)

    def chunk(self, data):
        """A chunk with its signature; the one without data is the last."""
        empty = hashlib.sha256(b"").hexdigest()
        signature = self._sign("AWS4-HMAC-SHA256-PAYLOAD", empty, hashlib.sha256(data).hexdigest())
        head = f"{len(data):x};chunk-signature={signature}\r\n".encode()
        return head + data + b"\r\n" if data else head

    def trailer(self, name, value):
        """A trailing header with its signature."""
        hashed = hashlib.sha256(f"{name}:{value}\n".encode()).hexdigest()
        signature = self._sign("AWS4-HMAC-SHA256-TRAILER", hashed)
        return f"{name}:{value}\r\nx-amz-trailer-signature:{signature}\r\n".encode()

    def _sign(self, algorithm, *hashes):
        """docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html, …/sigv4-streaming-trailers.html"""
        scope = self._signer.credential_scope(self._request)
        lines = [algorithm, self._request.context["timestamp"], scope, self._last, *hashes]
        self._last = self._signer.signature("\n".join(lines), self._request)
        return self._last


def unsigned_chunks(data, trailer, value):
    """A body of one chunk without a signature, and a trailing header."""
    return f"{len(data):x}\r\n".encode() + data + f"\r\n0\r\n{trailer}:{value}\r\n\r\n".encode()
