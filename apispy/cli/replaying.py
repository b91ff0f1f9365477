"""The work of ``apispy replay``: captures played as a daemon, to whoever comes or to one command."""

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from apispy import __version__, capture
from apispy.cli import child
from apispy.cli.capturing import INCOMPLETE, header, open_capture
from apispy.cli.gating import gate
from apispy.cli.lines import print_styled
from apispy.cli.listening import environment, exports, private_listener, protection
from apispy.cli.targets import BodyFiles, apispy_target
from apispy.cli.view import View, colored, columns_of
from apispy.endpoints import Endpoint, Listen, running
from apispy.errors import ApispyError, UsageError
from apispy.gate import Rule
from apispy.model import Exchange
from apispy.outputs import Reading, ThreadWriter, curl
from apispy.outputs.chosen import Chosen
from apispy.outputs.safe import escape
from apispy.pipeline import Pipeline
from apispy.replay import Miss, Player, Server, Stage, report
from apispy.sockets import listening_context
from apispy.steps import Redactor

if TYPE_CHECKING:
    from apispy.certs import ServerFiles

MISSED = 3
"""The exit code when there were misses, if nothing else went wrong."""

FLUSH = 1.0
"""Seconds that a slow terminal or pipe gets to take the last lines."""


Recorded = dict[Path, list[Exchange]]
"""The calls in each file."""


def recorded(files: Iterable[Path]) -> Recorded:
    """Raises ApispyError when a file cannot be read, or there are no calls in them."""
    found = {file: list(capture.read(file, _say)) for file in files}
    if not any(found.values()):
        raise UsageError(
            "There is no call in what is to be replayed. Record some: apispy record -o FILE -- COMMAND"
        )
    return found


@dataclass
class Replaying:
    """A replay of this process, shown on *stream*."""

    name: str  # of what is played, for people
    player: Player
    where: Listen
    files: "ServerFiles | None"
    view: View
    stream: TextIO
    daemon: Endpoint | None = None  # to which misses are forwarded
    output: Path | None = None  # where those are recorded
    faults: Sequence[Rule] = ()
    allow_hosts: Sequence[str] = ()
    played: Callable[[Player], None] = lambda _: None  # is told at the end
    stage: Stage = field(init=False)

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
        self.stage = Stage(
            self.player, self.pipeline.feed, self._tell, _say, f"replay of {self.name}",
            daemon=self.daemon, forwarded=forwarded, body_limit=view.body_limit, gate=looks,
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


def play_under(replaying: Replaying, command: Sequence[str]) -> int:
    """Run *command* against the replay; its exit code, or if that is 0 the replay's. Raises ApispyError."""
    if sys.stderr.isatty() and isinstance(sys.stderr, TextIOWrapper):
        sys.stderr.reconfigure(newline="\r\n")  # the command may have put the terminal into raw mode
    for line in unplayable(replaying.player):
        _say_line(f"apispy: {line}")
    code = asyncio.run(_both(replaying, command))
    ours = replaying.close()
    return code or ours


async def _both(replaying: Replaying, command: Sequence[str]) -> int:
    ready = asyncio.Event()
    serving = asyncio.create_task(replaying.serve(lambda _: ready.set()))
    started = asyncio.create_task(ready.wait())
    await asyncio.wait((serving, started), return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        started.cancel()
        await serving  # it raises what kept it from listening
    try:
        return await child.run(command, environment(replaying.where, replaying.files, os.environ))
    finally:
        replaying.stop()
        await serving


def stand(replaying: Replaying) -> int:
    """Until Ctrl-C or SIGTERM; the exit code. Raises ApispyError when it cannot start."""
    asyncio.run(_stand(replaying))
    return replaying.close()


async def _stand(replaying: Replaying) -> None:
    registration = ExitStack()

    def started(where: Listen) -> None:
        for number in child.ENDING:
            asyncio.get_running_loop().add_signal_handler(number, replaying.stop)
        _register(replaying, registration)
        for line in announcement(replaying):
            _say_line(line)
        _say("ready")

    with registration:
        await replaying.serve(started)


def announcement(replaying: Replaying) -> list[str]:
    """Where it listens, what it plays, and how to send a client here."""
    where, files, entries = replaying.where, replaying.files, replaying.player.entries
    lines = [f"apispy {__version__}: listening on {where} ({protection(where, files)})"]
    asked = f"what is not there is asked of {replaying.daemon}" if replaying.daemon else "no daemon is asked"
    lines.append(f"playing {escape(replaying.name)}: {len(entries)} calls; {asked}")
    lines += unplayable(replaying.player)
    lines += [f"fault: {escape(str(rule))}" for rule in replaying.faults]
    return [*lines, "To send a client this way, paste:", *exports(where, files)]


def unplayable(player: Player) -> list[str]:
    """Which calls cannot be played, and why."""
    return [
        f"#{entry.number} {escape(entry.name)} cannot be played: {entry.unplayable}"
        for entry in player.entries
        if entry.unplayable
    ]


def _register(replaying: Replaying, registration: ExitStack) -> None:
    """Let ``apispy env`` find this one; nothing depends on that."""
    certs_dir = replaying.files.ca.parent if replaying.files else None
    daemon = f"replay of {replaying.name}"
    try:
        registration.enter_context(
            running.registered(replaying.where, certs_dir, daemon, os.environ, Path.home())
        )
    except ApispyError as error:
        _say(f"`apispy env` will not find this one. {error}")


def _say(text: str) -> None:
    _say_line(f"apispy: {escape(text)}")


def _say_line(line: str) -> None:
    click.echo(line, err=True)


def _say_broken(error: OSError | ValueError) -> None:
    _say(f"cannot write any more ({error}); the replay goes on. Ctrl-C ends it.")


__all__ = ["Replaying", "play_under", "private_listener", "recorded", "stand"]
