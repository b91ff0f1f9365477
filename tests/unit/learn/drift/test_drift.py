"""Differences between responses and Docker's description."""

import json
from pathlib import Path
from typing import Any

import click.testing
import pytest

from apispy.cli.proxy import proxy
from apispy.errors import UsageError
from apispy.learn import NameRegistry
from apispy.learn.drift import Drift, drift_json, drift_lines
from apispy.learn.drift import collect as limits
from apispy.learn.drift.collect import Difference
from apispy.model import Exchange, Headers
from apispy.pipeline import read
from apispy.structs import replace
from tests.recorded_calls import call

ROOT = Path(__file__).parents[4]


def drift_of(*exchanges: Exchange) -> Drift:
    drift, names = Drift(), NameRegistry()
    for exchange in exchanges:
        drift.add(read(exchange, names, notes="off"))
    return drift


def kinds(drift: Drift) -> list[tuple[str, str, str]]:
    return [(one.operation, one.kind, one.place) for one in drift.differences]


def volume(**fields: Any) -> dict[str, Any]:
    return {
        "Name": "v",
        "Driver": "local",
        "Mountpoint": "/v",
        "Labels": {},
        "Scope": "local",
        "Options": {},
    } | fields


def test_a_response_as_described_has_no_difference() -> None:
    drift = drift_of(call(1, "GET", "/v1.41/volumes/v", volume()))
    assert drift.differences == drift.known == []
    assert drift.compared == {"1.41": 1}


def test_each_kind_of_difference() -> None:
    odd = volume(Anonymous=True, Labels=[], Scope="galaxy")
    del odd["Mountpoint"]
    drift = drift_of(
        call(1, "GET", "/v1.41/volumes/v", odd),
        call(2, "GET", "/v1.41/volumes/v", odd),
        call(3, "GET", "/v1.41/volumes/v", status=418),
        call(4, "GET", "/v1.41/checkpoints", {}),
    )
    assert kinds(drift) == [
        ("/checkpoints", "operation", ""),
        ("VolumeInspect", "type", "Labels"),
        ("VolumeInspect", "value", "Scope"),
        ("VolumeInspect", "unknown", "Anonymous"),
        ("VolumeInspect", "missing", "Mountpoint"),
        ("VolumeInspect", "status", "418"),
    ]
    unknown = next(one for one in drift.differences if one.kind == "unknown")
    assert (unknown.calls, unknown.first, unknown.example) == (2, "#1", "true")


def test_a_difference_in_many_elements_of_one_response_is_one_call() -> None:
    odd = [volume(Anonymous=number) for number in (1, 2, 3)]
    drift = drift_of(call(1, "GET", "/v1.41/volumes", {"Volumes": odd, "Warnings": []}))
    [one] = drift.differences
    assert (one.place, one.calls, one.example) == ("Volumes[].Anonymous", 1, "1")


def test_what_every_docker_daemon_does_is_known() -> None:
    event = {
        "Type": "container",
        "Action": "start",
        "Actor": {"ID": "a"},
        "time": 1,
        "timeNano": 1,
        "status": "start",
    }
    drift = drift_of(
        call(1, "GET", "/v1.41/events", event),
        call(2, "POST", f"/v1.41/exec/{'a' * 64}/start", status=101, asks={}),
        call(3, "POST", "/v1.41/build/cancel?id=1", status=204),
    )
    assert drift.differences == []
    assert [(one.operation, one.kind) for one in drift.known] == [
        ("BuildCancel", "operation"),
        ("ExecStart", "status"),
        ("SystemEvents", "unknown"),
    ]


def test_the_version_is_that_of_the_path_or_of_the_daemon() -> None:
    drift = drift_of(
        call(1, "GET", "/info", {}), call(2, "GET", "/v1.9/info", {}), call(3, "GET", "/v9.9/info", {})
    )
    assert drift.compared == {"1.41": 1}
    unversioned = call(1, "GET", "/info", {})
    assert unversioned.response
    silent = replace(unversioned, response=replace(unversioned.response, headers=Headers()))
    assert drift_of(silent).compared == {}


def test_podman_differs_from_docker() -> None:
    run = click.testing.CliRunner().invoke(
        proxy, ["drift", "--json", str(ROOT / "samples/podman-4.3.jsonl.gz")], standalone_mode=False
    )
    assert run.return_value == 1
    found = {(one["operation"], one["place"]) for one in json.loads(run.output)["differences"]}
    assert {("SystemInfo", "BuildahVersion"), ("ContainerInspect", "cause")} <= found


@pytest.mark.parametrize(
    "sample", sorted(ROOT.joinpath("samples").glob("*.jsonl")), ids=lambda path: path.stem
)
def test_docker_does_not_differ_from_its_description(sample: Path) -> None:
    run = click.testing.CliRunner().invoke(proxy, ["drift", "--json", str(sample)], standalone_mode=False)
    assert json.loads(run.output)["differences"] == []
    assert run.return_value == 0


def test_a_file_that_cannot_be_read_is_no_difference() -> None:
    run = click.testing.CliRunner().invoke(proxy, ["drift", "missing.jsonl"], standalone_mode=False)
    assert isinstance(run.exception, UsageError)


def test_memory_is_bounded_and_text_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_DIFFERENCES", 3)
    odd = volume(**{f"field{number}" + "x" * 500: "y" * 5000 for number in range(9)})
    drift = drift_of(call(1, "GET", "/v1.41/volumes/v", odd))
    assert (len(drift.differences), drift.beyond) == (3, 6)
    assert all(len(one.place) < 100 and len(one.example) < 100 for one in drift.differences)


def test_lines_and_json_say_the_same() -> None:
    drift = drift_of(call(1, "GET", "/v1.41/volumes/v", volume(Labels=3)))
    lines = [line.text for line in drift_lines(drift, 100)]
    assert "  1 call  Labels is integer, described is map: 3 (#1)" in lines
    [found] = drift_json(drift)["differences"]
    assert set(found) == {"api", *(name for name in Difference.__slots__ if name not in ("version", "known"))}
