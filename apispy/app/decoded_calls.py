"""The calls of files, decoded and redacted, one at a time."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from apispy.app.messages import info
from apispy.app.progress import NoProgress, StartProgress
from apispy.errors import ApispyError, UsageError
from apispy.outputs.escaping import escape

if TYPE_CHECKING:
    from apispy.app.input_files import LineSource
    from apispy.capture import Header
    from apispy.model import Exchange
    from apispy.outputs import DecodedCall
    from apispy.outputs.filtered import CallFilter
    from apispy.pipeline import Notes
    from apispy.redaction import Redactor

Adapt = Callable[["Exchange", "Header"], "Exchange"]
"""Changes an exchange before it is read; takes the header of its session too."""


def read_files(
    files: tuple[Path, ...],
    call_filter: "CallFilter | None" = None,
    progress: StartProgress = NoProgress,
) -> "Iterator[tuple[DecodedCall, str]]":
    """Yield the calls of *files* that match, each with the name of its file on one line ("" for the only file).

    Raises ApispyError for a file that cannot be read.
    """
    for file in files:
        with progress(str(file), None) as bar:
            for decoded in decode_file(file, reached=bar.reached):
                if call_filter is None or call_filter.matches(decoded):
                    yield decoded, escape(file.name) if len(files) > 1 else ""


class Collector(Protocol):
    """Something that learns from calls, and counts them in ``calls``."""

    calls: int

    def add(self, decoded: "DecodedCall", source: str = "") -> None: ...


def collect[T: Collector](
    collector: T, files: tuple[Path, ...], call_filter: "CallFilter | None", progress: StartProgress
) -> T:
    """Give *collector* the calls of *files* that match, and return it.

    Raises ApispyError, also if no call matches: a result about nothing would be no answer.
    """
    for decoded, source in read_files(files, call_filter, progress):
        collector.add(decoded, source)
    if not collector.calls:
        raise ApispyError(
            f"no call in {', '.join(map(str, files))} matches. Name a file with calls, or change --filter"
        )
    return collector


@contextlib.contextmanager
def failing_as_usage() -> Iterator[None]:
    """Raise any ApispyError as UsageError: exit code 1 of these commands is an answer about the calls."""
    try:
        yield
    except ApispyError as error:
        raise UsageError(str(error)) from None


def decode_file(
    file: Path,
    *,
    show_secrets: bool = False,
    reached: Callable[[float], None] = lambda _: None,
    adapt: Adapt | None = None,
    notes: "Notes" = "off",
    notice: Callable[[float, str], None] = lambda at, text: None,
) -> "Iterator[DecodedCall]":
    """Yield the calls of a capture, or of a file that can be imported, in the order in which they ended.

    They are redacted, unless the capture already is or *show_secrets*. *notice* gets the notices that the file has and
    those about the file, with the Unix times that they are about. Raises ApispyError.
    """
    from apispy import pipeline
    from apispy.app.input_files import line_source
    from apispy.capture import Header, Notice
    from apispy.learn import NameRegistry
    from apispy.model import Exchange
    from apispy.redaction import Policy, Redactor

    names, redactor, session = NameRegistry(), Redactor(), 0
    header: Header | None = None
    at = 0.0  # of the last line

    def report(text: str) -> None:
        info(text)
        notice(at, text)

    lines = line_source(file)
    for line in lines(report, reached):
        if isinstance(line, Header):
            names, session, header, at = NameRegistry(), session + 1, line, line.started
            hides = not (show_secrets or line.redacted)
            redactor = _learned(lines, session) if hides else Redactor(Policy(show_secrets=True))
        elif isinstance(line, Exchange):
            exchange, at = adapt(line, header) if adapt and header else line, line.started + line.duration
            yield pipeline.read(exchange, names, redactor=redactor, notes=notes)
        elif isinstance(line, Notice):
            at = line.at
            notice(at, redactor.message(line.text))


def _learned(lines: "LineSource", session: int) -> "Redactor":
    """Make the redactor of a session of the capture, which knows the secrets of all its calls.

    So it also hides a secret that a call repeats before another one shows that it is secret.
    """
    from apispy.capture import Header
    from apispy.model import Exchange
    from apispy.redaction import Redactor

    redactor, number = Redactor(), 0
    for line in lines(lambda _: None, lambda _: None):
        number += isinstance(line, Header)
        if number > session:
            break
        if number == session and isinstance(line, Exchange):
            redactor.redact(line)
    return redactor
