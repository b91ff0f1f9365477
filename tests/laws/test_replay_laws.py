"""Laws of replay: a recorded call finds itself; a meaningful change misses; no hostile input hangs it."""

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import pytest
from exchange_strategies import sessions
from hypothesis import given, settings
from hypothesis import strategies as st
from memory_carrier import MemoryCarrier

from apispy import capture, engine
from apispy.model import Body, Chunk, Exchange
from apispy.replay import Miss, Options, PlaybackSession, Player
from apispy.replay.playback_connection import PlaybackConnection
from apispy.structs import replace

ROOT = Path(__file__).parents[2]
SAMPLES = sorted((ROOT / "samples").glob("*.jsonl"))
STEP = 2
"""Every STEPth byte of the samples' requests is changed."""


def recorded() -> list[Exchange]:
    return [exchange for path in SAMPLES for exchange in capture.read(path)]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_recorded_call_finds_itself(path: Path) -> None:
    exchanges = list(capture.read(path))
    player = Player(exchanges)
    for recorded_call in player.calls:
        found = player.find(recorded_call.exchange)
        assert not isinstance(found, Miss), "\n".join(text for text, _ in found.lines())
    assert not player.unplayed


# --- mutations


def mutations(exchange: Exchange) -> Iterator[Exchange]:
    """The same call with one byte of its target or its body changed."""
    target, body = exchange.request.target, exchange.request.body
    for at in range(0, len(target), STEP):
        line = changed(target.encode("latin-1"), at).decode("latin-1")
        yield replace(exchange, request=replace(exchange.request, target=line))
    if body.cut:
        return
    for at in range(0, len(body.data), STEP):
        data = changed(body.data, at)
        mutated = Body((Chunk(0.0, data),), len(data), ended_at=0.0)
        yield exchange.with_stream("request", mutated)


def changed(data: bytes, at: int) -> bytes:
    """*data* with the byte at *at* replaced by another printable one, a digit by a digit."""
    old = data[at : at + 1]
    new = b"7" if old.isdigit() and old != b"7" else b"3" if old == b"7" else b"k" if old != b"k" else b"q"
    return data[:at] + new + data[at + 1 :]


HIDDEN = r'(?:(?<=GREETING=)|(?<=CI=)|(?<=CI_JOB_TOKEN=))[^"\\]*'
"""The secrets in the samples' requests: a live secret may differ."""

MEANINGLESS = ("h", "w", "session", "buildid")


def meaning(exchange: Exchange, hidden: re.Pattern[str]) -> Any:
    """The meaning of a request to Docker, by this test's own rules.

    They ignore the API version, the terminal's size, a build's ids, empty JSON members, the times of archive members,
    and variables of a replay.
    """
    request = exchange.request
    path, _, query = request.target.partition("?")
    pairs = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True)
             if name not in MEANINGLESS and value not in ("", "{}", "[]", "null", "0")]  # fmt: skip
    path = re.sub(r"^/v[0-9.]+(?=/)", "", unquote(path))
    return hidden.sub("", json.dumps([request.method, path, sorted(pairs), content(request.body.data)]))


def content(data: bytes) -> Any:
    try:
        return members(json.loads(data))
    except ValueError:
        return data.decode("latin-1")


def members(value: Any) -> Any:
    if isinstance(value, dict):
        found = {name: members(part) for name, part in sorted(value.items()) if name != "ConsoleSize"}
        return {name: part for name, part in found.items() if part not in ("", None, 0, [], {})}
    return [members(part) for part in value] if isinstance(value, list) else value


def rate() -> tuple[int, int]:
    """(mutations with another meaning, those of them that missed) over all samples."""
    meant = missed = 0
    for path in SAMPLES:
        for exchange in capture.read(path):
            call = engine.lookup(exchange.request.method, exchange.request.target)
            if call.operation.id in ("SystemPingHead", "Session") or call.operation.request == "tar":
                continue
            known = Player([exchange])
            spans = known.variables.spans(
                exchange.request.target + exchange.request.body.data.decode("latin-1")
            )
            text = exchange.request.target + exchange.request.body.data.decode("latin-1")
            words = [re.escape(text[span.start : span.stop]) for span in spans]
            hidden = re.compile("|".join([HIDDEN, *words]))
            before = meaning(exchange, hidden)
            for mutated in mutations(exchange):
                if meaning(mutated, hidden) != before:
                    meant += 1
                    missed += isinstance(Player([exchange]).find(mutated), Miss)
    return meant, missed


def test_a_meaningful_change_misses() -> None:
    meant, missed = rate()
    assert meant > 3000
    figure = f"{missed:,} of {meant:,}"
    assert figure in (ROOT / "docs/replay.md").read_text(), f"docs/replay.md does not have the rate: {figure}"
    assert missed == meant


# --- hostile records and clients

FRAMING = (b"host", b"content-length", b"transfer-encoding")


def as_sent(exchange: Exchange) -> bytes:
    """The bytes of the request and of the client in its tunnel."""
    request, tunnel = exchange.request, exchange.tunnel
    lines = [f"{request.method} {request.target} HTTP/1.1".encode("latin-1", "replace"), b"Host: d"]
    lines += [b"%b: %b" % field for field in request.headers if field[0].lower() not in FRAMING]
    lines.append(b"Content-Length: %d" % len(request.body.data))
    sent = tunnel.to_server.data if tunnel else b""
    return b"\r\n".join([*lines, b"", request.body.data]) + sent


async def carried(session: PlaybackSession, line: MemoryCarrier) -> None:
    await asyncio.wait_for(PlaybackConnection(session, line, "law").run(), 5)


@given(sessions, sessions, st.lists(st.binary(max_size=80), max_size=3))
@settings(max_examples=100, deadline=None)
def test_any_recording_and_any_client_end(
    record: list[Exchange], asked: list[Exchange], noise: list[bytes]
) -> None:
    session = PlaybackSession(Player(record, Options(patience=0.01)))
    lines = [MemoryCarrier(*[as_sent(exchange) for exchange in [*record, *asked]]), MemoryCarrier(*noise)]
    lines += [MemoryCarrier(as_sent(exchange), b"more\n") for exchange in record]

    async def all_of_them() -> None:
        await asyncio.gather(*(carried(session, line) for line in lines))

    asyncio.run(all_of_them())
    for miss in session.player.misses:
        assert "\n" not in miss.message
        assert list(miss.lines())


# --- many at once

PARALLEL = 100
"""Each plays as many connections as the capture has calls, all at once: 1,700 connections of one process."""


def test_a_hundred_simultaneous_replays_are_identical() -> None:
    """Each plays one capture to a client that sends the recorded requests; all responses are the same."""
    exchanges = sorted(capture.read(ROOT / "samples/run.jsonl"), key=lambda exchange: exchange.started)

    async def one() -> tuple[bytes, ...]:
        session = PlaybackSession(Player(exchanges, Options(patience=60)))
        lines = [MemoryCarrier(as_sent(exchange)) for exchange in exchanges]
        await asyncio.gather(*(PlaybackConnection(session, line, "law").run() for line in lines))
        assert not session.player.misses
        assert not session.timeouts
        return tuple(bytes(line.sent) for line in lines)

    async def all_at_once() -> list[tuple[bytes, ...]]:
        return await asyncio.gather(*(one() for _ in range(PARALLEL)))

    answers = asyncio.run(all_at_once())
    assert all(answer.startswith(b"HTTP/1.1 ") for answer in answers[0])
    assert len(set(answers)) == 1
