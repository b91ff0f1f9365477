"""Traces for Perfetto: rows, marks, arrows, and the steps of builds."""

from pathlib import Path
from typing import Any

import pytest

from apispy.app.decoded_calls import decode_file
from apispy.learn import NameRegistry
from apispy.model import Body, Chunk, Exchange
from apispy.outputs.exports import EXPORTERS, perfetto
from apispy.outputs.exports.columns import LAST_MICROS
from apispy.pipeline import read
from apispy.structs import replace
from tests.golden.exported import decoded_calls, exported
from tests.laws.trace_checker import checked
from tests.unit.outputs.decoded_calls import WEB, exchange, tunnel

SAMPLES = Path(__file__).parents[3] / "samples"
START = 1_700_000_000.0
CREATE = exchange("POST /v1.41/containers/create?name=web", 201, {"Id": WEB, "Warnings": []})


def at(begin: float, end: float, one: Exchange, number: int = 7, connection: int = 1) -> Exchange:
    return replace(one, id=number, connection=connection, started=START + begin, duration=end - begin)


def events(*calls: Exchange) -> list[dict[str, Any]]:
    memory = NameRegistry()
    return checked("".join(EXPORTERS["perfetto"].export([read(call, memory) for call in calls])))  # type: ignore[arg-type]


def sample(name: str) -> list[dict[str, Any]]:
    return checked(exported("perfetto", decode_file(SAMPLES / f"{name}.jsonl", notes="on")))


def rows(found: list[dict[str, Any]]) -> dict[tuple[str, str], list[str]]:
    """The calls by the titles of their process and thread."""
    names = {(one["pid"], one.get("tid")): one["args"]["name"] for one in found if one["ph"] == "M"}
    drawn: dict[tuple[str, str], list[str]] = {}
    for one in found:
        if one["ph"] == "X":
            title = names[one["pid"], None], names[one["pid"], one["tid"]]
            drawn.setdefault(title, []).append(one["name"])
    return drawn


def arrows(found: list[dict[str, Any]]) -> list[tuple[str, str, int]]:
    """The arrows by the calls that they join, and the microseconds since START at which they end."""

    def call(end: dict[str, Any]) -> str:
        return next(
            one["name"]
            for one in found
            if one["ph"] == "X" and one["tid"] == end["tid"] and 0 <= end["ts"] - one["ts"] <= one["dur"]
        )

    starts = {one["id"]: one for one in found if one["ph"] == "s"}
    ends = [one for one in found if one["ph"] == "f"]
    return [(call(starts[one["id"]]), call(one), one["ts"] - round(START * 1e6)) for one in ends]


def test_a_container_is_a_process_and_its_connections_are_threads():
    assert rows(events(*[one.exchange for one in decoded_calls("run")])) == {
        ("calls on no container", "connection 1, docker (pid 812)"): ["SystemPingHead"],
        ("container web (c12250feba24)", "connection 1, docker (pid 812)"): [
            "ContainerCreate",
            "ContainerStart",
        ],
        ("container web (c12250feba24)", "connection 2, docker (pid 812)"): ["ContainerAttach"],
        ("container web (c12250feba24)", "connection 3, docker (pid 812)"): ["ContainerWait"],
    }


def test_a_name_and_an_id_are_the_same_container():
    found = rows(
        events(CREATE, exchange("POST /containers/web/stop", 204), exchange(f"GET /containers/{WEB}/json"))
    )
    assert {process for process, _ in found} == {"container web (c12250feba24)"}


def test_what_is_known_of_a_container_is_its_title():
    titles = {
        title
        for words in ("web", "cafe", "c12250feba24", WEB[:20])
        for title, _ in rows(events(exchange(f"POST /containers/{words}/stop", 204)))
    }
    assert titles == {"container web", "container cafe", "container c12250feba24"}


def test_calls_that_overlap_on_a_connection_have_rows_of_their_own():
    info, version = exchange("GET /info"), exchange("GET /version")
    found = events(at(1, 2, info), at(2, 3, info), at(2.5, 3.5, version), at(0, 4, version), at(3, 5, info))
    assert rows(found) == {
        ("calls on no container", "connection 1, pid 1"): ["SystemInfo", "SystemInfo", "SystemInfo"],
        ("calls on no container", "connection 1, pid 1 (2)"): ["SystemVersion"],
        ("calls on no container", "connection 1, pid 1 (3)"): ["SystemVersion"],
    }


def test_a_call_has_its_columns_and_failure_is_red():
    found = events(exchange("POST /v1.41/containers/web/stop", 404, {"message": "No such container: web"}))
    [call] = [one for one in found if one["ph"] == "X"]
    assert (call["ts"], call["dur"], call["cname"]) == (1_700_000_000_000_000, 45_000, "terrible")
    assert call["args"]["errors"] == "No such container: web"
    assert call["args"]["status"] == 404
    assert "outcome" not in call["args"]


def test_a_call_that_is_not_of_the_api_has_its_method_and_path_for_a_name():
    [call] = [one for one in events(exchange("GET /nothing?a=1")) if one["ph"] == "X"]
    assert call["name"] == "GET /nothing"


def test_output_and_events_are_marks_at_their_time():
    lines = Body((Chunk(0.1, b'{"Type":"container","Action":"start"'), Chunk(0.2, b"}\n")), 38)
    call = exchange("GET /events", 200, b"x").with_stream("response", lines)
    [mark] = [one for one in events(call) if one["ph"] == "i"]
    assert (mark["name"], mark["ts"] - round(START * 1e6)) == ("event", 200_000)
    shell = exchange(
        "POST /containers/web/attach?stream=1", 101, tunnel=tunnel(b"ls\n", b"\x01\0\0\0\0\0\0\x02a\n")
    )
    marks = [
        (one["name"], one["args"]["bytes"], one["args"]["text"]) for one in events(shell) if one["ph"] == "i"
    ]
    assert marks == [("stdin", 3, "ls\\n"), ("stdout", 2, "a\\n")]


def test_a_document_has_no_marks():
    assert not [one for one in events(CREATE, exchange("GET /info", 200, {"ID": "x"})) if one["ph"] == "i"]


def test_the_marks_of_a_call_are_bounded():
    lines = Body(tuple(Chunk(index / 1e4, b'{"Type":"x"}\n') for index in range(1500)), 13 * 1500)
    call = replace(exchange("GET /events").with_stream("response", lines), end="left")
    assert sum(one["ph"] == "i" for one in events(call)) == 1000


def test_arrows_lead_from_create_to_start_to_attach_and_wait():
    found = events(
        at(0, 0.1, CREATE, 1),
        at(0.3, 0.4, exchange("POST /containers/web/start", 204), 4),
        at(0.2, 0.6, exchange("POST /containers/web/attach?stream=1", 101, tunnel=tunnel()), 2, connection=2),
        at(0.7, 0.8, exchange("POST /containers/web/wait", 200, {"StatusCode": 0}), 3, connection=3),
    )
    assert arrows(found) == [
        ("ContainerCreate", "ContainerStart", 300_000),
        ("ContainerStart", "ContainerAttach", 300_000),
        ("ContainerStart", "ContainerWait", 700_000),
    ]


def test_an_arrow_may_come_from_a_call_that_ends_later():
    found = events(
        at(0.2, 0.6, exchange("POST /containers/web/attach?stream=1", 101, tunnel=tunnel()), 2, connection=2),
        at(0.3, 0.9, exchange("POST /containers/web/start", 204), 4),
    )
    assert arrows(found) == [("ContainerStart", "ContainerAttach", 300_000)]


@pytest.mark.parametrize(
    "start",
    [
        at(0.3, 0.4, exchange("POST /containers/web/start", 404, {"message": "no"})),
        at(0.7, 0.8, exchange("POST /containers/web/start", 204)),
        at(0.3, 0.4, exchange("POST /containers/other/start", 204)),
    ],
    ids=["it failed", "it was later", "another container"],
)
def test_what_is_not_the_cause_has_no_arrow(start: Exchange):
    wait = at(0.2, 0.6, exchange("POST /containers/web/wait", 200, {"StatusCode": 0}), connection=2)
    assert arrows(events(start, wait)) == arrows(events(wait, start)) == []


def test_the_last_start_is_the_cause():
    start = exchange("POST /containers/web/start", 204)
    wait = exchange("POST /containers/web/wait", 200, {"StatusCode": 0})
    found = events(at(0, 0.1, start), at(0.2, 0.4, wait), at(1, 1.1, start), at(1.2, 1.3, wait))
    assert arrows(found) == [
        ("ContainerStart", "ContainerWait", 200_000),
        ("ContainerStart", "ContainerWait", 1_200_000),
    ]


@pytest.mark.parametrize(
    ("name", "joined"),
    [
        ("compose2", ("ContainerExec", "ExecStart")),
        ("build-buildkit", ("Session", "ImageBuild")),
        ("buildx", ("Session", "Grpc")),
    ],
)
def test_arrows_in_real_sessions(name: str, joined: tuple[str, str]):
    found = sample(name)
    calls = {(one["tid"], one["ts"], one["dur"]): one["name"] for one in found if one["ph"] == "X"}

    def names_at(end: dict[str, Any]) -> set[str]:
        return {
            name
            for (thread, start, took), name in calls.items()
            if thread == end["tid"] and start <= end["ts"] <= start + took
        }

    starts = {one["id"]: one for one in found if one["ph"] == "s"}
    pairs = [(names_at(starts[one["id"]]), names_at(one)) for one in found if one["ph"] == "f"]
    assert any(joined[0] in cause and joined[1] in effect for cause, effect in pairs)


def test_the_exec_of_a_container_is_in_its_process():
    found = rows(sample("compose2"))
    assert [process for (process, _), names in found.items() if "ExecStart" in names] == [
        "container demo-web-1 (3ede30011ba0)"
    ]


def test_steps_of_a_build_are_drawn():
    found = rows(sample("buildx"))
    assert ("builds", "steps of builds (2)") in found
    assert "exporting to image" in found["builds", "steps of builds"]


def test_tracks_that_are_remembered_are_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(perfetto, "MAX_TRACKS", 2)
    calls = [exchange(f"POST /containers/{name}/stop", 204) for name in ("a", "b", "c", "a")]
    titles = [one["args"]["name"] for one in events(*calls) if one["name"] == "process_name"]
    assert titles == ["container a", "container b", "container c", "container a"]


def test_times_beyond_a_viewer_are_the_last_one():
    [call] = [one for one in events(replace(exchange("GET /info"), started=1e300)) if one["ph"] == "X"]
    assert (call["ts"], call["dur"]) == (LAST_MICROS, 0)


def test_the_file_is_written_call_by_call():
    pulled = 0

    def calls() -> Any:
        nonlocal pulled
        for one in decoded_calls("run"):
            pulled += 1
            yield one

    pieces = EXPORTERS["perfetto"].export(calls())
    next(pieces)
    assert pulled == 0
    next(pieces)
    assert pulled == 1
