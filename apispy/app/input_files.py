"""Files that `apispy import` reads: captures of apispy, and recordings of other programs."""

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from apispy.app.messages import info
from apispy.app.progress import NoProgress, StartProgress
from apispy.errors import ApispyError

if TYPE_CHECKING:
    from apispy.app.view import View
    from apispy.capture import Header, PlaybackItem
    from apispy.capture.lines import Line
    from apispy.importers import Format, Imported
    from apispy.model import Chunk, Direction, Exchange, Item
    from apispy.outputs import DecodedCall, Output, Target
    from apispy.pipeline import Notes
    from apispy.redaction import Policy
    from apispy.tap import Event

FORMATS = ("pcap", "socat", "har", "flows", "vcr", "tshark", "tcpflow", "curl-trace", "curl", "capture")
"""The values of --from."""

DEFAULT_SOCKET = "/var/run/docker.sock"

WHOLE_BODIES = 1 << 26
"""Bytes of each body that are kept where calls are not only shown."""


def read_calls(file: Path, form: str | None = None, *, port: int = 0, limit: int = 1 << 20) -> "Imported":
    """Read the calls in *file*. Its format is *form*, or recognised by its content.

    With *port*, only connections to that TCP port are read; *limit* is the number of bytes of each body that are kept.
    Notices about the file are printed on standard error. Raises ApispyError if the file cannot be read, or is not a
    capture of apispy and has no calls.
    """
    from apispy import importers
    from apispy.redaction import Redactor
    from apispy.structs import replace

    form = form or importers.recognise(file)
    if form == "flows":
        from apispy.proxy import flow_files  # noqa: F401  # mitmproxy: 0.5 s of imports; it registers itself
    found = importers.read(file, form, importers.Settings(port, limit))
    redactor = Redactor()
    found = replace(found, notices=tuple(redactor.message(notice) for notice in found.notices))
    for notice in found.notices:
        info(notice)
    if not found.exchanges and form != "capture":
        raise ApispyError(f"{file} has no calls of Docker's API. {importers.FORMATS[form].if_empty}")
    return found


def foreign_format(file: Path) -> "Format | None":
    """The format of *file* if another program wrote it.

    None if ``apispy.capture`` is to read the file: a capture, a fixture, and a file of unknown format. Raises
    ApispyError for standard input in another format, because the importers need files.
    """
    from apispy.capture.raw_lines import STDIN
    from apispy.capture.reader import begins_as_capture

    if file == STDIN:
        _check_standard_input()
        return None
    if begins_as_capture(file):  # without the importers: they take a quarter of the start of `show`
        return None
    from apispy import importers

    try:
        form = importers.find_format(file)
    except ApispyError:
        return None  # ``apispy.capture`` reports the reason
    return None if form is None or form.name == "capture" else form


def _check_standard_input() -> None:
    from apispy import importers

    peek = getattr(sys.stdin.buffer, "peek", None)  # it reads nothing, so the data stays where it is
    form = importers.format_of(peek(1)) if peek else None
    if form and form.name != "capture":
        raise ApispyError(
            f"standard input is {form.title}. Save it in a file, because only a capture can be read from a pipe."
        )


def import_foreign(file: Path, limit: int = WHOLE_BODIES) -> "Imported | None":
    """Import the calls in *file* if another program wrote it, with a message that says so; else return None.

    *limit* is the number of bytes of each body that are kept. Raises ApispyError.
    """
    form = foreign_format(file)
    if form is None:
        return None
    found = read_calls(file, form.name, limit=limit)
    info(f"{file} is {form.title}: its calls were imported. To keep them: apispy import {file} -o FILE")
    return found


def read_exchanges(file: Path) -> "list[Exchange]":
    """Read the calls of a capture, a fixture, or any other file that can be imported. Raises ApispyError."""
    from apispy import capture

    found = import_foreign(file)
    return list(capture.read(file, info) if found is None else found.exchanges)


LineSource = Callable[[Callable[[str], None], Callable[[float], None]], "Iterator[Line]"]
"""Takes what reports a notice about the file, and its progress from 0 to 1. May be called repeatedly."""


def line_source(file: Path) -> LineSource:
    """Return what yields the lines of a capture, or those that the capture of an imported file would have.

    Raises ApispyError, and so does what it returns.
    """
    from apispy import capture
    from apispy.capture import Notice

    found = import_foreign(file)

    def of_capture(report: Callable[[str], None], progress: Callable[[float], None]) -> "Iterator[Line]":
        for _, line in capture.read_lines(file, report, progress=progress):
            yield line

    def of_import(report: Callable[[str], None], progress: Callable[[float], None]) -> "Iterator[Line]":
        assert found is not None
        header = _header(found, WHOLE_BODIES)
        yield header
        yield from (Notice(header.started, text) for text in found.notices)
        yield from sorted(found.exchanges, key=lambda call: (call.started + call.duration, call.id))

    return of_capture if found is None else of_import


def playback_of(found: "Imported", limit: int) -> "Iterator[PlaybackItem]":
    """Yield what ``capture.play`` would of the capture of an imported file, of whose bodies *limit* bytes were kept."""
    yield _header(found, limit)
    yield from _events(found.exchanges)


def _header(found: "Imported", limit: int, redacted: bool | None = None) -> "Header":
    """Make the header of a capture with these calls. Its curl commands have one target only if all calls have."""
    from apispy import __version__
    from apispy.capture import Header
    from apispy.structs import asdict

    upstreams = list(dict.fromkeys(call.upstream for call in found.exchanges)) or [""]
    return Header(
        __version__,
        min((call.started for call in found.exchanges), default=0.0),
        found.redacted if redacted is None else redacted,
        upstreams[0],
        limit,
        {"direct": asdict(curl_target(upstreams[0]))} if len(upstreams) == 1 else {},
    )


def show_calls(
    found: "Imported",
    outputs: "Sequence[Output]",
    *,
    policy: "Policy | None" = None,
    notes: "Notes" = "off",
    stream: TextIO | None = None,
    progress: StartProgress = NoProgress,
) -> None:
    """Send the calls to *outputs* as if they happened now. *stream* is where the outputs write meanwhile."""
    from apispy.pipeline import Pipeline
    from apispy.redaction import Redactor

    redactor = Redactor(policy)
    for exchange in found.exchanges:  # to know the secrets that a call repeats before another one shows them
        redactor.redact(exchange)
    pipeline = Pipeline(outputs, redactor=redactor, notes=notes)
    events = _events(found.exchanges)
    with progress("calls", stream) as bar:
        for count, event in enumerate(events):
            bar.reached(count / len(events))
            pipeline.feed(event)
    pipeline.close()


def readings_of(found: "Imported", *, policy: "Policy | None" = None) -> "list[DecodedCall]":
    """Return a reading of each call, in the order in which the calls ended."""
    collector = _ReadingCollector()
    show_calls(found, [collector], policy=policy)
    return collector.readings


def save_capture(found: "Imported", output: Path, view: "View") -> int:
    """Write the calls to the new capture *output*, and return their number. Raises ApispyError."""
    from apispy import capture
    from apispy.app.output_files import remove_on_failure

    calls = [reading.exchange for reading in readings_of(found, policy=view.policy)]
    header = _header(found, view.body_limit, found.redacted or not view.show_secrets)
    try:
        with capture.Writer(output) as writer, remove_on_failure(output):
            writer.header(header)
            for call in calls:
                writer.exchange(call)
            for notice in found.notices:
                writer.notice(capture.Notice(header.started, notice))
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ApispyError(f"{output} cannot be written: {why}. Name another file with -o.") from None
    return len(calls)


def curl_formatter(view: "View") -> "Callable[[DecodedCall], str] | None":
    """Return a function that makes the curl command which repeats a call; None if *view* has no curl commands."""
    from apispy.app.curl_targets import BodyFiles
    from apispy.outputs.curl import curl

    if not view.curl:
        return None
    keep = BodyFiles(view.bodies).keep if view.bodies else None
    return lambda reading: curl(reading, curl_target(reading.exchange.upstream), keep)


def curl_target(upstream: str) -> "Target":
    """Target the daemon that the file names, or the one on this machine."""
    from apispy.outputs import Target

    scheme, _, address = upstream.partition("://")
    match scheme:
        case "tcp" | "http":
            return Target(base=f"http://{address}")
        case "https":
            return Target(base=upstream)
        case "unix":
            return Target(socket=address)
    return Target(socket=DEFAULT_SOCKET)


def _events(exchanges: "tuple[Exchange, ...]") -> "list[Event]":
    """Return the events of all exchanges in the order in which they happened."""
    from apispy.capture.events import tap_events

    moments = [
        (at, exchange.id, order, event)
        for exchange in exchanges
        for order, (at, event) in enumerate(tap_events(exchange))
    ]
    return [event for *_, event in sorted(moments, key=lambda moment: moment[:3])]


class _ReadingCollector:
    """An output that keeps the final reading of each call."""

    takes_chunks = takes_heads = False

    def __init__(self) -> None:
        self.readings: list[DecodedCall] = []

    def started(self, decoded: "DecodedCall") -> None:
        pass

    def answered(self, decoded: "DecodedCall") -> None:
        pass

    def opened(self, reading: "DecodedCall") -> None:
        pass

    def item(self, reading: "DecodedCall", direction: "Direction", item: "Item") -> None:
        pass

    def chunk(self, reading: "DecodedCall", direction: "Direction", offset: int, chunk: "Chunk") -> None:
        pass

    def write(self, reading: "DecodedCall") -> None:
        self.readings.append(reading)

    def notice(self, text: str, at: float) -> None:
        info(text)

    def summarize(self) -> None:
        pass

    def close(self) -> None:
        pass
