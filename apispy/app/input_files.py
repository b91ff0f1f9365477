"""The calls in a file: a capture of apispy's, or what another program recorded."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from apispy.app.messages import info
from apispy.app.progress import NoProgress, StartProgress

if TYPE_CHECKING:
    from apispy.importers import Imported
    from apispy.model import Chunk, Direction, Exchange, Item
    from apispy.outputs import DecodedCall, Output
    from apispy.pipeline import Notes
    from apispy.redaction import Policy
    from apispy.tap import Event

FORMATS = ("pcap", "socat", "har", "flows", "capture")
"""As --from takes them."""


@contextmanager
def whole_or_none(path: Path) -> Iterator[None]:
    """Removes the plain file at *path* when what is done here fails: nobody should take a part for the whole."""
    try:
        yield
    except BaseException:
        if path.is_file():
            path.unlink()
        raise


def imported(file: Path, form: str | None = None, *, port: int = 0, limit: int = 1 << 20) -> "Imported":
    """The calls in *file*, whose format is *form*, or told by its content. Raises ApispyError.

    What is to be said of the file besides goes to standard error.
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


def play(
    found: "Imported",
    outputs: "Sequence[Output]",
    *,
    policy: "Policy | None" = None,
    notes: "Notes" = "off",
    paper: TextIO | None = None,
    progress: StartProgress = NoProgress,
) -> None:
    """Show the calls to *outputs*, which write on *paper* meanwhile, as they would have been shown live."""
    from apispy.pipeline import Pipeline
    from apispy.redaction import Redactor

    pipeline = Pipeline(outputs, redactor=Redactor(policy), notes=notes)
    events = _events(found.exchanges)
    with progress("calls", paper) as bar:
        for count, event in enumerate(events):
            bar.reached(count / len(events))
            pipeline.feed(event)
    pipeline.close()


def readings(found: "Imported", *, policy: "Policy | None" = None) -> "list[DecodedCall]":
    """What was understood of each call, in the order of their ends."""
    gathered = _Readings()
    play(found, [gathered], policy=policy)
    return gathered.all


def _events(exchanges: "tuple[Exchange, ...]") -> "list[Event]":
    """What happened in all of them, in its order."""
    from apispy.capture.events import tap_events

    moments = [
        (at, exchange.id, order, event)
        for exchange in exchanges
        for order, (at, event) in enumerate(tap_events(exchange))
    ]
    return [event for *_, event in sorted(moments, key=lambda moment: moment[:3])]


class _Readings:
    """An output that keeps what it is given at the end of each call."""

    takes_chunks = False

    def __init__(self) -> None:
        self.all: list[DecodedCall] = []

    def opened(self, reading: "DecodedCall") -> None:
        pass

    def item(self, reading: "DecodedCall", direction: "Direction", item: "Item") -> None:
        pass

    def chunk(self, reading: "DecodedCall", direction: "Direction", offset: int, chunk: "Chunk") -> None:
        pass

    def write(self, reading: "DecodedCall") -> None:
        self.all.append(reading)

    def notice(self, text: str, at: float) -> None:
        info(text)

    def close(self) -> None:
        pass
