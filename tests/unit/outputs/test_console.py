"""The lines of a call. Whole sessions are in tests/golden/."""

import re
from typing import Any

import pytest

from apispy.model import Item
from apispy.outputs import Console, DecodedCall

from .decoded_calls import WEB, decoded_call, tunnel


def told(*decoded_calls: DecodedCall, **options: Any) -> list[str]:
    """Return what the console writes for finished calls, without the time of day."""
    texts: list[str] = []
    console = Console(texts.append, **options)
    for each in decoded_calls:
        console.write(each)
    return ["".join(texts)[13:].removesuffix("\n")]


@pytest.mark.parametrize(
    ("told_of", "line"),
    [
        (
            decoded_call("GET /v1.41/containers/json?all=1&size=0", 200, [{}]),
            "ContainerList    GET  /v1.41/containers/json all=1 -> 200 1 container (5 B, 45 ms)",
        ),
        (
            decoded_call(f"POST /v1.41/containers/{WEB}/start", 204),
            "ContainerStart   POST /v1.41/containers/c12250feba24/start -> 204 (45 ms)",
        ),
        (
            decoded_call("POST /v1.41/containers/x/start", 304),
            "ContainerStart   POST /v1.41/containers/x/start -> 304 Reason (45 ms)",
        ),
        (
            decoded_call("GET /v1.41/what?is=this", 404, b"404 page not found\n"),
            "?                GET  /v1.41/what?is=this -> 404 page not found (19 B, 45 ms)",
        ),
        (
            decoded_call("GET /info", None, end="cut", problems=("the daemon left",)),
            "SystemInfo       GET  /info -> no response, cut after 45 ms: the daemon left",
        ),
        (
            decoded_call("GET /events", 200, None, end="open"),
            "SystemEvents     GET  /events -> 200 no events, still open after 45 ms",
        ),
        (
            decoded_call("POST /containers/x/attach", 101, tunnel=tunnel(b"in", b"raw")),
            "ContainerAttach  POST /containers/x/attach -> 101 (2 B up, 3 B down, 45 ms)",
        ),
        (
            decoded_call("GET /containers/a\x1bb/json", 500, {"message": "two\nlines \x07"}),
            "ContainerInspect GET  /containers/a\\eb/json -> 500 two lines \\x07 (33 B, 45 ms)",
        ),
    ],
)
def test_one_line(told_of: DecodedCall, line: str) -> None:
    assert told(told_of) == [line]


def test_a_long_argument_says_how_much_is_missing() -> None:
    (line,) = told(decoded_call("POST /containers/create", 201, ask={"Image": "x" * 300}))
    assert f"Image={'x' * 200}...(+100) ->" in line


def test_a_line_too_long_for_the_terminal_is_broken_before_its_outcome() -> None:
    long = decoded_call("GET /v1.41/containers/json?all=1", 200, [{}])
    assert told(long, columns=lambda: 80) == [
        "ContainerList    GET  /v1.41/containers/json all=1\n             -> 200 1 container (5 B, 45 ms)"
    ]
    assert told(long, columns=lambda: 120) == told(long)


def test_colour_only_adds_colour() -> None:
    failed = decoded_call("GET /containers/x/json", 404, {"message": "no"})
    texts: list[str] = []
    Console(texts.append, color=True).write(failed)
    (line,) = texts
    assert "\x1b[31m404\x1b[0m" in line
    assert re.sub(r"\x1b\[\d+m", "", line)[13:-1] == told(failed)[0]


def test_an_open_call_has_two_lines_and_what_flows_between_them() -> None:
    texts: list[str] = []
    console = Console(texts.append)
    running = decoded_call("GET /containers/x/logs?follow=1", 200, b"raw")
    console.opened(running)
    console.item(running, "response", Item("stderr", "stderr", b"oops", (0, 12)))
    console.write(running)
    assert [text[13:] if "logs" in text else text for text in texts] == [
        "ContainerLogs    GET  /containers/x/logs follow=1 #7 ...\n",
        "    #7 stderr| oops\n",
        "ContainerLogs    GET  /containers/x/logs follow=1 #7 -> 200 (3 B, 45 ms)\n",
    ]


def test_notices_are_escaped_too() -> None:
    texts: list[str] = []
    Console(texts.append).notice("odd \x1b[2J\nsecond", 0.0)
    assert texts == ["apispy: odd \\e[2J\n", "apispy: second\n"]
