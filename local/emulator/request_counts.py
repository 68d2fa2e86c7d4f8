"""Counts each function's S3 requests by price class: on AWS they are part of what a run costs.

A function is known by its environments' access keys.
"""

import re
from urllib.parse import parse_qs

from ministack import app

import http_responses
import credentials
import s3_model
from upstream_checks import require

PATH = "/_lambench/requests"
_CREDENTIAL = re.compile(r"Credential=([^/,]+)/\d+/[^/,]+/s3/")
_LISTING = {"list-type", "uploads", "versions", "prefix", "delimiter", "marker", "max-keys", "encoding-type"}
_SIGNING = {"x-id", "AWSAccessKeyId", "Signature", "Expires", "x-amz-security-token"} | {
    f"X-Amz-{name}"
    for name in ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature", "Security-Token")
}
# Prefixes of the names of operations; all others are writes.
_DELETES = ("Delete", "Abort")
_READS = ("Get", "Head", "Select")
# The model's name for requests that it refused before it knew the operation.
_REJECTED = "Rejected"
_CLASSES = {"writes": 0, "reads": 0, "deletes": 0}
_COUNTERS = ("bytes_in", "bytes_out", "slow_downs")

_counts = {}


def apply():
    """Count every incoming request."""
    require(app, "_extract_s3_vhost_bucket", ["host"])
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


def operation_class(operation):
    """The same for the name of an operation; `ListParts` and the other lists are writes."""
    if operation.startswith(_DELETES):
        return "deletes"
    return "reads" if operation.startswith(_READS) else "writes"


def by_function(rows):
    """The model's counters by function; 5xx responses are free."""
    functions = {}
    for row in rows:
        function = credentials.function_of(row["access_key"])
        if function is None or row["operation"] == _REJECTED:
            continue
        counts = functions.setdefault(function, {**_CLASSES, **dict.fromkeys(_COUNTERS, 0)})
        counts[operation_class(row["operation"])] += row["requests"] - row["server_errors"]
        for name in _COUNTERS:
            counts[name] += row[name]
    return functions


def _counting(original):
    async def asgi(scope, receive, send):
        if scope["type"] == "http":
            if scope["path"] == PATH:
                body = by_function(await s3_model.counters()) if s3_model.is_used() else _counts
                await http_responses.send(send, 200, body)
                return
            key, query = _signer(scope)
            if key is not None and s3_model.is_used():
                await http_responses.send(send, 400, s3_model.wrong_address_error(), "application/xml")
                return
            _count(scope, key, query)
        await original(scope, receive, send)

    return asgi


def _signer(scope):
    """The access key of an S3 request, or None for other requests; and the query of its URL."""
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    return _access_key(dict(scope["headers"]), query), query


def _count(scope, key, query):
    if function := credentials.function_of(key):
        counts = _counts.setdefault(function, dict(_CLASSES))
        host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
        counts[price_class(scope["method"], scope["path"], query, host)] += 1


def _access_key(headers, query):
    """The access key of an S3 request, from its header or its presigned URL; else None."""
    signed = headers.get(b"authorization", b"").decode("latin-1")
    presigned = "Credential=" + query.get("X-Amz-Credential", [""])[0]
    credential = _CREDENTIAL.search(signed) or _CREDENTIAL.match(presigned)
    # Only S3 still accepts Signature Version 2 in URLs, which boto3 uses in us-east-1.
    return credential.group(1) if credential else query.get("AWSAccessKeyId", [None])[0]
