"""What is fuzzed: functions that take any bytes, and fail when what they state is not true of them."""

import asyncio
import json
import re
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from apispy import capture, engine
from apispy.capture.exchange_summary import summarize
from apispy.capture.format import from_json
from apispy.capture.validation import Malformed
from apispy.decoders import DECODERS
from apispy.errors import UsageError
from apispy.filters import Filter
from apispy.learn import NameRegistry
from apispy.model import Exchange
from apispy.outputs import Console, JsonLines
from apispy.outputs.call_stats import stats_of
from apispy.pipeline import Pipeline, fast_stats_of, read
from apispy.redaction import Policy, Redactor
from apispy.replay import Options, PlaybackSession, Player
from apispy.replay.playback_connection import PlaybackConnection
from apispy.tap import Closed, GaveUp
from tests.laws.lines import Line
from tests.laws.pieces import decode, merge, split
from tests.unit.tap.conversations import Step, play

NAMES = sorted(DECODERS)
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
OF_CONTENT = (".content", ".tail", ": expected lengths that add up to")
"""What the whole look at a line says of the content of a body, which the quick one does not look at."""

RECORD = list(capture.read(Path(__file__).parents[1] / "samples/run.jsonl"))
"""What is played."""

UNREDACTED = Redactor(Policy(show_secrets=True))
"""For what a token would make longer."""

TARGETS: dict[str, Callable[[bytes], None]] = {}


def target(function: Callable[[bytes], None]) -> Callable[[bytes], None]:
    TARGETS[function.__name__] = function
    return function


@target
def decoders(data: bytes) -> None:
    """Total; every byte is in one item, in order; however the bytes are split, the same items.

    The first byte chooses the decoder, the next two where the stream is split.
    """
    if len(data) < 3:
        return
    name, stream = NAMES[data[0] % len(NAMES)], data[3:]
    whole, at = decode(name, [stream]), 0
    for item in whole:
        assert item.span[0] == at, (name, item.span, at)
        at = item.span[1]
    assert at == len(stream), (name, at)
    assert merge(decode(name, split(stream, list(data[1:3])))) == merge(whole), name


@target
def lookup(data: bytes) -> None:
    """Total; a call that is known has arguments of its operation's names; a version is one that can be compared."""
    method, _, target = data.decode("latin-1").partition(" ")
    call = engine.lookup(method, target)
    call = engine.with_form(call, data)
    assert call.nearest_version
    assert call.stays_open in (True, False)
    names = set(re.findall(r"\{(\w+)\}", call.operation.path))
    assert not call.known or set(call.arguments) == names, call


@target
def filters(data: bytes) -> None:
    """An expression is read, and its canonical text means the same; or it is refused by a UsageError."""
    try:
        read_ = Filter.parse(data.decode("latin-1"))
    except UsageError:
        return
    assert str(Filter.parse(str(read_))) == str(read_)


@target
def captures(data: bytes) -> None:
    """Any file is read, or refused by a CaptureError that names it; packed ones too."""
    with tempfile.NamedTemporaryFile(dir=_memory(), suffix=".jsonl") as file:
        file.write(data)
        file.flush()
        path, said = Path(file.name), list[str]()
        for reading in (
            lambda: list(capture.read_lines(path, said.append, said.append)),
            lambda: list(capture.read_summaries(path, said.append, said.append)),
            lambda: list(capture.play(path, on_error=said.append, warn=said.append)),
        ):
            try:
                reading()
            except capture.CaptureError as error:
                said.append(str(error))
        assert all(file.name in text for text in said), said


@target
def lines(data: bytes) -> None:
    """The quick look at a line refuses what the whole one refuses, and gives the same figures.

    What is shown of it drives no terminal, and nothing fails in showing it.
    """
    try:
        line = json.loads(data)
    except (ValueError, RecursionError):
        return
    try:
        exchange = from_json(line)
    except (Malformed, RecursionError) as error:
        _refuses(line, str(error))
        return
    gist = summarize(line)
    assert gist.exchange() == exchange
    quick, whole = (
        fast_stats_of(gist),
        stats_of(read(exchange, NameRegistry(), redactor=UNREDACTED, notes="off")),
    )
    assert quick.failed <= whole.failed  # that a body which is not looked into is damaged is not seen
    assert replace(quick, failed=whole.failed) == whole
    _shown(exchange)


def _refuses(line: object, why: str) -> None:
    said = ""
    try:
        summarize(line)
    except (Malformed, RecursionError) as error:
        said = str(error)
    assert said == why or (not said and any(part in why for part in OF_CONTENT)), (said, why)


def _shown(exchange: Exchange) -> None:
    from apispy.capture.events import tap_events

    texts: list[str] = []
    outputs = [Console(texts.append, verbosity=3), JsonLines(texts.append, verbosity=2)]
    pipeline = Pipeline(outputs, notes="strict")
    for _, event in tap_events(exchange):
        pipeline.feed(event)
    pipeline.close()
    shown = "".join(texts)
    assert "a fault in apispy" not in shown or "a fault in apispy" in repr(exchange), shown[-2000:]
    assert not CONTROL.search(shown), shown[-2000:]


@target
def tap(data: bytes) -> None:
    """Never a fault of apispy's own; it gives up at most once; no call ends twice.

    A piece is one byte for the side (odd: the client) with its length times 2, and a second for 256 times that.
    """
    steps, at = list[Step](), 0
    while at + 2 <= len(data):
        size = (data[at] >> 1) + (data[at + 1] << 7)
        steps.append(Step(bool(data[at] & 1), data[at + 2 : at + 2 + size]))
        at += 2 + size
    events = play(steps, limit=4096, lose=True)
    reasons = [event.reason for event in events if isinstance(event, GaveUp)]
    assert len(reasons) <= 1, reasons
    assert not any("a fault in apispy" in reason for reason in reasons), reasons
    ended = [event.exchange.id for event in events if isinstance(event, Closed)]
    assert len(ended) == len(set(ended)), ended


@target
def replays(data: bytes) -> None:
    """Whatever a client sends to a replay: the connection ends, what it is sent is HTTP, a miss has its line."""
    session = PlaybackSession(Player(RECORD, Options(patience=0.01)))
    line = Line(data)
    asyncio.run(asyncio.wait_for(PlaybackConnection(session, line, "fuzz").run(), 10))
    assert not line.sent or line.sent.startswith(b"HTTP/1."), bytes(line.sent[:200])
    for miss in session.player.misses:
        assert not CONTROL.search(miss.message.replace("\n", "\x00")), miss.message


def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None
