"""Captures, shown by the same pipeline and outputs as live calls."""

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from io import TextIOWrapper
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

from apispy import capture
from apispy.app.input_files import curl_target, foreign_format, import_foreign, playback_of
from apispy.app.messages import info
from apispy.app.progress import NoProgress, Progress, StartProgress
from apispy.app.view import View
from apispy.capture import CaptureError, Header, Malformed, Notice, PlaybackItem
from apispy.capture.raw_lines import display_name
from apispy.errors import ApispyError, OutputError, UsageError
from apispy.outputs import DecodedCall, Stats, Target
from apispy.outputs.curl import SaveBody, curl
from apispy.outputs.escaping import escape
from apispy.pipeline import Pipeline, fast_stats_of
from apispy.redaction import Redactor
from apispy.structs import fields

MAX_REPORTED_ERRORS = 20
"""Unreadable lines that are reported one by one."""


class OutputStream:
    """A stream that may lose its reader (`show | head`), or be a file on a full disk.

    ``broken`` is set then, and later lines are discarded. ``close`` says why, unless the reader has just had enough.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.broken = False
        self._error: OSError | None = None  # what broke it, if that is not its reader
        self._deferred = ""

    def write(self, text: str) -> None:
        """Never raises OSError."""
        text, self._deferred = self._deferred + text, ""
        self._try(lambda: self.stream.write(text))

    def defer(self, text: str) -> None:
        """Write *text* before the next text, unless another deferred text replaces it first."""
        self._deferred = text

    def flush(self) -> None:
        """Never raises OSError."""
        self.write("")
        self._try(self.stream.flush)

    def close(self) -> None:
        """Flush the stream. Raises OutputError if something could not be written, though its reader was there."""
        self.flush()
        if self._error is not None:
            raise OutputError(self._error)

    def _try(self, action: Callable[[], object]) -> None:
        if self.broken:
            return
        try:
            action()
        except OSError as error:
            self.broken = True
            self._error = None if isinstance(error, BrokenPipeError) else error
            with contextlib.suppress(OSError, ValueError):  # otherwise Python complains when it exits
                os.dup2(os.open(os.devnull, os.O_WRONLY), self.stream.fileno())


def show(
    files: tuple[Path, ...], view: View, stream: TextIO, progress: StartProgress = NoProgress, *, follow: bool
) -> bool:
    """Show *files* one after the other, or follow the only one. Return whether every line could be read."""
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")  # for a terminal that cannot show a character
    viewer = CaptureViewer(view, stream, progress)
    if follow:
        viewer.follow(files[0])
    else:
        for path in files:
            if len(files) > 1:
                viewer.show_heading(path)
            viewer.show_stats(path) if view.stats else viewer.show_file(path)
    viewer.close()
    return viewer.good


class CaptureViewer:
    """Shows captures on *stream*. ``good`` is whether every line could be read."""

    def __init__(self, view: View, stream: TextIO, progress: StartProgress) -> None:
        self.good = True
        self._progress = progress
        self._view = view
        self._out = OutputStream(stream)
        self._keep_body: SaveBody | None = None
        if view.bodies:
            from apispy.app.curl_targets import BodyFiles  # it imports apispy.endpoints

            self._keep_body = BodyFiles(view.bodies).keep
        self._pipeline: Pipeline | None = None
        self._errors = 0
        self._no_calls = ""  # the summary of a session without calls

    def show_file(self, path: Path) -> None:
        """Show the whole capture, in the order in which it happened."""
        self._no_calls = f"No calls in {escape(display_name(path))}."
        with self._progress(str(path), self._out.stream) as progress:
            self._show(self._items(path, progress), eager=False)

    def _items(self, path: Path, progress: Progress) -> Iterator[PlaybackItem]:
        """Yield the content of a capture, or of a file that another program wrote. Raises ApispyError."""
        found = import_foreign(path, self._view.body_limit)
        if found is None:
            yield from capture.play(
                path, on_error=self._report_error, warn=self._info, progress=progress.reached
            )
        else:
            yield from playback_of(found, self._view.body_limit)

    def show_stats(self, path: Path) -> None:
        """Show statistics. Without a filter, only the summary of each call in a capture is read."""
        if self._view.filter or foreign_format(path):
            self.show_file(path)
            return
        stats = Stats(self._out.write, as_json=self._view.as_json)
        try:
            with self._progress(str(path), None) as progress:
                for number, summary in capture.read_summaries(
                    path, self._info, self._report_error, progress.reached
                ):
                    try:
                        stats.count(fast_stats_of(summary))
                    except Malformed as error:
                        self._report_error(f"{path}, line {number}: {error}")
        except CaptureError as error:
            self._report_error(str(error))
            if not stats.calls:
                return
        stats.close()

    def follow(self, path: Path) -> None:
        """Show what is in the capture and what is added to it, until Ctrl-C."""
        self._no_calls = f"No calls in {escape(display_name(path))}."
        try:
            with noted_interrupt() as interrupt:
                items = capture.follow(
                    path, on_error=self._report_error, warn=self._info, is_over=interrupt.noted
                )
                self._show(interrupt.between(items), eager=True)
        except KeyboardInterrupt:
            self._end_session()

    def show_heading(self, path: Path) -> None:
        """Show the name of one of several files."""
        if not self._view.as_json:
            self._out.write(f"==> {escape(str(path))} <==\n")

    def close(self) -> None:
        """Flush the output, and report how many lines could not be read if not each was reported."""
        self._out.close()
        if self._errors > MAX_REPORTED_ERRORS:
            self._info(f"{self._errors} lines could not be read; the first {MAX_REPORTED_ERRORS} are listed")

    # -- parts --

    def _show(self, items: Iterable[PlaybackItem], *, eager: bool) -> None:
        try:
            for item in items:
                self._take(item)
                if eager:
                    self._out.flush()
                if self._out.broken:
                    break
        except UsageError:  # --redact is wrong for every file
            raise
        except ApispyError as error:
            self._report_error(str(error))
        self._end_session()
        if self._out.broken:
            self._out.close()

    def _take(self, item: PlaybackItem) -> None:
        if isinstance(item, Header):
            self._end_session()
            self._pipeline = self._begin_session(item)
        elif self._pipeline is None:
            return
        elif isinstance(item, Notice):
            self._pipeline.notice(item.text, item.at)
        else:
            self._pipeline.feed(item)

    def _begin_session(self, header: Header) -> Pipeline:
        view = self._view
        if view.show_secrets and header.redacted:
            self._info(
                "--show-secrets: the secrets were taken out before the capture was written; it has none"
            )
        curl = self._curl(header) if view.curl else None
        outputs = view.outputs(self._out.write, self._out.stream, curl, self._no_calls, self._out.defer)
        return Pipeline(outputs, redactor=Redactor(view.policy), notes=view.wanted_notes)

    def _end_session(self) -> None:
        """Show the summary of a session."""
        if self._pipeline is not None:
            self._pipeline.close()
            self._pipeline = None

    def _curl(self, header: Header) -> Callable[[DecodedCall], str]:
        saved = header.curl.get(self._view.curl)
        target = None if saved is None else target_from(saved)
        return lambda reading: curl(
            reading, target or curl_target(reading.exchange.upstream), self._keep_body
        )

    def _report_error(self, text: str) -> None:
        self.good = False
        self._errors += 1
        if self._errors <= MAX_REPORTED_ERRORS:
            self._info(text)

    def _info(self, text: str) -> None:
        self._out.flush()  # keeps the order when both streams go to one terminal
        info(text)


class NotedInterrupt:
    """Ctrl-C, which raises KeyboardInterrupt, but not while an item is shown: else a summary may lack a call.

    Python drops an exception that is raised in the callback of a weak reference, so it is also noted. Imports have such
    callbacks.
    """

    def __init__(self) -> None:
        self._noted = self._is_busy = False

    def noted(self) -> bool:
        """Whether there was one."""
        return self._noted

    def between[T](self, items: Iterable[T]) -> Iterator[T]:
        """Yield *items*. An interrupt comes before the next one; a second one at once."""
        for item in items:
            self._is_busy = True
            yield item
            self._is_busy = False
            if self._noted:
                raise KeyboardInterrupt

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Handle SIGINT."""
        is_first, self._noted = not self._noted, True
        if not (is_first and self._is_busy):
            signal.default_int_handler(number, frame)


@contextlib.contextmanager
def noted_interrupt() -> Iterator[NotedInterrupt]:
    """Let Ctrl-C interrupt between items, and note it."""
    interrupt = NotedInterrupt()
    handles = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    is_main = threading.current_thread() is threading.main_thread()  # only it may set a handler
    if handles and is_main:
        signal.signal(signal.SIGINT, interrupt.handle)
    try:
        yield interrupt
    finally:
        if handles and is_main:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def target_from(saved: dict[str, Any]) -> Target:
    """Return the curl target in a capture's header. Values of a wrong name or type are ignored."""
    known = {field.name: type(field.default) for field in fields(Target)}
    valid: dict[str, Any] = {name: value for name, value in saved.items() if type(value) is known.get(name)}
    return Target(**valid)
