"""Resource usage of processes, from /proc."""

import os
from pathlib import Path

TICK: int = os.sysconf("SC_CLK_TCK")


class Processes:
    """A process and its descendants; none if *pid* is 0."""

    def __init__(self, pid: int = 0) -> None:
        self.pid = pid

    def cpu(self) -> float:
        """Return the CPU seconds used so far, including ended children."""
        return sum(_cpu(pid) for pid in self._tree())

    def memory(self) -> int:
        """Return the bytes of private memory (not shared with other processes)."""
        return sum(_field(pid, "smaps_rollup", ("Private_Clean", "Private_Dirty")) for pid in self._tree())

    def peak(self) -> int:
        """Return the peak of resident bytes since ``reset_peak``."""
        return sum(_field(pid, "status", ("VmHWM",)) for pid in self._tree())

    def resident(self) -> int:
        return sum(_field(pid, "status", ("VmRSS",)) for pid in self._tree())

    def reset_peak(self) -> None:
        for pid in self._tree():
            Path(f"/proc/{pid}/clear_refs").write_text("5")

    def _tree(self) -> list[int]:
        if not self.pid:
            return []
        children = _children()
        found = [self.pid]
        for pid in found:  # the list grows during the loop
            found += children.get(pid, [])
        return found


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and (stat := _stat(int(name))):
            found.setdefault(int(stat[1]), []).append(int(name))
    return found


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat after the command's name; empty if the process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _cpu(pid: int) -> float:
    stat = _stat(pid)
    return sum(int(field) for field in stat[11:15]) / TICK if stat else 0.0


def _field(pid: int, file: str, names: tuple[str, ...]) -> int:
    try:
        lines = Path(f"/proc/{pid}/{file}").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.partition(":")[0] in names)
