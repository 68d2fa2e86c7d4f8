"""Control groups that give execution environments a share of a processor, by CFS bandwidth control.

The files: https://docs.kernel.org/scheduler/sched-bwc.html, https://docs.kernel.org/admin-guide/cgroup-v2.html.
"""

import errno
import os
import pathlib
import queue
import signal
import subprocess
import threading
import time

import cpu_hierarchies

PERIOD_US = 20_000
# The kernel refuses quotas below 1 ms.
LEAST_QUOTA_US = 1_000
PREFIX = "lambench-"
# MiniStack asks a process to end, and kills it 2 s later; what is left after this is killed here.
GRACE_SECONDS = 3
POLL_SECONDS = 0.05


class Groups:
    """The groups of one launcher, in a folder of its own."""

    def __init__(self, hierarchy, parent):
        self.hierarchy = hierarchy
        self.name = hierarchy.name
        self.folder = parent / f"{PREFIX}{os.getpid()}-{_start_time(os.getpid())}"
        self.count = 0
        self.ended = queue.SimpleQueue()
        _remove_leftovers(parent)
        hierarchy.prepare(parent)
        self.folder.mkdir()
        try:
            hierarchy.delegate(self.folder)
            self._try()
        except OSError:
            self.folder.rmdir()
            raise
        threading.Thread(target=self._remove_ended, daemon=True, name="cpu-groups").start()

    def create(self, _pid):
        """A new group, without a limit yet."""
        self.count += 1
        folder = self.folder / str(self.count)
        folder.mkdir()
        return Group(self, folder)

    def close(self):
        """End everything that runs in groups, and remove them."""
        _remove_all(self.folder)

    def _remove_ended(self):
        while True:
            group, deadline = self.ended.get()
            while group.pids() and time.monotonic() < deadline:
                time.sleep(POLL_SECONDS)
            while not _remove(group.folder):
                time.sleep(POLL_SECONDS)

    def _try(self):
        # What is allowed shows only when a process is moved and limited.
        group = self.create(None)
        with subprocess.Popen(["sleep", "60"]) as process:
            try:
                group.add(process.pid)
                group.limit(0.5)
            finally:
                process.kill()
                process.wait()
                group.folder.rmdir()


class Group:
    """The group of one execution environment; processes that are started in it belong to it."""

    def __init__(self, groups, folder):
        self.groups = groups
        self.hierarchy = groups.hierarchy
        self.folder = folder

    def add(self, pid):
        """Move a process into it."""
        (self.folder / "cgroup.procs").write_text(str(pid))

    def limit(self, share):
        """From now on, so many processors together."""
        period = max(PERIOD_US, round(LEAST_QUOTA_US / share))
        try:
            self.hierarchy.limit(self.folder, round(share * period), period)
        except OSError as error:
            # Version 1 refuses more than an outer group has: that limit is the one that holds.
            if error.errno != errno.EINVAL:
                raise

    def pids(self):
        """Its processes."""
        return _pids(self.folder)

    def cpu_seconds(self):
        """The CPU time of all processes that it has and had; None if the kernel does not count it by group."""
        return self.hierarchy.cpu_seconds(self.folder)

    def throttled_seconds(self):
        """How long its threads were kept from running, added up over the processors."""
        return self.hierarchy.throttled_seconds(self.folder)

    def end(self):
        """Its environment ends: remove it as soon as its processes are gone, and kill what stays."""
        self.groups.ended.put((self, time.monotonic() + GRACE_SECONDS))


def find(scope=None):
    """The groups of the first hierarchy that lets us have some, or None; and what is wrong with the better ones.

    `scope` is the name of what has given this process a group of its own of version 2.
    """
    refusals = []
    candidates = cpu_hierarchies.candidates()
    for hierarchy, parent in candidates:
        try:
            groups = Groups(hierarchy, parent)
            if scope is not None and (hierarchy, parent) == candidates[0] and hierarchy.name == "cgroup v2":
                groups.name = scope
            return groups, refusals
        except OSError as error:
            refusals.append(f"{hierarchy.name}: {error.strerror}: '{error.filename or parent}'")
    return None, refusals or ["no control groups are mounted"]


def _pids(folder):
    try:
        return [int(pid) for pid in (folder / "cgroup.procs").read_text().split()]
    except OSError:
        return []


def _remove(folder):
    """Kill what runs in a group and remove it; False if that takes longer."""
    for pid in _pids(folder):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    try:
        folder.rmdir()
    except FileNotFoundError:
        pass
    except OSError:
        return False
    return True


def _remove_leftovers(parent):
    """The groups of launchers that were killed, with the functions that still run in them."""
    for folder in parent.glob(f"{PREFIX}*-*"):
        pid, _, started = folder.name.removeprefix(PREFIX).partition("-")
        if _start_time(pid) == started or not os.access(folder, os.W_OK):
            continue
        _remove_all(folder)


def _remove_all(folder):
    """Remove a launcher's groups; what does not end within a second is left for the next start."""
    deadline = time.monotonic() + 1
    while True:
        groups = [one for one in folder.glob("*") if one.is_dir()]
        if all([_remove(group) for group in groups]) and _remove(folder) or time.monotonic() > deadline:
            return
        time.sleep(POLL_SECONDS)


def _start_time(pid):
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return stat.rpartition(") ")[2].split()[19]
