"""What processes use, as the kernel counts it."""

import os
from pathlib import Path

TICK: int = os.sysconf("SC_CLK_TCK")


class Processes:
    """A process and its children, or none at all."""

    def __init__(self, pid: int = 0) -> None:
        self.pid = pid

    def cpu(self) -> float:
        """Seconds used so far, of children that have ended too."""
        return sum(_cpu(pid) for pid in self._tree())

    def memory(self) -> int:
        """Bytes of memory that are theirs alone (not shared with others)."""
        return sum(_field(pid, "smaps_rollup", ("Private_Clean", "Private_Dirty")) for pid in self._tree())

    def peak(self) -> int:
        """The most resident bytes since ``forget_peak``."""
        return sum(_field(pid, "status", ("VmHWM",)) for pid in self._tree())

    def resident(self) -> int:
        return sum(_field(pid, "status", ("VmRSS",)) for pid in self._tree())

    def forget_peak(self) -> None:
        for pid in self._tree():
            Path(f"/proc/{pid}/clear_refs").write_text("5")

    def _tree(self) -> list[int]:
        if not self.pid:
            return []
        children = _children()
        found = [self.pid]
        for pid in found:  # it grows
            found += children.get(pid, [])
        return found


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and (stat := _stat(int(name))):
            found.setdefault(int(stat[1]), []).append(int(name))
    return found


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat behind the command's name; none when it has gone."""
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
