"""Limits and memory of a process tree, and how to end it."""

import os
import resource
import signal

# Lambda's quota of file descriptors (Lambda quotas page).
DESCRIPTORS = 1024


def tree(pid):
    """The process and all its living descendants, parents first."""
    found = [pid]
    for parent in found:
        try:
            for task in os.listdir(f"/proc/{parent}/task"):
                with open(f"/proc/{parent}/task/{task}/children") as children:
                    found.extend(int(child) for child in children.read().split())
        except OSError:
            continue
    return found


def limit_descriptors(pid):
    """Let a process, and what it starts from now on, have as many open files and connections as Lambda allows."""
    try:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
    except ProcessLookupError:
        pass


def memory_bytes(pids):
    """The peak memory of any one process (VmHWM), or what all use together now if that is more.

    Together means proportional set size: right after a fork the same pages belong to parent and child.
    """
    peak = max((_kib(f"/proc/{pid}/status", "VmHWM:") for pid in pids), default=0)
    if len(pids) > 1:
        peak = max(peak, sum(_kib(f"/proc/{pid}/smaps_rollup", "Pss:") for pid in pids))
    return peak * 1024


def kill(pids):
    """Kill processes; those that are gone or belong to another session are left alone."""
    for pid in pids:
        try:
            if os.getsid(pid) == os.getsid(0):
                os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def _kib(path, field):
    try:
        with open(path) as lines:
            for line in lines:
                if line.startswith(field):
                    return int(line.split()[1])
    except OSError:
        pass
    return 0
