"""Files that `apispy import` reads: captures of apispy, and recordings of other programs."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from apispy.app.messages import info
from apispy.app.progress import NoProgress, StartProgress
from apispy.errors import ApispyError

if TYPE_CHECKING:
    from apispy.app.view import View
    from apispy.importers import Imported
    from apispy.model import Chunk, Direction, Exchange, Item
    from apispy.outputs import DecodedCall, Output, Target
    from apispy.pipeline import Notes
    from apispy.redaction import Policy
    from apispy.tap import Event

FORMATS = ("pcap", "socat", "har", "flows", "capture")
"""The values of --from."""

DEFAULT_SOCKET = "/var/run/docker.sock"


def read_calls(file: Path, form: str | None = None, *, port: int = 0, limit: int = 1 << 20) -> "Imported":
    """Read the calls in *file*. Its format is *form*, or recognised by its content. Raises ApispyError.

    With *port*, only connections to that TCP port are read; *limit* is the number of bytes of each body that are kept.
    Notices about the file are printed on standard error.
    """
    from apispy import importers
    from apispy.redaction import Redactor

    form = form or importers.recognise(file)
    if form == "flows":
        from apispy.proxy import flow_files  # noqa: F401  # mitmproxy: 0.5 s of imports; it registers itself
    found = importers.read(file, form, importers.Settings(port, limit))
    redactor = Redactor()
    found = replace(found, notices=tuple(redactor.message(notice) for notice in found.notices))
    for notice in found.notices:
        info(notice)
    return found


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
    from apispy import __version__
    from apispy.app.export import remove_on_failure
    from apispy.capture import Header, Notice, Writer

    calls = [reading.exchange for reading in readings_of(found, policy=view.policy)]
    started = min((call.started for call in calls), default=0.0)
    redacted = found.redacted or not view.show_secrets
    upstream = calls[0].upstream if calls else ""
    direct = {"direct": asdict(_curl_target(upstream))}
    try:
        with Writer(output) as writer, remove_on_failure(output):
            writer.header(Header(__version__, started, redacted, upstream, view.body_limit, direct))
            for call in calls:
                writer.exchange(call)
            for notice in found.notices:
                writer.notice(Notice(started, notice))
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
    return lambda reading: curl(reading, _curl_target(reading.exchange.upstream), keep)


def _curl_target(upstream: str) -> "Target":
    """Target the daemon that the file names, or the one on this machine."""
    from apispy.outputs import Target

    is_tcp = upstream.startswith("tcp://")
    return Target(base=f"http{upstream.removeprefix('tcp')}") if is_tcp else Target(socket=DEFAULT_SOCKET)


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

    def close(self) -> None:
        pass
