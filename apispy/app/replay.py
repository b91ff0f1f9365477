"""The work of ``apispy replay``: captures played as a daemon, to whoever comes or to one command."""

import logging
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from apispy import capture
from apispy.app.capture_output import INCOMPLETE, header, open_capture
from apispy.app.curl_targets import BodyFiles, apispy_target
from apispy.app.gate import gate
from apispy.app.messages import info, print_styled
from apispy.app.view import View, colored, columns_of
from apispy.endpoints import Endpoint, Listen
from apispy.errors import UsageError
from apispy.gate import FaultRule
from apispy.model import Exchange
from apispy.outputs import Reading, ThreadWriter
from apispy.outputs.chosen import Chosen
from apispy.outputs.curl import curl
from apispy.pipeline import Pipeline
from apispy.redaction import Redactor
from apispy.replay import Miss, PlaybackSession, Player, Server, report
from apispy.sockets import listening_context

if TYPE_CHECKING:
    from apispy.certs import ServerFiles

MISSED = 3
"""The exit code when there were misses, if nothing else went wrong."""

FLUSH = 1.0
"""Seconds that a slow terminal or pipe gets to take the last lines."""


RecordedFiles = dict[Path, list[Exchange]]
"""The calls in each file."""


def read_recorded_files(files: Iterable[Path]) -> RecordedFiles:
    """Raises ApispyError when a file cannot be read, or there are no calls in them."""
    found = {file: list(capture.read(file, info)) for file in files}
    if not any(found.values()):
        raise UsageError(
            "There is no call in what is to be replayed. Record some: apispy record -o FILE -- COMMAND"
        )
    return found


@dataclass
class ReplaySession:
    """A replay of this process, shown on *stream*."""

    name: str  # of what is played, for people
    player: Player
    where: Listen
    files: "ServerFiles | None"
    view: View
    stream: TextIO
    daemon: Endpoint | None = None  # to which misses are forwarded
    output: Path | None = None  # where those are recorded
    faults: Sequence[FaultRule] = ()
    allow_hosts: Sequence[str] = ()
    played: Callable[[Player], None] = lambda _: None  # is told at the end
    stage: PlaybackSession = field(init=False)

    def __post_init__(self) -> None:
        view, stream = self.view, self.stream
        self._writer = ThreadWriter(stream, on_broken=_say_broken)
        self._color = colored(view.color, sys.stderr)
        self._keep = BodyFiles(view.bodies).keep if view.bodies else None
        self.capture = open_capture(self.output) if self.output else None
        told = not view.quiet or view.as_json  # quiet: the report is summary enough
        shown = view.outputs(self._writer.write, stream, self._curl if view.curl else None) if told else []
        forwarded: set[int] = set()
        self.pipeline = Pipeline(
            [*shown, Chosen(self.capture, forwarded)] if self.capture else shown,
            redactor=Redactor(view.policy, self.player.redactor.tokens),
            notes="off" if view.quiet and not view.filter else view.notes,
        )
        looks = gate(self.where, self.files, self.faults, self.allow_hosts, self.pipeline.aliases)
        self.stage = PlaybackSession(
            self.player, self.pipeline.feed, self._tell, info, f"replay of {self.name}",
            forward_to=self.daemon, forwarded=forwarded, body_limit=view.body_limit, gate=looks,
        )  # fmt: skip

    async def serve(self, started: Callable[[Listen], None]) -> None:
        """Listen, call *started* with the real address, go on until ``stop``. Raises ApispyError."""
        files = self.files
        logging.getLogger().handlers = [logging.NullHandler()]  # faults are told by the stage
        context = listening_context(files.ca, files.cert, files.key) if files else None
        self._server = Server(self.stage, self.where, context)

        def listening(where: Listen) -> None:
            self.where = where
            if self.capture and self.daemon:
                self.capture.begin(header(where, files, self.daemon, self.view))
            started(where)

        await self._server.run(listening)

    def stop(self) -> None:
        self._server.stop()

    def close(self) -> int:
        """Show what is still open, what the faults did, the summary, and what was played; the exit code."""
        for line in self.stage.gate.report() if self.stage.gate else []:
            self.pipeline.notice(line)
        self.pipeline.close()
        self._writer.close(FLUSH)
        self.played(self.player)
        for text, style in report(self.player):
            self._print(text, style)
        if self.capture and not self.capture.whole:
            return INCOMPLETE
        return MISSED if self.player.misses else 0

    # -- parts --

    def _tell(self, miss: Miss) -> None:
        for text, style in miss.lines():
            self._print(text, style)

    def _print(self, text: str, style: str) -> None:
        print_styled(text, style, self._color, err=True, columns=columns_of(sys.stderr))

    def _curl(self, reading: Reading) -> str:
        return curl(reading, apispy_target(self.where, self.files), self._keep)


def _say_broken(error: OSError | ValueError) -> None:
    info(f"cannot write any more ({error}); the replay goes on. Ctrl-C ends it.")
