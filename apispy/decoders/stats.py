"""Container statistics, as the figures that `docker stats` shows.

Source: docker/cli, cli/command/container/stats_helpers.go (with engine 19.03 and older the CLI subtracted all cache).
It differs in one thing: the CLI reads a missing earlier sample as zeros, and so shows the average since the machine
started, once; here the share of the processor is unknown until there are two samples.
"""

from datetime import datetime
from typing import Any

from apispy.decoders.base import decoder
from apispy.decoders.json_lines import JsonLines
from apispy.model import Item

_LARGEST = 1 << 64


@decoder("stats")
class Stats(JsonLines):
    """Container statistics. Items of kind "json", labeled "stats", with the figures of `docker stats` as children.

    The children are of kind "figure", the label one of FIGURES, the value a number, or None if it is unknown.
    """

    def __init__(self) -> None:
        super().__init__()
        self._previous: dict[str, Any] = {}

    def item(self, value: Any, span: tuple[int, int]) -> Item:
        if not isinstance(value, dict):
            return Item("json", "json", value, span)
        children = (
            Item("figure", name, number, span) for name, number in figures(value, self._previous).items()
        )
        self._previous = {name: value[name] for name in ("id", "read", "cpu_stats") if name in value}
        return Item("json", "stats", value, span, tuple(children))


FIGURES = ("cpu", "memory", "limit", "received", "sent", "read", "written", "processes")
"""cpu is in percent of one processor; memory (without cache), limit, network and disk traffic are in bytes."""


def figures(sample: dict[str, Any], previous: dict[str, Any] | None = None) -> dict[str, float | None]:
    """Return the FIGURES of one sample. Missing traffic, processes and limits are 0.

    cpu is None unless there is an earlier sample: inside *sample* (the daemon repeats it as ``precpu_stats``), or the
    *previous* one of the same stream. The first sample of a stream has none, nor has any with ``one-shot``, nor those
    of Podman. memory is None if the sample has none, as for a stopped container.
    """
    windows = is_windows(sample)
    disk = _windows_disk(sample) if windows else _disk(sample)
    sample = _with_previous(sample, previous or {})
    return {
        "cpu": _windows_cpu(sample) if windows else _cpu(sample),
        "memory": _known(sample, "memory_stats", "privateworkingset") if windows else _memory(sample),
        "limit": _number(sample, "memory_stats", "limit"),
        "received": sum(_number(one, "rx_bytes") for one in _networks(sample)),
        "sent": sum(_number(one, "tx_bytes") for one in _networks(sample)),
        "read": disk[0],
        "written": disk[1],
        "processes": _number(sample, "pids_stats", "current"),
    }


def is_windows(sample: dict[str, Any]) -> bool:
    """Whether a sample is from Windows: those have num_procs (the number of processors), but no system_cpu_usage."""
    return _number(sample, "num_procs") > 0 and not _number(sample, "cpu_stats", "system_cpu_usage")


def _with_previous(sample: dict[str, Any], previous: dict[str, Any]) -> dict[str, Any]:
    """Add the *previous* sample of the same container as ``precpu_stats``, if *sample* itself has none."""
    has_previous = _number(sample, "precpu_stats", "system_cpu_usage") or (
        is_windows(sample) and _number(sample, "precpu_stats", "cpu_usage", "total_usage")
    )
    if has_previous or not previous or previous.get("id") != sample.get("id"):
        return sample
    return sample | {"precpu_stats": previous.get("cpu_stats"), "preread": previous.get("read")}


def _cpu(sample: dict[str, Any]) -> float | None:
    """Return the container's share of the processor time since the last sample, times the number of processors."""
    if not _number(sample, "precpu_stats", "system_cpu_usage"):
        return None
    used = _increase(sample, "cpu_usage", "total_usage")
    had = _increase(sample, "system_cpu_usage")
    each = _at(sample, "cpu_stats", "cpu_usage", "percpu_usage")
    processors = _number(sample, "cpu_stats", "online_cpus") or (len(each) if isinstance(each, list) else 0)
    return used / had * processors * 100 if used >= 0 and had > 0 and processors else None


def _windows_cpu(sample: dict[str, Any]) -> float | None:
    """Times are in units of 100 ns on Windows. Without an earlier sample, ``preread`` is in the year 1."""
    try:
        before = datetime.fromisoformat(sample["preread"])
        had = (
            (datetime.fromisoformat(sample["read"]) - before).total_seconds()
            * 1e7
            * _number(sample, "num_procs")
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    used = _increase(sample, "cpu_usage", "total_usage")
    return used / had * 100 if used >= 0 and had > 0 and before.year > 1 else None


def _memory(sample: dict[str, Any]) -> float | None:
    """Return the usage without reclaimable cache. cgroup v1 has two names for the cache, v2 only the second."""
    usage = _known(sample, "memory_stats", "usage")
    if usage is None:
        return None
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
    """Return the statistics of each interface. Until API 1.20 there is only one, without a name."""
    many, one = sample.get("networks"), sample.get("network")
    return list(many.values()) if isinstance(many, dict) else [one]


def _increase(sample: dict[str, Any], *path: str) -> float:
    return _number(sample, "cpu_stats", *path) - _number(sample, "precpu_stats", *path)


def _number(value: Any, *path: str) -> float:
    """Return a number from 0 to below 2**64; 0 for anything else."""
    return _known(value, *path) or 0


def _known(value: Any, *path: str) -> float | None:
    """Return a number from 0 to below 2**64; None for anything else."""
    found = _at(value, *path)
    return found if isinstance(found, int | float) and 0 <= found < _LARGEST else None


def _at(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value
