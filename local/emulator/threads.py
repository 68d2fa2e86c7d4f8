"""Threads for what may call back into this server: as many as are needed, and reused."""

from concurrent.futures import ThreadPoolExecutor

# No call may wait for a thread: it could block the call that it waits for.
POOL = ThreadPoolExecutor(max_workers=10_000, thread_name_prefix="reentrant")
