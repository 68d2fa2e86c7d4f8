"""The S3 model beside this emulator: where it is, what it counted, and that nobody asks stock's S3 instead.

A client that took this server for S3, too, would see other buckets than everybody else.
"""

import asyncio
import json
import os
import urllib.request

import threads

VARIABLE = "LAMBENCH_S3_ADMIN"
# What the SDKs read, and functions inherit.
ENDPOINT = "AWS_ENDPOINT_URL_S3"

_admin = None


def configure(environment=os.environ):
    """Learn where its admin endpoint is; functions needn't know."""
    global _admin
    _admin = environment.pop(VARIABLE, None)


def is_used():
    """Whether it is S3, and not stock's."""
    return _admin is not None


async def counters():
    """What was asked of it, by operation and access key."""
    return await asyncio.get_running_loop().run_in_executor(threads.POOL, _counters)


def refusal():
    """What a client is told that asks here for a bucket."""
    return (
        "<Error><Code>InvalidRequest</Code><Message>S3 of the local environment is at "
        f"{os.environ.get(ENDPOINT)}, not here: set {ENDPOINT}, as lambench local env does</Message></Error>"
    )


def _counters():
    with urllib.request.urlopen(f"{_admin}/counters", timeout=5) as response:
        return json.load(response)["requests"]
