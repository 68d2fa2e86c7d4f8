"""Requests that no SDK can be made to send: their clients complete or refuse them."""

import http.client
import socket
import unittest
import urllib.parse

from raw_http import UNSIGNED, Answer, SignedPut, send
from s3_fixture import S3Test


class RawHttp(S3Test):
    def test_a_put_without_a_length_is_refused(self):
        request = SignedPut(self, "key", UNSIGNED)
        answer = send("PUT", request.url, request.headers)
        self.assertEqual((answer.status, answer.code), (411, "MissingContentLength"))
        self.assert_missing("key")

    # Observed of S3 by many, e.g. github.com/JuliaWeb/HTTP.jl/issues/98.
    def test_a_put_in_http_chunks_is_not_implemented(self):
        request = SignedPut(self, "key", UNSIGNED)
        headers = {**request.headers, "Transfer-Encoding": "chunked"}
        answer = send("PUT", request.url, headers, b"7\r\ncontent\r\n0\r\n\r\n")
        self.assertEqual((answer.status, answer.code), (501, "NotImplemented"))
        self.assert_missing("key")

    def test_a_body_that_ends_early_stores_nothing(self):
        place = urllib.parse.urlsplit(self.endpoint)
        if place.scheme != "http":
            raise unittest.SkipTest("TLS cannot be closed in one direction")
        request = SignedPut(self, "key", UNSIGNED)
        head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
        target = urllib.parse.urlsplit(request.url).path
        head = f"PUT {target} HTTP/1.1\r\nHost: {place.netloc}\r\n{head}Content-Length: 100\r\n\r\n"
        with socket.create_connection((place.hostname, place.port or 80), timeout=60) as connection:
            connection.sendall(head.encode() + b"content")
            connection.shutdown(socket.SHUT_WR)
            response = http.client.HTTPResponse(connection)
            response.begin()
            answer = Answer(response)
        self.assertEqual((answer.status, answer.code), (400, "IncompleteBody"))
        self.assert_missing("key")
