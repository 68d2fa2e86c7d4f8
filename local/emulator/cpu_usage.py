"""What an invocation had of the processors: CPU time, and how long its threads were kept from running, and why."""

import os
import time
from dataclasses import dataclass

# /proc/uptime has hundredths of a second.
IDLE_RESOLUTION = 0.01


@dataclass
class Usage:
    """The CPU of one invocation, in seconds; `share` in processors."""

    wall: float
    cpu: float
    share: float
    throttled: float
    waited: float


class Meter:
    """Measures one invocation of an environment."""

    def __init__(self):
        self.environment = None
        self.before = None
        # Delays of each thread (ns): before, and as last seen. They are gone with the thread.
        self.early = {}
        self.late = {}
        self.usage = None

    def start(self, environment):
        """The handler starts; in an environment that has just been ended there is nothing to measure."""
        if environment is None:
            return
        self.environment = environment
        self.early = _delays(environment.limiter.pids())
        self.before = _read(environment)

    def sample(self):
        """Look at the threads: those that end before the handler does have been seen."""
        if self.before is not None and self.usage is None:
            self.late.update(_delays(self.environment.limiter.pids()))

    def stop(self):
        """The handler has ended, or its environment is about to; only the first call counts."""
        if self.before is None or self.usage is not None:
            return
        after = _read(self.environment)
        if after is not None:
            self.sample()
            delay = sum(late - self.early.get(thread, 0) for thread, late in list(self.late.items()))
            self.usage = between(self.before, after, delay / 1e9, self.environment)


def between(before, after, delay, environment):
    """The usage between two readings, with the delays of all threads together (s).

    Threads wait because the share is used up, behind other threads of their own environment, as on Lambda, or because
    other programs have the processors. Only the last is a fault of this machine. The kernel does not tell them apart:
    the delays of all threads include what is throttled, several times if several threads are. So `waited` is the least
    of two upper limits and an estimate: the delays without what was throttled; the duration without the least time in
    which the share allows this much CPU time; and the time in which others used all the processors, if each processor
    was used independently of the rest. Without the last one a quiet machine would seem busy: the servers that a function
    calls use some CPU time.
    """
    wall, cpu, throttled, idle = (max(0.0, late - early) for early, late in zip(before, after))
    available = wall * os.cpu_count()
    others = min(1.0, max(0.0, available - idle - cpu + IDLE_RESOLUTION) / available) if available else 0.0
    all_used = wall * others**os.cpu_count()
    waited = max(0.0, min(delay - throttled, wall - cpu / environment.share, all_used))
    return Usage(wall, cpu, environment.share, throttled, waited)


def _read(environment):
    """Time, CPU time, throttled time and the machine's idle time; None when it has ended."""
    limiter = environment.limiter
    pids = limiter.pids()
    try:
        throttled = limiter.throttled_seconds()
        cpu = limiter.cpu_seconds()
        if cpu is None:
            cpu = sum(time.clock_gettime(_clock(pid)) for pid in pids)
        return (time.monotonic(), cpu, throttled, _idle()) if pids else None
    except OSError:
        return None


def _clock(pid):
    # As clock_getcpuclockid(3) makes them: the complement of the id, and 2 for the scheduler's nanoseconds.
    return (~pid << 3) | 2


def _delays(pids):
    """How long each thread was ready to run and did not (ns): https://docs.kernel.org/scheduler/sched-stats.html."""
    delays = {}
    for pid in pids:
        for thread in _threads(pid):
            try:
                with open(f"/proc/{pid}/task/{thread}/schedstat") as schedstat:
                    delays[pid, thread] = int(schedstat.read().split()[1])
            except OSError:
                continue
    return delays


def _threads(pid):
    try:
        return os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []


def _idle():
    with open("/proc/uptime") as uptime:
        return float(uptime.read().split()[1])
