"""Serves requests with fewer threads, system calls and waits.

Each of them lets another thread run, for up to 5 ms if that one computes. MiniStack starts a thread for an invocation,
waits until it runs, asks the system for random numbers several times, and sends a response in pieces.
"""

import asyncio
import contextvars
import os
import random
import sys
import uuid

import h11
from hypercorn.config import Config
from hypercorn.events import RawData
from hypercorn.protocol.h11 import H11Protocol
from ministack import app
from ministack.core import concurrency

import threads
from upstream_checks import require

# How long a thread may hold the interpreter's lock; Python's own value is five times as much.
SWITCH_SECONDS = 0.001


def apply():
    """Replace what costs most, also in modules that have imported a function by its name."""
    sys.setswitchinterval(SWITCH_SECONDS)
    original = require(concurrency, "run_reentrant", ["fn"])
    for module in list(sys.modules.values()):
        if getattr(module, "run_reentrant", None) is original:
            module.run_reentrant = run
    uuid.uuid4 = _uuid4
    require(app, "os")
    app.os = System()
    require(H11Protocol, "_send_h11_event", ["self", "event"])
    H11Protocol._send_h11_event = _send
    # No client of this server needs connections to be closed from time to time.
    require(Config, "keep_alive_max_requests")
    Config.keep_alive_max_requests = sys.maxsize


class System:
    """The `os` module of MiniStack's server, which uses random bytes only for the ids of its responses."""

    urandom = staticmethod(random.randbytes)

    def __getattr__(self, name):
        return getattr(os, name)


async def run(fn, *arguments, thread_name=None):
    """Run what blocks in a thread; a cancelled caller waits for its end, as in MiniStack."""
    call = contextvars.copy_context().run
    future = asyncio.get_running_loop().run_in_executor(threads.POOL, call, fn, *arguments)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        while not future.done():
            try:
                await asyncio.wait({future})
            except asyncio.CancelledError:
                continue
        # No caller is left.
        future.exception()
        raise


def _uuid4():
    return uuid.UUID(int=random.getrandbits(128), version=4)


async def _send(self, event):
    try:
        data = self.connection.send(event)
    except h11.LocalProtocolError:
        if self.connection.their_state != h11.ERROR:
            raise
        return
    # The head of a response is sent together with what follows it.
    data = getattr(self, "_head", b"") + (data or b"")
    self._head = data if isinstance(event, h11.Response) else b""
    if data and not self._head:
        await self.send(RawData(data=data))
