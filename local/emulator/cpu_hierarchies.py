"""Where this machine's control groups for processors are, and the files of both versions."""

import errno
import os
import pathlib


class Version2:
    """cpu.max and cpu.stat."""

    name = "cgroup v2"

    def prepare(self, folder):
        """Let the groups in a folder have limits; only the root may have processes of its own beside them."""
        if "cpu" not in (folder / "cgroup.controllers").read_text().split():
            raise OSError(errno.ENOTSUP, "the controller cpu is not delegated", str(folder))
        if "cpu" in (folder / "cgroup.subtree_control").read_text().split():
            return
        if (folder / "cgroup.procs").read_text().split() == [str(os.getpid())]:
            own = folder / "launcher"
            own.mkdir(exist_ok=True)
            (own / "cgroup.procs").write_text(str(os.getpid()))
        self.delegate(folder)

    def delegate(self, folder):
        """Turn limits on for the groups in a folder without processes."""
        (folder / "cgroup.subtree_control").write_text("+cpu")

    def limit(self, folder, quota_us, period_us):
        """Set a quota of CPU time for each period."""
        (folder / "cpu.max").write_text(f"{quota_us} {period_us}")

    def cpu_seconds(self, folder):
        """What the group has used."""
        return _statistic(folder, "usage_usec") / 1e6

    def throttled_seconds(self, folder):
        """How long it had no quota left, by processor."""
        return _statistic(folder, "throttled_usec") / 1e6


class Version1:
    """cpu.cfs_quota_us, cpu.cfs_period_us and cpu.stat."""

    name = "cgroup v1"

    def prepare(self, folder):
        """Nothing: every group may have a limit."""

    def delegate(self, folder):
        """Nothing: every group may have a limit."""

    def limit(self, folder, quota_us, period_us):
        """Set a quota of CPU time for each period."""
        (folder / "cpu.cfs_period_us").write_text(str(period_us))
        (folder / "cpu.cfs_quota_us").write_text(str(quota_us))

    def cpu_seconds(self, _folder):
        """Another hierarchy counts it, which need not be mounted here."""
        return None

    def throttled_seconds(self, folder):
        """How long it had no quota left, by processor."""
        return _statistic(folder, "throttled_time") / 1e9


def candidates(mounts="/proc/self/mountinfo", own="/proc/self/cgroup"):
    """Folders that may take our groups, the best first: this process's own group, and the root."""
    found = []
    paths = _own_paths(own)
    for line in pathlib.Path(mounts).read_text().splitlines():
        before, _, after = line.partition(" - ")
        root, mount_point = before.split()[3:5]
        kind, _, options = after.split()
        if kind == "cgroup2":
            hierarchy, path = Version2(), paths.get("")
        elif kind == "cgroup" and "cpu" in options.split(","):
            hierarchy, path = Version1(), paths.get("cpu")
        else:
            continue
        top = pathlib.Path(mount_point)
        inside = os.path.relpath(path or root, root)
        own_folder = top if inside.startswith("..") else top / inside
        found.extend((hierarchy, folder) for folder in dict.fromkeys([own_folder, top]))
    return sorted(found, key=lambda one: one[0].name, reverse=True)


def _own_paths(own):
    """This process's group by controller; the one of version 2 has no controller's name."""
    paths = {}
    for line in pathlib.Path(own).read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        paths.update(dict.fromkeys(controllers.split(","), path))
    return paths


def _statistic(folder, name):
    for line in (folder / "cpu.stat").read_text().splitlines():
        key, _, value = line.partition(" ")
        if key == name:
            return int(value)
    raise OSError(errno.ENODATA, f"no {name}", str(folder / "cpu.stat"))
