"""Gives every execution environment the share of a processor that Lambda gives it: 1,769 MB are one vCPU.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html. The initialization has full processors, for its
first 10 s ("on-demand Lambda functions use a full vCPU (non-throttled) but is limited to 10 seconds during its
initialization phase", https://serverlessland.com/content/service/lambda/guides/effectively-running-java-on-serverless/init-heavy-lifting).
"""

import os

from ministack.core import lambda_runtime

import cpu_groups
import cpu_pacer
import processes
from upstream_checks import require

MB_PER_VCPU = 1769
# Up to so much memory (MB) a function sees so many vCPUs: public measurements, AWS documents only the 6 of 10,240 MB.
VCPUS = ((3008, 2), (5307, 3), (7076, 4), (8845, 5), (10240, 6))

_mechanism = None
_scale = 1.0
_refusals = []


def configure(environment=os.environ):
    """Choose how processors are shared; functions do not inherit these variables.

    LAMBENCH_CPU is `share`, `off` (the default), or `pacer` for the second best, which tests use; LAMBENCH_CPU_SCALE is
    what a share is multiplied by, this machine's processor being faster or slower than Lambda's; LAMBENCH_CPU_PACER is
    the pacer's program, and LAMBENCH_CPU_SCOPE names what has given this process a group to divide: systemd, whose
    own variables are removed, too.
    """
    global _mechanism, _scale, _refusals
    mode = environment.pop("LAMBENCH_CPU", "off")
    _scale = float(environment.pop("LAMBENCH_CPU_SCALE", "1"))
    program = environment.pop("LAMBENCH_CPU_PACER", None)
    scope = environment.pop("LAMBENCH_CPU_SCOPE", None)
    for name in ("XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"):
        environment.pop(name, None)
    _mechanism, _refusals = None, []
    if mode == "share":
        _mechanism, _refusals = cpu_groups.find(scope)
    if _mechanism is None and mode != "off":
        _mechanism, refusal = cpu_pacer.find(program)
        _refusals = [*_refusals, *refusal]
    _mechanism = _mechanism or Unlimited()


def apply():
    """Follow the process of every worker."""
    require(lambda_runtime.Worker, "_spawn", ["self"])
    lambda_runtime.Worker._proc = _Process()


def status():
    """What limits the environments, why nothing better does, and what this machine has."""
    processors = len(os.sched_getaffinity(0))
    return {
        "mechanism": _mechanism.name,
        "refusals": _refusals,
        "scale": _scale,
        "processors": processors,
        # More memory buys nothing more here.
        "max_memory_mb": int(processors * MB_PER_VCPU / _scale),
    }


def close():
    """End what runs in groups, or what the pacer has stopped."""
    _mechanism.close()


def limit(worker):
    """The initialization is over: the share counts from now on."""
    environment = getattr(worker, "environment", None)
    if environment is not None:
        environment.limit()


class Environment:
    """The processes of a worker."""

    def __init__(self, pid, memory_mb):
        allowed = sorted(os.sched_getaffinity(0))
        visible = _rotated(allowed, pid)[: vcpus(memory_mb)]
        self.processors = len(visible)
        self.is_limited = False
        self.share = self.processors
        if not isinstance(_mechanism, Unlimited):
            self.share = min(memory_mb / MB_PER_VCPU * _scale, self.processors)
        self.limiter = _mechanism.create(pid)
        try:
            os.sched_setaffinity(pid, visible)
            self.limiter.add(pid)
        except ProcessLookupError:
            # It has ended already; whoever waits for it finds out.
            pass

    def limit(self):
        """Hold it to its share; nothing if that is every processor it has."""
        if not self.is_limited and self.share < self.processors:
            self.limiter.limit(self.share)
        self.is_limited = True


class Unlimited:
    """No mechanism, and the limiter of all its environments."""

    name = "off"

    def __init__(self, pid=None):
        self.pid = pid

    def close(self):
        """Nothing to do."""

    def create(self, pid):
        """A limiter that does not limit."""
        return Unlimited(pid)

    def add(self, pid):
        """Nothing to do."""

    def limit(self, share):
        """Nothing to do."""

    def pids(self):
        """The living processes."""
        return processes.tree(self.pid)

    def cpu_seconds(self):
        """Nobody counts it for us."""
        return None

    def throttled_seconds(self):
        """Never."""
        return 0.0

    def end(self):
        """Nothing to do."""


def vcpus(memory_mb):
    """How many processors a function sees."""
    return next((count for most_mb, count in VCPUS if memory_mb <= most_mb), VCPUS[-1][1])


def _rotated(allowed, pid):
    # Environments that see fewer processors than there are do not all get the same ones.
    start = pid % len(allowed)
    return allowed[start:] + allowed[:start]


class _Process:
    """The attribute `_proc` of a worker: its environment begins and ends with it."""

    def __get__(self, worker, owner=None):
        return self if worker is None else worker.__dict__.get("_proc")

    def __set__(self, worker, process):
        before = worker.__dict__.get("_proc")
        worker.__dict__["_proc"] = process
        if before is not None and before is not process:
            run = getattr(worker, "invocation", None)
            if run is not None:
                run.cpu.stop()
            worker.environment.limiter.end()
            worker.environment = None
        if process is not None and before is not process:
            worker.environment = Environment(process.pid, int(worker.config.get("MemorySize", 128)))
