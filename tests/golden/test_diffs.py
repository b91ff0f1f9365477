"""The output of ``apispy diff`` for pairs of sessions, compared with diffs/ (``make golden`` rewrites the files)."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sessions import SECRET_PARTS, SESSIONS, WEB, Connection, Wire, frame

from apispy.learn import NameRegistry
from apispy.learn.diff import CaptureDifference, compare_captures, diff_json, diff_lines
from apispy.outputs import DecodedCall
from apispy.outputs.escaping import escape
from apispy.pipeline import read
from apispy.structs import replace
from apispy.tap import Closed

EXPECTED = Path(__file__).parent / "diffs"


def newer(wire: Wire) -> None:
    """The session ``run`` with a newer client and another daemon: every kind of fact has a change."""
    other = WEB.replace("c12250feba24", "77aa88bb99cc")
    main = wire.connect()
    _ping(main)
    config = {
        "Image": "busybox",
        "Cmd": ["sh", "-c", "echo hello; echo oops >&2"],
        "Env": ["PASSWORD=hunter2-env"],
    }
    config |= {"HostConfig": {"AutoRemove": False, "Init": True}, "Labels": {}}
    main.ask("POST /v1.47/containers/create?name=web&platform=linux%2Famd64", config)
    main.answer("201 Created", {"Id": other, "Warnings": None})
    attach = wire.connect()
    attach.hijack(f"POST /v1.47/containers/{other}/attach?stderr=1&stdout=1&stream=1")
    attach.client_eof()
    main.ask(f"POST /v1.47/containers/{other}/start")
    main.answer("204 No Content")
    attach.server(frame(1, b"hello\n"))
    attach.server_eof()
    for _ in range(2):
        main.ask("GET /v1.47/containers/web/json")
        main.answer("404 Not Found", {"message": "no such container"})


def _ping(connection: Connection) -> None:
    connection.ask("HEAD /_ping")
    connection.server(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


PAIRS: dict[str, tuple[Callable[[Wire], None], Callable[[Wire], None]]] = {
    "same": (SESSIONS["run"], SESSIONS["run"]),
    "newer": (SESSIONS["run"], newer),
    "older": (newer, SESSIONS["run"]),
    "other": (SESSIONS["ps"], SESSIONS["pull"]),
    "longer": (SESSIONS["exec"], lambda wire: (SESSIONS["exec"](wire), SESSIONS["logs"](wire))),
}


def readings(session: Callable[[Wire], None]) -> list[DecodedCall]:
    wire, memory = Wire(), NameRegistry()
    session(wire)
    exchanges = [event.exchange for event in wire.events if isinstance(event, Closed)]
    return [read(replace(one), memory) for one in sorted(exchanges, key=lambda one: one.id)]


def found(pair: str) -> CaptureDifference:
    a, b = PAIRS[pair]
    return compare_captures(readings(a), readings(b), ("a.jsonl", "b.jsonl"))


def render(pair: str, view: str) -> str:
    if view == "json":
        return json.dumps(diff_json(found(pair)), indent=1) + "\n"
    return "".join(f"{escape(line.text)}\n" for line in diff_lines(found(pair), 80))


@pytest.mark.parametrize("view", ["text", "json"])
@pytest.mark.parametrize("pair", PAIRS)
def test_golden(pair: str, view: str, expect: Callable[[Path, str], None]) -> None:
    expect(EXPECTED / f"{pair}.{view}.txt", render(pair, view))


@pytest.mark.parametrize("pair", PAIRS)
def test_it_fits_into_80_columns_and_shows_no_secret(pair: str) -> None:
    text = render(pair, "text")
    assert max(map(len, text.splitlines())) <= 80
    assert not [part for part in SECRET_PARTS if part in text + render(pair, "json")]
