"""The fuzz targets: functions that take any bytes, and fail if the property in their docstring does not hold."""

import asyncio
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

from apispy import capture, engine, importers, json_codec
from apispy.capture.exchange_summary import summarize
from apispy.capture.format import from_json
from apispy.capture.validation import Malformed
from apispy.decoders import DECODERS
from apispy.errors import ApispyError, UsageError
from apispy.filters import Filter
from apispy.gate import DaemonFrames
from apispy.gate.tunnel_answers import refused_call
from apispy.learn import NameRegistry
from apispy.model import Exchange
from apispy.outputs import Console, JsonLines
from apispy.outputs.call_stats import stats_of
from apispy.pipeline import Pipeline, fast_stats_of, read
from apispy.redaction import Policy, Redactor
from apispy.replay import Options, PlaybackSession, Player
from apispy.replay.playback_connection import PlaybackConnection
from apispy.structs import replace
from apispy.tap import Closed, GaveUp
from tests.laws.decoding import decode, merge, split
from tests.laws.memory_carrier import MemoryCarrier
from tests.laws.tunnel_model import between_frames, check_tunnel
from tests.unit.tap.conversations import Step, play

IMPORTED = ("har", "socat", "vcr", "tshark", "tcpflow", "curl-trace", "curl")
"""The formats that apispy reads itself: those of pcap files and flows are mostly the code of Scapy and mitmproxy."""

NAMES = sorted(DECODERS)
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
CONTENT_ERRORS = (".content", ".tail", ": expected lengths that add up to")
"""What the whole look at a line says of the content of a body, which the quick one does not look at."""

RECORD = list(capture.read(Path(__file__).parents[1] / "samples/run.jsonl"))
"""The calls to replay."""

UNREDACTED = Redactor(Policy(show_secrets=True))
"""A redactor that hides nothing, because tokens would change sizes."""

TARGETS: dict[str, Callable[[bytes], None]] = {}


def target(function: Callable[[bytes], None]) -> Callable[[bytes], None]:
    TARGETS[function.__name__] = function
    return function


@target
def decoders(data: bytes) -> None:
    """No exception; every byte is in one item, in order; the items are the same however the bytes are split.

    The first byte selects the decoder, the next two where the stream is split.
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
    """No exception; a known call has the arguments of its operation, and the version can be compared."""
    method, _, target = data.decode("latin-1").partition(" ")
    call = engine.lookup(method, target)
    call = engine.with_form(call, data)
    assert call.nearest_version
    assert call.stays_open in (True, False)
    names = set(re.findall(r"\{(\w+)\}", call.operation.path))
    assert not call.known or set(call.arguments) == names, call


@target
def filters(data: bytes) -> None:
    """An expression parses, and its canonical text has the same meaning; or a UsageError rejects it."""
    try:
        parsed = Filter.parse(data.decode("latin-1"))
    except UsageError:
        return
    assert str(Filter.parse(str(parsed))) == str(parsed)


@target
def captures(data: bytes) -> None:
    """Any file, compressed or not, is read, or rejected by a CaptureError that names it."""
    with tempfile.NamedTemporaryFile(dir=_ram_directory(), suffix=".jsonl") as file:
        file.write(data)
        file.flush()
        path, messages = Path(file.name), list[str]()
        for reading in (
            lambda: list(capture.read_lines(path, messages.append, messages.append)),
            lambda: list(capture.read_summaries(path, messages.append, messages.append)),
            lambda: list(capture.play(path, on_error=messages.append, warn=messages.append)),
        ):
            try:
                reading()
            except capture.CaptureError as error:
                messages.append(str(error))
        assert all(file.name in text for text in messages), messages


@target
def imports(data: bytes) -> None:
    """Any file is imported in each format, or rejected by an ApispyError that names it; its calls can be shown.

    The first byte selects the format.
    """
    if not data:
        return
    form = IMPORTED[data[0] % len(IMPORTED)]
    with tempfile.NamedTemporaryFile(dir=_ram_directory()) as file:
        file.write(data[1:])
        file.flush()
        exchanges, message = _imported(Path(file.name), form)
        assert exchanges is not None or file.name in message, (form, message)
    for exchange in exchanges or ():
        _check_shown(exchange)


def _imported(path: Path, form: str) -> tuple[tuple[Exchange, ...] | None, str]:
    """Return the calls in a file, or None and the message of the error."""
    try:
        return importers.read(path, form, importers.Settings(limit=4096)).exchanges, ""
    except ApispyError as error:
        return None, str(error)


@target
def lines(data: bytes) -> None:
    """The fast reader of a line rejects what the full reader rejects, and returns the same statistics.

    Showing the line never fails, and its output contains no control characters.
    """
    try:
        line = json_codec.read(data)
    except (ValueError, RecursionError):
        return
    try:
        exchange = from_json(line)
    except (Malformed, RecursionError) as error:
        _check_rejected(line, str(error))
        return
    summary = summarize(line)
    assert summary.exchange() == exchange
    quick, whole = (
        fast_stats_of(summary),
        stats_of(read(exchange, NameRegistry(), redactor=UNREDACTED, notes="off")),
    )
    assert quick.failed <= whole.failed  # the fast reader does not notice a damaged body
    assert replace(quick, failed=whole.failed) == whole
    _check_shown(exchange)


def _check_rejected(line: object, why: str) -> None:
    message = ""
    try:
        summarize(line)
    except (Malformed, RecursionError) as error:
        message = str(error)
    assert message == why or (not message and any(part in why for part in CONTENT_ERRORS)), (message, why)


def _check_shown(exchange: Exchange) -> None:
    from apispy.capture.events import tap_events

    texts: list[str] = []
    outputs = [Console(texts.append, verbosity=3), JsonLines(texts.append, verbosity=2)]
    pipeline = Pipeline(outputs, notes="strict")
    for _, event in tap_events(exchange):
        pipeline.feed(event)
    pipeline.close()
    shown = "".join(texts)
    assert "an internal error in apispy" not in shown or "an internal error in apispy" in repr(exchange), (
        shown[-2000:]
    )
    assert not CONTROL.search(shown), shown[-2000:]


@target
def tap(data: bytes) -> None:
    """No internal error; the tap gives up at most once; no call ends twice.

    A piece begins with two bytes: bit 0 is the side (1: the client), the other 15 bits are its length.
    """
    steps, at = list[Step](), 0
    while at + 2 <= len(data):
        size = (data[at] >> 1) + (data[at + 1] << 7)
        steps.append(Step(bool(data[at] & 1), data[at + 2 : at + 2 + size]))
        at += 2 + size
    events = play(steps, limit=4096, lose=True)
    reasons = [event.reason for event in events if isinstance(event, GaveUp)]
    assert len(reasons) <= 1, reasons
    assert not any("an internal error in apispy" in reason for reason in reasons), reasons
    ended = [event.exchange.id for event in events if isinstance(event, Closed)]
    assert len(ended) == len(set(ended)), ended


@target
def replays(data: bytes) -> None:
    """Whatever a client sends to a replay: the connection ends, what it is sent is HTTP, a miss has its line."""
    session = PlaybackSession(Player(RECORD, Options(patience=0.01)))
    line = MemoryCarrier(data)
    asyncio.run(asyncio.wait_for(PlaybackConnection(session, line, "fuzz").run(), 10))
    assert not line.sent or line.sent.startswith(b"HTTP/1."), bytes(line.sent[:200])
    for miss in session.player.misses:
        assert not CONTROL.search(miss.message.replace("\n", "\x00")), miss.message


@target
def tunnels(data: bytes) -> None:
    """What a client sends in BuildKit's tunnel passes the same however it is split, without what the rules refuse.

    The first two bytes select where it is split.
    """
    if len(data) > 2:
        check_tunnel(data[2:], split(data[2:], list(data[:2])))


@target
def tunnel_answers(data: bytes) -> None:
    """What a daemon sends in BuildKit's tunnel passes whole however it is split; answers are between its frames.

    The first two bytes select where it is split; before each of the pieces is an answer of apispy's own.
    """
    sent = data[2:]
    answer, frames, passed = refused_call(3, "no"), DaemonFrames(), b""
    if answer in sent:
        return
    at = list[int]()  # where in the daemon's bytes the answers are
    for piece in split(sent, list(data[:2])):
        for found in (frames.insert(answer, last=False), frames.feed(piece)):
            *before, last = found.split(answer)
            for part in before:
                passed += part
                at.append(len(passed))
            passed += last
    passed += frames.take_rest()
    assert passed == sent, (passed, sent)
    places = between_frames(sent)
    assert places is None or set(at) <= places, (at, places)
    assert not (frames.lost and frames.insert(answer, last=True))


def _ram_directory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None
