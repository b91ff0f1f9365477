"""The two ways to run a replay: around a command, or standing there until a signal comes."""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import ExitStack

from apispy import __version__
from apispy.app.listener import exports, protection
from apispy.app.messages import info, info_line
from apispy.app.replay import ReplaySession
from apispy.app.serving import await_signals, beside, register, share
from apispy.endpoints import Listen
from apispy.outputs.escaping import escape
from apispy.replay import Player


def play_under(replaying: ReplaySession, command: Sequence[str]) -> int:
    """Run *command* against the replay; its exit code, or if that is 0 the replay's. Raises ApispyError."""
    share(sys.stderr)
    for line in unplayable(replaying.player):
        info_line(f"apispy: {line}")
    code = asyncio.run(beside(replaying, command))
    ours = replaying.close()
    return code or ours


def serve_replay_forever(replaying: ReplaySession) -> int:
    """Until Ctrl-C or SIGTERM; the exit code. Raises ApispyError when it cannot start."""
    asyncio.run(_stand(replaying))
    return replaying.close()


async def _stand(replaying: ReplaySession) -> None:
    registration = ExitStack()

    def started(where: Listen) -> None:
        await_signals(replaying)
        register(replaying, f"replay of {replaying.name}", registration, info)
        for line in announcement(replaying):
            info_line(line)
        info("ready")

    with registration:
        await replaying.serve(started)


def announcement(replaying: ReplaySession) -> list[str]:
    """Where it listens, what it plays, and how to send a client here."""
    where, files, entries = replaying.where, replaying.files, replaying.player.calls
    lines = [f"apispy {__version__}: listening on {where} ({protection(where, files)})"]
    asked = f"what is not there is asked of {replaying.daemon}" if replaying.daemon else "no daemon is asked"
    lines.append(f"playing {escape(replaying.name)}: {len(entries)} calls; {asked}")
    lines += unplayable(replaying.player)
    lines += [f"fault: {escape(str(rule))}" for rule in replaying.faults]
    return [*lines, "To send a client this way, paste:", *exports(where, files)]


def unplayable(player: Player) -> list[str]:
    """Which calls cannot be played, and why."""
    return [
        f"#{entry.number} {escape(entry.name)} cannot be played: {entry.reason_unplayable}"
        for entry in player.calls
        if entry.reason_unplayable
    ]
