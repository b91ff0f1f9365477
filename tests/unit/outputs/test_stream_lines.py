"""The lines of a live stream."""

import json
from typing import Any

import pytest

from apispy.decoders import make
from apispy.engine import Operation
from apispy.model import Direction, Item
from apispy.outputs.stream_lines import MAX_PARTIAL_LINE, StreamLines

STREAM = Operation("X", "GET", "/x", response="stdio")
ONE = Operation("X", "POST", "/x", response="json")


def shown(
    flow: StreamLines, *items: tuple[str, Any], direction: Direction = "to_client"
) -> list[tuple[str, str]]:
    return [line for kind, value in items for line in flow.item(direction, Item(kind, kind, value, (0, 1)))]


def told(name: str, *values: Any, verbosity: int = 0) -> list[tuple[str, str]]:
    """Return the lines shown for a response whose decoder is called *name*."""
    flow, decoder = StreamLines(Operation("X", "POST", "/x", response=name), verbosity), make(name)
    items = [item for value in values for item in decoder.feed(json.dumps(value).encode() + b"\n")]
    return [line for item in items for line in flow.item("response", item)]


def test_lines_are_put_together_from_pieces() -> None:
    flow = StreamLines(STREAM)
    assert shown(flow, ("stdout", b"hel"), ("stdout", b"lo\nwor")) == [("stdout", "hello")]
    assert shown(flow, ("stdout", b"ld\r\n")) == [("stdout", "world")]
    assert list(flow.flush()) == []


def test_a_part_is_shown_when_another_stream_speaks_or_the_call_ends() -> None:
    flow = StreamLines(STREAM)
    assert shown(flow, ("stdout", b"$ "), ("stderr", b"oops\n")) == [("stdout", "$ "), ("stderr", "oops")]
    assert shown(flow, ("stdout", b"end")) == []
    assert list(flow.flush()) == [("stdout", "end")]
    assert list(flow.flush()) == []


def test_a_long_part_is_not_held_and_splits_no_character() -> None:
    flow = StreamLines(STREAM)
    text = "x" + "ü" * MAX_PARTIAL_LINE
    lines = shown(flow, ("stdout", text.encode())) + list(flow.flush())
    assert "".join(line for _, line in lines) == text
    assert len(lines) == 3


def test_control_characters_are_escaped() -> None:
    assert shown(StreamLines(STREAM), ("stdout", b"\x1b[31mred\x07\n")) == [("stdout", "\\e[31mred\\x07")]


@pytest.mark.parametrize(
    ("direction", "label"), [("to_server", "stdin"), ("to_client", "output"), ("request", "sent")]
)
def test_raw_bytes_go_by_their_direction(direction: Direction, label: str) -> None:
    assert shown(StreamLines(STREAM), ("raw", b"x\n"), direction=direction) == [(label, "x")]


def test_progress_is_shown_when_it_says_something_new() -> None:
    steps = [
        {"id": "a1", "status": "Downloading", "progressDetail": {"current": n, "total": 2_000_000}}
        for n in range(5)
    ]
    more = [
        {"id": "b2", "status": "Downloading"},
        {"id": "a1", "status": "Pull complete"},
        {"status": "Done"},
    ]
    assert [line for _, line in told("progress", *steps, *more)] == [
        "a1: Downloading 2.0 MB",
        "b2: Downloading",
        "a1: Pull complete",
        "Done",
    ]


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ({"stream": "Step 1/2 : FROM x\n"}, ("status", "Step 1/2 : FROM x")),
        ({"aux": {"ID": "sha256:" + "a" * 64}}, ("status", "id aaaaaaaaaaaa")),
        ({"errorDetail": {"message": "no"}, "error": "no"}, ("error", "no")),
        ({"error": "only this"}, ("error", "only this")),
        ({"aux": {"Tag": "latest", "Digest": "sha256:1"}}, ("status", "digest sha256:1")),
        ({"id": "moby.image.id", "aux": {"ID": "sha256:2"}}, ("status", "id sha256:2")),
        (
            {"id": "moby.buildkit.trace", "aux": "CkcKR3No"},
            ("status", "moby.buildkit.trace (6 B, not shown)"),
        ),
        ({"aux": {"odd": 1}}, ("status", '{"odd": 1}')),
    ],
)
def test_a_line_of_progress(value: Any, line: tuple[str, str]) -> None:
    assert told("progress", value) == [line]


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (
            {
                "Type": "container",
                "Action": "die",
                "Actor": {"ID": "c1", "Attributes": {"name": "web", "exitCode": "1"}},
            },
            "container die web (exitCode=1)",
        ),
        ({"Type": "network", "Action": "create", "Actor": {"ID": "a" * 64}}, "network create aaaaaaaaaaaa"),
        ({"status": "start", "id": "old", "from": "busybox"}, "start old"),
        ({"Type": [], "Actor": "odd"}, "[]"),
    ],
)
def test_an_event(value: Any, line: str) -> None:
    assert told("events", value) == [("event", line)]


def test_statistics() -> None:
    assert told("stats", {"name": "/web"}) == [("stats", "web: cpu --, memory --")]
    sample = {
        "memory_stats": {"usage": 3_000_000, "stats": {"inactive_file": 1_000_000}, "limit": 8_000_000},
        "networks": {"eth0": {"rx_bytes": 1500, "tx_bytes": 0}},
        "pids_stats": {"current": 2},
    }
    line = "cpu --, memory 1.907 MiB of 7.629 MiB (25.0%), network 1.5 kB in, 0 B out, 2 processes"
    assert told("stats", sample) == [("stats", line)]


@pytest.mark.parametrize("value", [{"message": "no such image"}, ["odd"]])
def test_what_is_no_progress_is_left_to_the_end_line(value: Any) -> None:
    assert told("progress", value) == []
    assert [kind for kind, _ in told("progress", value, verbosity=2)] == ["json"]


@pytest.mark.parametrize(
    ("name", "verbosity", "labels"),
    [
        ("events", 1, ["event"]),
        ("events", 2, ["event", "json"]),
        ("stats", 2, ["stats", "json"]),
        ("progress", 2, ["status"]),
        ("progress", 3, ["status", "json"]),
    ],
)
def test_json_is_added_below_the_description(name: str, verbosity: int, labels: list[str]) -> None:
    assert [kind for kind, _ in told(name, {"status": "start", "id": "x"}, verbosity=verbosity)] == labels


def test_json_in_a_stream_is_indented() -> None:
    lines = told("events", {"status": "start", "id": "x" * 80}, verbosity=2)
    assert [line for label, line in lines if label == "json"] == [
        "{",
        '  "status": "start",',
        f'  "id": "{"x" * 80}"',
        "}",
    ]


COMPOSE = {
    "com.docker.compose.config-hash": "7f" * 32,
    "com.docker.compose.container-number": "1",
    "com.docker.compose.oneoff": "False",
    "com.docker.compose.project": "shop",
    "com.docker.compose.project.working_dir": "/home/ann/shop",
    "com.docker.compose.service": "web",
    "org.opencontainers.image.title": "nginx",
    "maintainer": "NGINX Docker Maintainers <docker-maint@nginx.com>",
    "tier": "front",
    "image": "nginx:alpine",
    "name": "shop-web-1",
    "exitCode": "0",
}


def test_an_event_of_compose_says_what_tells_it_apart() -> None:
    value = {"Type": "container", "Action": "die", "Actor": {"ID": "c" * 64, "Attributes": COMPOSE}}
    assert told("events", value) == [
        (
            "event",
            "container die shop-web-1 (image=nginx:alpine, exitCode=0, compose=shop/web/1, tier=front, 5 more)",
        )
    ]


def test_an_event_of_swarm_shows_old_and_new() -> None:
    attributes = {"name": "web", "replicas.new": "3", "replicas.old": "1"}
    value = {"Type": "service", "Action": "update", "Actor": {"ID": "s", "Attributes": attributes}}
    assert told("events", value) == [("event", "service update web (replicas.new=3, replicas.old=1)")]


def test_one_value_is_left_to_the_end_line_unless_all_is_to_be_seen() -> None:
    assert shown(StreamLines(ONE), ("json", {"StatusCode": 0})) == []
    assert shown(StreamLines(ONE, 2), ("json", {"StatusCode": 0})) == [("json", '{"StatusCode": 0}')]


def test_a_problem_is_always_shown() -> None:
    assert shown(StreamLines(ONE), ("problem", "ends early")) == [("problem", "ends early")]
