"""The lines of a call. Whole sessions are in tests/golden/."""

import re
from typing import Any

import pytest

from apispy.model import Chunk, Item
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


NO_DAEMON = (
    "apispy: Daemon at unix:///var/run/docker.sock: no such socket. Check that the daemon is running and the address "
    "is correct (e.g. systemctl status docker)."
)


def test_a_long_error_is_shown_in_full_once() -> None:
    """Without a daemon every call has the same error of 160 characters."""
    failed = decoded_call("GET /info", 502, {"message": NO_DAEMON})
    first, second, third = told(failed, failed, failed)[0].splitlines()
    assert f"-> 502 {NO_DAEMON} (" in first
    assert "-> 502 apispy: Daemon at unix:///var/run/docker.sock: no such socket (as above) (" in second
    assert second == third


def test_a_short_error_is_repeated() -> None:
    failed = decoded_call("GET /containers/web/json", 404, {"message": "No such container: web"})
    assert told(failed, failed)[0].count("-> 404 No such container: web (") == 2


def test_the_text_of_a_fault_is_shown_once() -> None:
    """The response and the problem that apispy notes name the same rule."""
    fault = "apispy: fault op:SystemInfo status=500"
    failed = decoded_call("GET /info", 500, {"message": fault}, problems=(f"answered by {fault}", "and more"))
    assert told(failed) == [f"SystemInfo       GET  /info -> 500 {fault} (54 B, 45 ms), note: and more"]


def test_without_streams_only_calls_are_shown() -> None:
    texts: list[str] = []
    console = Console(texts.append, verbosity=3, streams=False, streams_hint="elsewhere")
    opened = decoded_call("POST /containers/x/attach", 101, None, tunnel=tunnel(b"in\n", b"raw out\n"))
    console.opened(opened)
    console.chunk(opened, "to_client", 0, Chunk(0.1, b"raw out\n"))
    console.item(opened, "to_client", Item("raw", "raw", b"raw out\n", (0, 8)))
    assert "raw out" not in "".join(texts)
    console.write(opened)
    assert "    < raw out\n" in "".join(texts)  # -vvv has the body at the end
    console.close()
    assert texts[-1] == "apispy: the stream of 1 call is not shown: elsewhere\n"


def test_the_time_is_that_of_the_start(utc: None) -> None:
    """Filters, JSON, CSV and captures have the same."""
    texts: list[str] = []
    Console(texts.append).write(decoded_call("GET /info", 200, {}, started=1_700_000_000.5, duration=30.0))
    assert texts[0].startswith("22:13:20.500 SystemInfo")


def test_relative_times_are_between_the_starts_of_calls() -> None:
    texts: list[str] = []
    console = Console(texts.append, relative=True)
    for started in (100.0, 100.25, 100.125):
        console.write(decoded_call("GET /info", 200, {}, started=started))
    assert [text[:13] for text in texts] == ["      +0.000 ", "      +0.250 ", "      -0.125 "]


def lists(*starts: float, **changes: Any) -> list[DecodedCall]:
    return [decoded_call("GET /v1.41/containers/json", 200, [], started=start, **changes) for start in starts]


def folded(*calls: DecodedCall, **options: Any) -> list[str]:
    """Return what is written, and in parentheses what is deferred; a later text replaces the one before."""
    found: list[str] = []
    console = Console(found.append, defer=lambda text: found.append(f"deferred {text.strip()}"), **options)
    for call in calls:
        console.write(call)
    return [text if text.startswith("deferred") else text.split()[1] for text in found]


def test_equal_reads_are_counted_on_one_line() -> None:
    other = decoded_call("GET /info", 200, {}, started=10.7)
    assert folded(*lists(10.0, 10.2, 10.4), other, *lists(10.8)) == [
        "ContainerList",
        "deferred (repeated once)",
        "deferred (repeated 2 times)",
        "SystemInfo",
        "ContainerList",
    ]


def test_calls_that_differ_or_are_far_apart_have_their_own_lines() -> None:
    assert folded(*lists(10.0, 12.0)) == ["ContainerList"] * 2
    more = decoded_call("GET /v1.41/containers/json", 200, [{}], started=10.1)
    assert folded(*lists(10.0), more) == ["ContainerList"] * 2
    writes = [decoded_call("POST /containers/web/stop", 304, started=at) for at in (10.0, 10.1)]
    assert folded(*writes) == ["ContainerStop"] * 2
    assert "deferred (repeated once)" not in folded(*lists(10.0, 10.1), verbosity=1)


def test_without_a_terminal_nothing_is_folded() -> None:
    assert told(*lists(10.0, 10.1))[0].count("ContainerList") == 2
