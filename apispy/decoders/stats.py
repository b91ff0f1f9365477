"""What a container uses, in the figures of `docker stats`.

Source: docker/cli, cli/command/container/stats_helpers.go (with engine 19.03 and older the CLI subtracted all cache).
"""

from datetime import datetime
from typing import Any

from apispy.decoders.base import decoder
from apispy.decoders.json_lines import JsonLines
from apispy.model import Item

_LARGEST = 1 << 64


@decoder("stats")
class Stats(JsonLines):
    """Container statistics. Items of kind "json", labelled "stats", with the figures of `docker stats` as children.

    The children are of kind "figure", the label one of FIGURES, the value a number.
    """

    def item(self, value: Any, span: tuple[int, int]) -> Item:
        if not isinstance(value, dict):
            return Item("json", "json", value, span)
        children = (Item("figure", name, number, span) for name, number in figures(value).items())
        return Item("json", "stats", value, span, tuple(children))


FIGURES = ("cpu", "memory", "limit", "received", "sent", "read", "written", "processes")
"""cpu in per cent of one processor; memory without cache, its limit, network and disk traffic in bytes."""


def figures(sample: dict[str, Any]) -> dict[str, float]:
    """The FIGURES of one sample. What it does not tell is 0; without a first sample cpu is 0 too."""
    windows = is_windows(sample)
    disk = _windows_disk(sample) if windows else _disk(sample)
    return {
        "cpu": _windows_cpu(sample) if windows else _cpu(sample),
        "memory": _number(sample, "memory_stats", "privateworkingset") if windows else _memory(sample),
        "limit": _number(sample, "memory_stats", "limit"),
        "received": sum(_number(one, "rx_bytes") for one in _networks(sample)),
        "sent": sum(_number(one, "tx_bytes") for one in _networks(sample)),
        "read": disk[0],
        "written": disk[1],
        "processes": _number(sample, "pids_stats", "current"),
    }


def is_windows(sample: dict[str, Any]) -> bool:
    """Only samples from Windows tell the number of processors as num_procs; the system's time they do not tell."""
    return _number(sample, "num_procs") > 0 and not _number(sample, "cpu_stats", "system_cpu_usage")


def _cpu(sample: dict[str, Any]) -> float:
    """The container's share of the time that all processors had since the sample before, times their number."""
    used = _grown(sample, "cpu_usage", "total_usage")
    had = _grown(sample, "system_cpu_usage")
    each = _at(sample, "cpu_stats", "cpu_usage", "percpu_usage")
    processors = _number(sample, "cpu_stats", "online_cpus") or (len(each) if isinstance(each, list) else 0)
    return used / had * processors * 100 if used > 0 and had > 0 else 0.0


def _windows_cpu(sample: dict[str, Any]) -> float:
    """Times are in units of 100 ns there."""
    try:
        since = datetime.fromisoformat(sample["read"]) - datetime.fromisoformat(sample["preread"])
        had = since.total_seconds() * 1e7 * _number(sample, "num_procs")
    except (KeyError, TypeError, ValueError, OverflowError):
        return 0.0
    return max(0.0, _grown(sample, "cpu_usage", "total_usage")) / had * 100 if had > 0 else 0.0


def _memory(sample: dict[str, Any]) -> float:
    """Usage without the cache that can be given up; cgroup v1 has two names for that, v2 only the second."""
    usage = _number(sample, "memory_stats", "usage")
    for name in ("total_inactive_file", "inactive_file"):
        known = _at(sample, "memory_stats", "stats", name) is not None
        if known and (cache := _number(sample, "memory_stats", "stats", name)) < usage:
            return usage - cache
    return usage


def _disk(sample: dict[str, Any]) -> tuple[float, float]:
    entries = _at(sample, "blkio_stats", "io_service_bytes_recursive")
    entries = entries if isinstance(entries, list) else []
    read, written = (
        sum(_number(entry, "value") for entry in entries if str(_at(entry, "op"))[:1].lower() == letter)
        for letter in "rw"
    )
    return read, written


def _windows_disk(sample: dict[str, Any]) -> tuple[float, float]:
    return _number(sample, "storage_stats", "read_size_bytes"), _number(
        sample, "storage_stats", "write_size_bytes"
    )


def _networks(sample: dict[str, Any]) -> list[Any]:
    """By interface; one alone, without its name, until API 1.20."""
    many, one = sample.get("networks"), sample.get("network")
    return list(many.values()) if isinstance(many, dict) else [one]


def _grown(sample: dict[str, Any], *path: str) -> float:
    return _number(sample, "cpu_stats", *path) - _number(sample, "precpu_stats", *path)


def _number(value: Any, *path: str) -> float:
    """A number that a counter can hold; 0 for anything else."""
    found = _at(value, *path)
    return found if isinstance(found, int | float) and 0 <= found < _LARGEST else 0


def _at(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value
