"""The S3 model beside this emulator: its address, its counters, and the error for S3 requests that come here.

A client that used this server for S3 would see other buckets than all other clients.
"""

import asyncio
import json
import os
import urllib.request

import threads

VARIABLE = "LAMBENCH_S3_ADMIN"
# The SDKs read it, and functions inherit it.
ENDPOINT = "AWS_ENDPOINT_URL_S3"

_admin = None


def configure(environment=os.environ):
    """Read where its admin endpoint is; functions need not know."""
    global _admin
    _admin = environment.pop(VARIABLE, None)


def is_used():
    """Whether it answers S3's requests, instead of MiniStack."""
    return _admin is not None


async def counters():
    """Its counters, by operation and access key."""
    return await asyncio.get_running_loop().run_in_executor(threads.POOL, _counters)


def wrong_address_error():
    """The response to a client that asks here for a bucket."""
    return (
        "<Error><Code>InvalidRequest</Code><Message>S3 of the local environment is at "
        f"{os.environ.get(ENDPOINT)}, not here: set {ENDPOINT}, as lambench local env does</Message></Error>"
    )


def _counters():
    with urllib.request.urlopen(f"{_admin}/counters", timeout=5) as response:
        return json.load(response)["requests"]
