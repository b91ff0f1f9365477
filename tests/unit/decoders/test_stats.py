"""The figures of statistics, as `docker stats` prints them."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from apispy.decoders import make
from apispy.decoders.stats import FIGURES, figures

# Recorded from dockerd 20.10.24 on cgroup v1, what is zero left out. For this very sample
# `docker stats --no-stream` 28.2.2 printed 98.06%, 4.246MiB / 64MiB, 6.63%, PIDs 2.
REAL: dict[str, Any] = {
    "read": "2026-11-25T12:11:17.6045309Z",
    "preread": "2026-11-25T12:11:16.599744305Z",
    "pids_stats": {"current": 2},
    "blkio_stats": {"io_service_bytes_recursive": []},
    "num_procs": 0,
    "storage_stats": {},
    "cpu_stats": {
        "cpu_usage": {"total_usage": 2921532806, "percpu_usage": [941920466, 1979612340]},
        "system_cpu_usage": 6555290000000,
        "online_cpus": 2,
    },
    "precpu_stats": {
        "cpu_usage": {"total_usage": 1940911678, "percpu_usage": [552612749, 1388298929]},
        "system_cpu_usage": 6553290000000,
        "online_cpus": 2,
    },
    "memory_stats": {
        "usage": 4452352,
        "stats": {"cache": 1982464, "inactive_file": 0, "total_inactive_file": 0},
        "limit": 67108864,
    },
}


def sample(**memory: Any) -> dict[str, Any]:
    found = deepcopy(REAL)
    found["memory_stats"] |= memory
    return found


def test_a_real_sample_gives_what_docker_stats_prints() -> None:
    found = figures(REAL)
    assert tuple(found) == FIGURES
    assert f"{found['cpu']:.2f}%" == "98.06%"
    assert f"{found['memory'] / (1 << 20):.3f}MiB" == "4.246MiB"
    assert f"{found['memory'] / found['limit']:.2%}" == "6.63%"
    assert found["processes"] == 2


@pytest.mark.parametrize(
    ("stats", "memory"),
    [
        ({"total_inactive_file": 400, "inactive_file": 100}, 600),  # cgroup v1
        ({"total_inactive_file": 0, "inactive_file": 100}, 1000),
        ({"inactive_file": 300}, 700),  # cgroup v2
        ({"inactive_file": 1001}, 1000),  # more than there is: not believed
        ({}, 1000),
    ],
)
def test_memory_is_without_the_cache_that_can_go(stats: dict[str, int], memory: int) -> None:
    assert figures(sample(usage=1000, stats=stats))["memory"] == memory


def test_without_online_cpus_the_list_of_processors_counts() -> None:
    old = deepcopy(REAL)
    old["cpu_stats"]["online_cpus"] = 0
    assert figures(old)["cpu"] == figures(REAL)["cpu"]


def without_precpu(sample: dict[str, Any]) -> dict[str, Any]:
    """The sample as the first of a stream, as `one-shot` or as Podman gives it."""
    zeros = {"cpu_usage": {"total_usage": 0}, "throttling_data": {"periods": 0}}
    return sample | {"precpu_stats": zeros, "preread": "0001-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    "precpu", [None, {}, {"cpu_usage": {"total_usage": 0}}, {"system_cpu_usage": 0}, REAL["cpu_stats"]]
)
def test_a_first_sample_has_no_cpu(precpu: Any) -> None:
    assert figures(REAL | {"precpu_stats": precpu})["cpu"] is None


def test_an_idle_container_has_used_nothing() -> None:
    idle = deepcopy(REAL)
    idle["cpu_stats"]["cpu_usage"]["total_usage"] = idle["precpu_stats"]["cpu_usage"]["total_usage"]
    assert figures(idle)["cpu"] == 0


def test_the_sample_of_podman_has_no_cpu() -> None:
    """It was shown as 147.2 %: the time since the container began, times the processors."""
    sample = json.loads((Path(__file__).parent / "samples/stats-precpu-zero.json").read_text())
    found = figures(sample)
    assert (found["cpu"], found["memory"]) == (None, 1490853888)


def cpus(*samples: dict[str, Any]) -> list[float | None]:
    decoder = make("stats")
    items = [item for sample in samples for item in decoder.feed(json.dumps(sample).encode() + b"\n")]
    return [child.value for item in items for child in item.children if child.label == "cpu"]


def test_a_sample_is_compared_with_the_one_before_in_its_stream() -> None:
    first = without_precpu(REAL | {"cpu_stats": REAL["precpu_stats"], "id": "a"})
    second = without_precpu(REAL | {"id": "a"})
    assert cpus(first, second) == [None, figures(REAL)["cpu"]]
    assert cpus(first, second | {"id": "b"}) == [None, None]
    assert cpus(second, first) == [None, None]  # the container was restarted: it has used less


def test_a_stopped_container_has_no_figures() -> None:
    """As engine 28 answers for one: memory_stats is empty, and all times are 0."""
    found = figures(without_precpu({"memory_stats": {}, "cpu_stats": {"cpu_usage": {"total_usage": 0}}}))
    assert (found["cpu"], found["memory"], found["limit"]) == (None, None, 0)


def test_windows_has_figures_of_its_own() -> None:
    windows = {
        "read": "2024-01-01T00:00:01.000000000Z",
        "preread": "2024-01-01T00:00:00Z",
        "num_procs": 2,
        "cpu_stats": {"cpu_usage": {"total_usage": 7_000_000}},
        "precpu_stats": {"cpu_usage": {"total_usage": 2_000_000}},
        "memory_stats": {"privateworkingset": 5000},
        "storage_stats": {"read_size_bytes": 10, "write_size_bytes": 20},
    }
    found = figures(windows)
    assert (found["cpu"], found["memory"], found["read"], found["written"]) == (25.0, 5000, 10, 20)
    first = windows | {"precpu_stats": {"cpu_usage": {"total_usage": 0}}, "preread": "0001-01-01T00:00:00Z"}
    assert figures(first)["cpu"] is None
    assert cpus(first, first | {"read": "2024-01-01T00:00:02Z"}) == [None, 0.0]


def test_traffic_is_summed() -> None:
    busy = REAL | {
        "networks": {"eth0": {"rx_bytes": 1, "tx_bytes": 2}, "eth1": {"rx_bytes": 10, "tx_bytes": 20}},
        "blkio_stats": {
            "io_service_bytes_recursive": [
                {"op": "Read", "value": 5},
                {"op": "read", "value": 6},  # cgroup v2
                {"op": "Write", "value": 7},
                {"op": "Total", "value": 99},
            ]
        },
    }
    found = figures(busy)
    assert [found[name] for name in ("received", "sent", "read", "written")] == [11, 22, 11, 7]


def test_one_network_of_old_daemons() -> None:
    assert figures({"network": {"rx_bytes": 3}})["received"] == 3
