"""Functions get the share of a processor that their memory buys, and are told what they had."""

import json
import os
import pathlib
import re
import signal
import tempfile
import unittest
import urllib.request

import cpu_hierarchies
from emulator_fixture import Emulator, EmulatorTest, custom_runtime, wait_for

PACER = pathlib.Path(__file__).parents[2] / ".lambench/bin/lambench-cpu-pacer"
BURN = """
import subprocess, sys, time
def burn(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
burn(INIT)
CHILD = "import time\\nwhile time.process_time() < 0.2: pass"
def handler(event, context=None):
    if event.get("child"):
        subprocess.run([sys.executable, "-c", CHILD])
    elif event.get("orphan"):
        subprocess.Popen(["sh", "-c", "sleep 300 & echo $! > " + event["orphan"]]).wait()
    else:
        burn(0.2)
"""


class Shares:
    """The same of each mechanism."""

    mechanism = None

    def setUp(self):
        found = self.cpu()
        if not found["mechanism"].startswith(self.mechanism):
            self.skipTest(f"here it is {found['mechanism']}: {found['refusals']}")

    def cpu(self):
        """What the launcher tells."""
        with urllib.request.urlopen(f"{self.emulator.endpoint}/_lambench/cpu") as response:
            return json.load(response)

    def function(self, init_seconds=0.0, **settings):
        """A function that uses 0.2 s of CPU."""
        source = custom_runtime(BURN.replace("INIT", str(init_seconds)))
        return self.deploy(source, runtime="provided.al2023", **settings)

    def measured(self, name):
        """The figures of its invocations: the REPORT's, and ours."""
        lines = [line for line in self.log_lines(name) if line.startswith(("REPORT ", "LAMBENCH_CPU "))]
        figures = [dict(re.findall(r"([A-Z]\w[\w ]*): ([\w.-]+)", line)) for line in lines]
        self.assertEqual(len(figures) % 2, 0, lines)
        return [{**report, **cpu} for report, cpu in zip(figures[::2], figures[1::2])]

    def test_the_handler_is_throttled_and_the_initialization_is_not(self):
        name = self.function(0.3, MemorySize=177)
        self.invoke(name)
        self.invoke(name)
        cold, warm = self.measured(name)
        # With a share of 0.1 it would take 3 s.
        self.assertLess(float(cold["Init Duration"]), 2000)
        for one in (cold, warm):
            self.assertEqual(one["Share"], "0.100")
            self.assertGreater(float(one["CPU"]), 190)
            self.assertGreater(float(one["Duration"]), 1500)
            self.assertGreater(float(one["Throttled"]), 1000)

    def test_processes_that_a_function_starts_share_with_it(self):
        name = self.function(MemorySize=177)
        self.invoke(name, {"child": True})
        self.assertGreater(float(self.measured(name)[0]["Duration"]), 1500)

    def test_a_whole_processor_is_not_throttled(self):
        name = self.function(MemorySize=1769 * os.cpu_count())
        self.invoke(name)
        self.assertEqual(self.measured(name)[0]["Throttled"], "0.00")

    def test_what_functions_had_is_counted(self):
        name = self.function()
        self.invoke(name)
        self.invoke(name)
        told = self.cpu()
        one = told["functions"][name]
        self.assertEqual((one["invocations"], one["unmeasured"]), (2, 0))
        self.assertGreater(one["cpu_ms"], 390)
        self.assertLess(one["waited_ms"], one["duration_ms"])
        invocations = [each for each in told["invocations"] if each["function"] == name]
        requests = [report["REPORT RequestId"] for report in self.reports(name)]
        self.assertEqual([each["request_id"] for each in invocations], requests)
        self.assertAlmostEqual(sum(each["cpu_ms"] for each in invocations), one["cpu_ms"])

    def test_a_function_does_not_see_the_launchers_settings(self):
        source = custom_runtime("import os\ndef handler(event): return sorted(os.environ)")
        names, _ = self.invoke(self.deploy(source, runtime="provided.al2023"))
        self.assertEqual([name for name in names if name.startswith("LAMBENCH_CPU")], [])


class Groups(Shares, EmulatorTest):
    """Where there are control groups."""

    mechanism = "cgroup"

    @classmethod
    def environment(cls):
        return {"LAMBENCH_CPU": "share"}

    def test_a_groups_processes_end_with_it_and_a_killed_launchers_groups_with_the_next_start(self):
        folder = tempfile.TemporaryDirectory(prefix="lambench-cpu-")
        self.addCleanup(folder.cleanup)  # after the emulator's end, which saves its state there
        self.emulator, shared = Emulator(folder.name, self.environment()), self.emulator
        self.addCleanup(setattr, self, "emulator", shared)
        self.emulator.start()
        self.addCleanup(self.emulator.stop)
        orphan = pathlib.Path(folder.name) / "orphan"
        self.invoke(self.function(), {"orphan": str(orphan)})
        pid = int(orphan.read_text())
        self.emulator.process.send_signal(signal.SIGKILL)
        self.emulator.process.wait()
        self.assertTrue(_runs(pid))
        killed = f"lambench-{self.emulator.process.pid}-"
        self.emulator.start()
        wait_for(lambda: not _runs(pid), "the end of a killed launcher's function")
        parents = [parent for _, parent in cpu_hierarchies.candidates()]
        left = lambda: [one for parent in parents for one in parent.glob(f"{killed}*")]
        wait_for(lambda: not left(), "the removal of its groups")


class Paced(Shares, EmulatorTest):
    """Where there are none."""

    mechanism = "pacer"

    @classmethod
    def environment(cls):
        if not PACER.exists():
            raise unittest.SkipTest(f"'{PACER}' is not built")
        return {"LAMBENCH_CPU": "pacer", "LAMBENCH_CPU_PACER": str(PACER)}


class Hierarchies(unittest.TestCase):
    """Where groups may be."""

    def found(self, mounts, own):
        """Names and folders of the candidates."""
        with tempfile.TemporaryDirectory() as folder:
            files = [pathlib.Path(folder, name) for name in ("mountinfo", "cgroup")]
            for file, text in zip(files, (mounts, own)):
                file.write_text(text)
            return [(one.name, str(parent)) for one, parent in cpu_hierarchies.candidates(*files)]

    def test_version_2_is_preferred_and_ones_own_group_to_the_root(self):
        mounts = (
            "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
            "33 31 0:30 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
            "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
        )
        expected = [
            ("cgroup v2", "/sys/fs/cgroup/unified/user.slice/a.scope"),
            ("cgroup v2", "/sys/fs/cgroup/unified"),
            ("cgroup v1", "/sys/fs/cgroup/cpu,cpuacct"),
        ]
        self.assertEqual(self.found(mounts, "2:cpu,cpuacct:/\n0::/user.slice/a.scope\n"), expected)

    def test_a_container_sees_only_its_part_of_the_hierarchy(self):
        mounts = "32 31 0:29 /docker/1 /sys/fs/cgroup rw - cgroup2 cgroup rw,nsdelegate\n"
        self.assertEqual(self.found(mounts, "0::/docker/1/a\n")[0][1], "/sys/fs/cgroup/a")
        self.assertEqual(self.found(mounts, "0::/elsewhere\n"), [("cgroup v2", "/sys/fs/cgroup")])


def _runs(pid):
    try:
        # A zombie that nobody has collected yet has no command line.
        return bool(pathlib.Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False


if __name__ == "__main__":
    unittest.main()
