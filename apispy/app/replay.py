"""A replay: captures play the daemon, for any client or for one command."""

import json
import logging
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from apispy.app.curl_targets import apispy_target
from apispy.app.input_files import read_exchanges
from apispy.app.messages import info, print_styled
from apispy.app.server import serve_command, share_terminal
from apispy.app.session import Session
from apispy.app.view import View, terminal_columns, use_color
from apispy.endpoints import Endpoint, Listen
from apispy.errors import ApispyError, UsageError
from apispy.gate import FaultRule
from apispy.model import Exchange
from apispy.outputs import Target
from apispy.redaction import Redactor
from apispy.replay import Miss, PlaybackSession, Player, Server, report
from apispy.sockets import listening_context
from apispy.units import count

if TYPE_CHECKING:
    from apispy.certs import ServerFiles

RecordedFiles = dict[Path, list[Exchange]]
"""The calls in each file."""


def read_recorded_files(files: Iterable[Path]) -> RecordedFiles:
    """Read the calls of *files*. Raises ApispyError if a file cannot be read, or there are no calls in any of them."""
    found = {file: read_exchanges(file) for file in files}
    if not any(found.values()):
        raise ApispyError("There are no calls to replay. Record some: apispy record -o FILE -- COMMAND")
    return found


class ReplaySession(Session):
    """A replay of *player*'s calls, called *name* in messages.

    Misses are forwarded to *daemon*, and those calls are recorded in the new file *output*. The other parameters are
    those of ``Session``.
    """

    def __init__(
        self,
        name: str,
        player: Player,
        where: Listen,
        files: "ServerFiles | None",
        view: View,
        stream: TextIO,
        daemon: Endpoint | None = None,
        output: Path | None = None,
        faults: Sequence[FaultRule] = (),
        allow_hosts: Sequence[str] = (),
    ) -> None:
        self.name, self.player = name, player
        self._color = use_color(view.color, sys.stderr)
        forwarded: set[int] | None = set() if output else None
        super().__init__(
            where,
            files,
            daemon,
            view,
            stream,
            capture=output,
            captured=forwarded,
            shown=not view.quiet or view.as_json,  # when quiet, the report is enough of a summary
            redactor=Redactor(view.policy, player.redactor.tokens),
            faults=faults,
            allow_hosts=allow_hosts,
        )
        self._playback = PlaybackSession(
            player, self.pipeline.feed, self._report_miss, self._report, f"replay of {name}",
            forward_to=daemon, forwarded=forwarded, body_limit=view.body_limit, gate=self.gate,
        )  # fmt: skip

    async def _run(self, listening: Callable[[Listen], None]) -> None:
        files = self.files
        logging.getLogger().handlers = [logging.NullHandler()]  # the playback session reports problems
        context = listening_context(files.ca, files.cert, files.key) if files else None
        self._server = Server(self._playback, self.where, context)
        await self._server.run(listening)

    def stop(self, *, clients_exited: bool = False) -> None:
        self._server.stop()

    @property
    def upstream(self) -> str:
        return f"replay of {self.name}"

    def announcement(self) -> list[str]:
        daemon = f"unrecorded requests go to {self.daemon}" if self.daemon else "no daemon is used"
        calls = count(len(self.player.calls), "calls")
        return [f"playing {self.name}: {calls}; {daemon}", *self.unplayable_calls()]

    def unplayable_calls(self) -> list[str]:
        """A line for each call that cannot be played, with the reason."""
        return [
            f"#{entry.number} {entry.name} cannot be played: {reason}"
            for entry, reason in self.player.unplayable
        ]

    def print_summary(self) -> None:
        super().print_summary()
        self.print_report()

    def print_report(self) -> None:
        """Print which calls were played, which were not, and how many requests were missed."""
        for text, style in report(self.player):
            self._print(text, style)

    def _report_miss(self, miss: Miss) -> None:
        lines = list(miss.lines())
        for text, style in lines:
            self._print(text, style)
        if self._page:
            self._page.notice("\n".join(text for text, _ in lines), time.time(), miss.number)

    def _report(self, text: str) -> None:
        info(text)
        if self._page:
            self._page.notice(text, time.time())

    def _print(self, text: str, style: str) -> None:
        line = text if text.startswith(" ") else f"apispy: {text}"  # details are indented below their message
        print_styled(line, style, self._color, err=True, columns=terminal_columns(sys.stderr))

    def _curl_target(self) -> Target:
        return apispy_target(self.where, self.files)


def replay_to_command(session: ReplaySession, command: Sequence[str]) -> int:
    """Run *command* against the replay. Return its exit status. Raises ApispyError."""
    share_terminal(sys.stderr)
    for line in session.unplayable_calls():
        info(line)
    return serve_command(session, command)


class ReportFile:
    """``--report FILE``: which calls of which file were played, for `apispy fixture check` and `prune`.

    Raises UsageError if *path* cannot be written.
    """

    def __init__(self, path: Path, recorded: Mapping[Path, Sequence[Exchange]]) -> None:
        self._path, self._recorded = path, recorded
        if path.is_dir() or not path.absolute().parent.is_dir():
            raise UsageError(
                f"--report {path}: it cannot be written. Name a file in a directory where you may write."
            )

    def write(self, player: Player) -> None:
        """Raises ApispyError."""
        try:
            self._path.write_text(self._text(player), "utf-8", newline="\n")
        except OSError as error:
            raise ApispyError(f"--report {self._path} cannot be written: {error.strerror}") from None

    def _text(self, player: Player) -> str:
        from apispy.fixtures.prune import REPORT  # the whole package, which a replay does not need otherwise

        entries = {id(entry.exchange): entry for entry in player.calls}
        files = [
            {
                "file": str(file),
                "calls": [
                    {
                        "number": call.id,
                        "call": entries[id(call)].name,
                        "played": entries[id(call)].times_played,
                    }
                    for call in sorted(calls, key=lambda one: one.id)
                ],
            }
            for file, calls in self._recorded.items()
        ]
        missed = [miss.name for miss in player.misses]
        document: dict[str, object] = {"report": REPORT, "files": files, "missed": missed}
        if player.more_misses:
            document["more_missed"] = player.more_misses
        return json.dumps(document, indent=2) + "\n"
