"""Measures how exactly functions get their share of a processor: what 2 s of CPU take at several memory sizes.

Run it on a quiet machine: `make bench-cpu`, as root and as another user.
"""

import json
import os
import tempfile
import threading
import urllib.request

from emulator_fixture import Emulator, EmulatorTest, custom_runtime
from test_cpu_share import PACER

SECONDS = 2
SIZES_MB = (128, 256, 512, 1024, 1769)
AT_ONCE = (1, 2)
BURN = f"""
import time
def handler(event, context=None):
    end = time.process_time() + {SECONDS}
    while time.process_time() < end:
        pass
"""


def main():
    """Print a table for each mechanism that this machine offers."""
    for mode in ("share", "pacer"):
        with tempfile.TemporaryDirectory(prefix="lambench-cpu-") as folder:
            bench = Bench()
            bench.emulator = Emulator(folder, {"LAMBENCH_CPU": mode, "LAMBENCH_CPU_PACER": str(PACER)})
            bench.emulator.start()
            try:
                bench.measure()
            finally:
                bench.emulator.stop()


class Bench(EmulatorTest):
    """The tests' ways to deploy and invoke."""

    def runTest(self):
        """Nothing: it is used as a library."""

    def measure(self):
        """Print the table of one emulator."""
        with urllib.request.urlopen(f"{self.emulator.endpoint}/_lambench/cpu") as response:
            mechanism = json.load(response)["mechanism"]
        print(f"{mechanism}, user {os.getuid()}\nmemory MB  at once  seconds  expected  error")
        for memory_mb in SIZES_MB:
            expected = SECONDS / min(1, memory_mb / 1769)
            for count in AT_ONCE:
                for seconds in self.durations(memory_mb, count):
                    error = 100 * (seconds / expected - 1)
                    print(f"{memory_mb:9}  {count:7}  {seconds:7.2f}  {expected:8.2f}  {error:+.1f} %", flush=True)

    def durations(self, memory_mb, count):
        """How long so many functions at once take, each with so much memory."""
        source = custom_runtime(BURN)
        settings = {"runtime": "provided.al2023", "MemorySize": memory_mb, "Timeout": 120}
        names = [self.deploy(source, **settings) for _ in range(count)]
        threads = [threading.Thread(target=self.invoke, args=[name]) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return [float(self.reports(name)[0]["Duration"].removesuffix(" ms")) / 1000 for name in names]


if __name__ == "__main__":
    main()
