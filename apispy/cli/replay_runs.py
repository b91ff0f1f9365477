"""The two ways to run a replay: around a command, or standing there until a signal comes."""

import asyncio
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from io import TextIOWrapper
from pathlib import Path

from apispy import __version__
from apispy.cli import child
from apispy.cli.listening import environment, exports, protection
from apispy.cli.replaying import Replaying, say, say_line
from apispy.endpoints import Listen, running
from apispy.errors import ApispyError
from apispy.outputs.safe import escape
from apispy.replay import Player


def play_under(replaying: Replaying, command: Sequence[str]) -> int:
    """Run *command* against the replay; its exit code, or if that is 0 the replay's. Raises ApispyError."""
    if sys.stderr.isatty() and isinstance(sys.stderr, TextIOWrapper):
        sys.stderr.reconfigure(newline="\r\n")  # the command may have put the terminal into raw mode
    for line in unplayable(replaying.player):
        say_line(f"apispy: {line}")
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
            say_line(line)
        say("ready")

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
        say(f"`apispy env` will not find this one. {error}")
