"""Says how long `make demo` takes on this machine: what it did where it was measured, less what is there already, scaled by
how many processors there are and how fast one is. Usage: estimate.py TARGET"""

import os
import sys
import time
from pathlib import Path

# What is made, how one sees that it is there, and what it took: seconds of a processor's work, and seconds of waiting
# (downloads, functions that run), of which more processors take nothing away.
PARTS = [
    ("npm packages", "node_modules/.package-lock.json", 10, 8),
    ("Python packages", ".lambench/venv/.done", 12, 10),
    ("the Pulumi CLI", ".lambench/pulumi/.done", 400, 20),
    ("functions and lambench", "{target}/debug/lambench", 1300, 20),
    ("deployment and contest", None, 25, 30),
]
# Cargo and Go have this many things to do at once for most of the time.
MOST_PROCESSORS = 8
# What `reference` takes there, in seconds.
REFERENCE = 0.045


def reference():
    """The seconds that a fixed piece of work takes one processor here, the fastest of some tries."""

    def once():
        start = time.perf_counter()
        sum(number * number for number in range(1_000_000))
        return time.perf_counter() - start

    return min(once() for _ in range(5))


def duration(seconds):
    """As one says it."""
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"


def main():
    processors = len(os.sched_getaffinity(0))
    factor = reference() / REFERENCE / min(processors, MOST_PROCESSORS)
    missing = {
        name: work * factor + waiting
        for name, sign, work, waiting in PARTS
        if sign is None or not Path(sign.format(target=sys.argv[1])).exists()
    }
    parts = ", ".join(f"{name} {duration(seconds)}" for name, seconds in missing.items())
    plural = "processor" if processors == 1 else "processors"
    print(f"This takes about {duration(sum(missing.values()))} here ({processors} {plural}): {parts}.")


main()
