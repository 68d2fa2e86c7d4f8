"""Where there are no control groups: a program that stops and continues environments by their CPU time.

It is crates/cpu-pacer. It reads commands, one a line, and answers each with one line.
"""

import os
import signal
import subprocess
import threading

import processes


class Pacer:
    """The running program."""

    name = "pacer"

    def __init__(self, program):
        self.lock = threading.Lock()
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def create(self, pid):
        """An environment that is not limited yet."""
        return Paced(self, pid)

    def ask(self, *command):
        """Send a command; the answer, or nothing if the program has ended: then nothing is limited any more."""
        with self.lock:
            try:
                print(*command, file=self.process.stdin, flush=True)
                return self.process.stdout.readline().strip()
            except OSError:
                return ""

    def close(self):
        """End it; it continues what it has stopped."""
        self.process.stdin.close()
        self.process.wait()


class Paced:
    """One execution environment."""

    def __init__(self, pacer, pid):
        self.pacer = pacer
        self.pid = pid

    def add(self, pid):
        """Nothing to do: the program follows the descendants."""

    def limit(self, share):
        """From now on, so many processors together."""
        self.pacer.ask("limit", self.pid, share)

    def pids(self):
        """The living processes."""
        return processes.tree(self.pid)

    def cpu_seconds(self):
        """Nobody counts it for us."""
        return None

    def throttled_seconds(self):
        """How long it was stopped."""
        return int(self.pacer.ask("stopped", self.pid) or 0) / 1e9

    def end(self):
        """Let it run: a stopped process does not end when it is asked to."""
        self.pacer.ask("end", self.pid)
        for pid in self.pids():
            try:
                os.kill(pid, signal.SIGCONT)
            except ProcessLookupError:
                continue


def find(program):
    """The running pacer, or None, and why there is none."""
    if program is None:
        return None, ["pacer: not installed"]
    try:
        return Pacer(program), []
    except OSError as error:
        return None, [f"pacer: {error.strerror}: '{program}'"]
