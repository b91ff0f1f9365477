"""The work of ``apispy show``: captures, shown by the same code as live."""

import contextlib
import os
from collections.abc import Callable, Iterable
from dataclasses import fields
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TextIO

from apispy import capture
from apispy.app.curl_targets import BodyFiles
from apispy.app.messages import info
from apispy.app.progress import NoProgress, StartProgress
from apispy.app.view import View
from apispy.capture import CaptureError, Header, Malformed, Notice, PlaybackItem
from apispy.outputs import Reading, Stats, Target
from apispy.outputs.curl import curl
from apispy.outputs.escaping import escape
from apispy.pipeline import Pipeline, fast_stats_of
from apispy.redaction import Redactor

MOST_FAULTS = 20
"""Lines that cannot be read which are told one by one."""


class Paper:
    """Where the lines go. ``gone``: nobody reads them any more (`show | head`), and they go nowhere."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.gone = False

    def write(self, text: str) -> None:
        self._try(lambda: self.stream.write(text))

    def flush(self) -> None:
        self._try(self.stream.flush)

    def _try(self, step: Callable[[], object]) -> None:
        if self.gone:
            return
        try:
            step()
        except BrokenPipeError:
            self.gone = True
            with contextlib.suppress(OSError, ValueError):  # or Python complains when it ends
                os.dup2(os.open(os.devnull, os.O_WRONLY), self.stream.fileno())


class Show:
    """Shows captures on *stream*. ``code`` is the exit code: 1 if something could not be read."""

    def __init__(self, view: View, stream: TextIO, progress: StartProgress = NoProgress) -> None:
        self.code = 0
        self._progress = progress
        self._view = view
        self._paper = Paper(stream)
        self._keep = BodyFiles(view.bodies).keep if view.bodies else None
        self._pipeline: Pipeline | None = None
        self._faults = 0

    def file(self, path: Path) -> None:
        """All of it, in the order in which it happened."""
        with self._progress(str(path), self._paper.stream) as progress:
            self._show(
                capture.play(path, on_error=self._fault, warn=self._say, progress=progress.reached),
                eager=False,
            )

    def count(self, path: Path) -> None:
        """Statistics of it. A glance at each call is enough, as long as no filter asks for more."""
        if self._view.filter:
            self.file(path)
            return
        stats = Stats(self._paper.write, as_json=self._view.as_json)
        try:
            with self._progress(str(path), None) as progress:
                for number, gist in capture.read_summaries(path, self._say, self._fault, progress.reached):
                    try:
                        stats.count(fast_stats_of(gist))
                    except Malformed as fault:
                        self._fault(f"{path}, line {number}: {fault}")
        except CaptureError as error:
            self._fault(str(error))
            if not stats.calls:
                return
        stats.close()

    def follow(self, path: Path) -> None:
        """What is there and what is still to come, until Ctrl-C."""
        try:
            self._show(capture.follow(path, on_error=self._fault, warn=self._say), eager=True)
        except KeyboardInterrupt:
            self._end()

    def heading(self, path: Path) -> None:
        """Above each of several files."""
        if not self._view.as_json:
            self._paper.write(f"==> {escape(str(path))} <==\n")

    def close(self) -> None:
        self._paper.flush()
        if self._faults > MOST_FAULTS:
            self._say(f"{self._faults} lines could not be read; the first {MOST_FAULTS} were named")

    # -- parts --

    def _show(self, happened: Iterable[PlaybackItem], *, eager: bool) -> None:
        try:
            for happening in happened:
                self._take(happening)
                if eager:
                    self._paper.flush()
                if self._paper.gone:
                    break
        except CaptureError as error:
            self._fault(str(error))
        self._end()

    def _take(self, happening: PlaybackItem) -> None:
        if isinstance(happening, Header):
            self._end()
            self._pipeline = self._begin(happening)
        elif self._pipeline is None:
            return
        elif isinstance(happening, Notice):
            self._pipeline.notice(happening.text, happening.at)
        else:
            self._pipeline.feed(happening)

    def _begin(self, header: Header) -> Pipeline:
        view = self._view
        if view.show_secrets and header.redacted:
            self._say("--show-secrets: the secrets were taken out before the file was written; it has none")
        outputs = view.outputs(
            self._paper.write, self._paper.stream, self._curl(header) if view.curl else None
        )
        return Pipeline(
            outputs,
            redactor=Redactor(view.policy),
            notes="off" if view.quiet and not view.filter else view.notes,  # a filter may ask for them
        )

    def _end(self) -> None:
        """A session is over: its summary."""
        if self._pipeline is not None:
            self._pipeline.close()
            self._pipeline = None

    def _curl(self, header: Header) -> Callable[[Reading], str]:
        target = target_of(header.curl.get(self._view.curl, {}))
        return lambda reading: curl(reading, target, self._keep)

    def _fault(self, text: str) -> None:
        self.code = 1
        self._faults += 1
        if self._faults <= MOST_FAULTS:
            self._say(text)

    def _say(self, text: str) -> None:
        self._paper.flush()  # in the right place, if both go to one terminal
        info(text)


def target_of(saved: dict[str, Any]) -> Target:
    """Where the curl lines went. What is in the file may be anything; what does not fit is left out."""
    known = {field.name: type(field.default) for field in fields(Target)}
    fitting: dict[str, Any] = {name: value for name, value in saved.items() if type(value) is known.get(name)}
    return Target(**fitting)


def show(
    files: tuple[Path, ...], view: View, stream: TextIO, progress: StartProgress, *, follow: bool
) -> int:
    """Show *files* one after the other, or follow the only one. The exit code."""
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")  # of a terminal that cannot show a letter
    shown = Show(view, stream, progress)
    if follow:
        shown.follow(files[0])
    else:
        for path in files:
            if len(files) > 1:
                shown.heading(path)
            shown.count(path) if view.stats else shown.file(path)
    shown.close()
    return shown.code
