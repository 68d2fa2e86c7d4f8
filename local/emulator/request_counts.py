"""Counts each function's S3 requests by price class: on AWS they are part of what a run costs.

A function is known by its access key, which belongs to it alone.
"""

import json
import re
from urllib.parse import parse_qs

from ministack import app
from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from stock import require

PATH = "/_lambench/requests"
_CREDENTIAL = re.compile(r"Credential=([^/,]+)/\d+/[^/,]+/s3/")
_LISTING = {"list-type", "uploads", "versions", "prefix", "delimiter", "marker", "max-keys", "encoding-type"}
_SIGNING = {"x-id", "AWSAccessKeyId", "Signature", "Expires", "x-amz-security-token"} | {
    f"X-Amz-{name}"
    for name in ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature", "Security-Token")
}

_functions = {}
_counts = {}


def apply():
    """Learn the access keys, and look at every request on its way in."""
    stock = require(lambda_runtime, "execution_credentials", ["config"])
    require(lambda_svc, "execution_credentials", ["config"])
    require(app, "_extract_s3_vhost_bucket", ["host"])

    def credentials(config):
        issued = stock(config)
        _functions[issued["AWS_ACCESS_KEY_ID"]] = config.get("FunctionName", "")
        return issued

    lambda_runtime.execution_credentials = credentials
    lambda_svc.execution_credentials = credentials
    app.app = _counting(require(app, "app", ["scope", "receive", "send"]))


def price_class(method, path, query, host):
    """`writes` (PUT, COPY, POST, LIST), `reads` (GET, HEAD and the rest) or `deletes` (free of charge)."""
    if method == "DELETE" or (method == "POST" and "delete" in query):
        return "deletes"
    if method in ("PUT", "POST"):
        return "writes"
    bucket_only = path == "/" if app._extract_s3_vhost_bucket(host) else "/" not in path.strip("/")
    lists_bucket = bucket_only and (_LISTING & set(query) or set(query) <= _SIGNING)
    if method == "GET" and (lists_bucket or "uploadId" in query):
        return "writes"
    return "reads"


def _counting(stock):
    async def asgi(scope, receive, send):
        if scope["type"] == "http":
            if scope["path"] == PATH:
                await _answer(send)
                return
            _count(scope)
        await stock(scope, receive, send)

    return asgi


def _count(scope):
    headers = dict(scope["headers"])
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    function = _functions.get(_access_key(headers, query))
    if function:
        counts = _counts.setdefault(function, {"writes": 0, "reads": 0, "deletes": 0})
        host = headers.get(b"host", b"").decode("latin-1")
        counts[price_class(scope["method"], scope["path"], query, host)] += 1


def _access_key(headers, query):
    """The key an S3 request is signed with, in its header or, presigned, in its address; else None."""
    signed = headers.get(b"authorization", b"").decode("latin-1")
    presigned = "Credential=" + query.get("X-Amz-Credential", [""])[0]
    credential = _CREDENTIAL.search(signed) or _CREDENTIAL.match(presigned)
    # Only S3 still takes addresses signed the old way, which is what boto3 makes in us-east-1.
    return credential.group(1) if credential else query.get("AWSAccessKeyId", [None])[0]


async def _answer(send):
    body = json.dumps(_counts).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
