"""Threads for what may call back into this server: as many as are wanted at once, and used again."""

from concurrent.futures import ThreadPoolExecutor

# No call waits for a thread: it might hold up the one that it waits for.
POOL = ThreadPoolExecutor(max_workers=10_000, thread_name_prefix="reentrant")
