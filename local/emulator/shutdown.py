"""Ends the process as soon as its state is on disk.

MiniStack then waits for every running invocation and execution, although their results are lost.
"""

import os
import sys

from ministack import app

import cpu_share
from upstream_checks import require


def apply():
    """Exit when the application has reported to the server that it is done."""
    original = require(app, "app", ["scope", "receive", "send"])

    async def asgi(scope, receive, send):
        await original(scope, receive, send)
        if scope["type"] == "lifespan":
            cpu_share.close()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(0)

    app.app = asgi
