"""A contender for each way to fail: the fault is the last word of the function's name.

Deployed as contenders/python/<fault>/ by the end-to-end tests. `other` and `slow` build a valid archive.
"""

import io
import os
import time
import zipfile

import boto3

FAULT = os.environ["AWS_LAMBDA_FUNCTION_NAME"].rsplit("-", 1)[1]
s3 = boto3.client("s3")


def handler(event, _context):
    if FAULT == "crash":
        raise RuntimeError("this contender always crashes")
    if FAULT == "exit":
        os._exit(3)
    if FAULT == "hang":
        time.sleep(600)
    if FAULT == "greedy":
        hoard = bytearray(400 * 2**20)
        hoard[:: 2**12] = b"x" * len(hoard[:: 2**12])
    if FAULT == "slow":
        time.sleep(12)
    if FAULT == "noarchive":
        return
    if FAULT == "elsewhere":
        s3.put_object(Bucket=event["bucket_name"], Key="elsewhere", Body=b"")
    s3.put_object(Bucket=event["bucket_name"], Key=event["archive_key"], Body=archive(event))


def archive(event):
    """The archive, with the fault in it."""
    entries = list(sources(event["bucket_name"], event["files_prefix"]))
    if FAULT == "missing":
        entries = entries[:-1]
    if FAULT == "duplicate":
        entries.append(entries[0])
    if FAULT == "unknown":
        entries.append(("0" * 64, b"nobody's"))
    if FAULT == "mismatch":
        entries[0] = (entries[0][0], b"other content")
    if FAULT == "nested":
        entries[0] = ("files/" + entries[0][0], entries[0][1])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        for name, content in entries:
            zipped.writestr(zipfile.ZipInfo(name), content)
    whole = buffer.getvalue()
    return whole[: len(whole) // 2] if FAULT == "truncated" else whole


def sources(bucket, prefix):
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix + "/"):
        for item in page.get("Contents", []):
            key = item["Key"]
            yield key.rsplit("/", 1)[1], s3.get_object(Bucket=bucket, Key=key)["Body"].read()
