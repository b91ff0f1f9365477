"""A command that runs under apispy: its environment, the signals that are passed on to it, and its end."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Mapping, Sequence

from apispy.errors import ApispyError

PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals that end an apispy that stands there."""

FROM_KEYBOARD = (signal.SIGINT, signal.SIGQUIT)
"""Signals that a terminal sends to all processes in its foreground: the command has them already."""

KILLED = 128
"""What a shell adds to the number of the signal that ended a command."""


class CannotRun(ApispyError):
    """The command could not be started. The exit codes are those of a shell."""

    def __init__(self, text: str, exit_code: int) -> None:
        super().__init__(text)
        self.exit_code = exit_code


def check(program: str, usage: str = "apispy run -- COMMAND ...") -> None:
    """Raises CannotRun when there is no such *program*, before anything is set up for it. *usage*: what to type."""
    if shutil.which(program) is None:
        exists = os.path.exists(program)
        why = "it cannot be executed" if exists else "no such command"
        raise CannotRun(f"{program}: {why}. Type: {usage}", 126 if exists else 127)


async def run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run *command* with our own stdin, stdout, stderr and terminal; its exit code. Raises CannotRun."""
    # Taken from the first instant: none may end us instead.
    signals: asyncio.Queue[signal.Signals] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    for number in PASSED_ON:
        loop.add_signal_handler(number, signals.put_nowait, number)
    try:
        process = await asyncio.create_subprocess_exec(*command, env=environment)
    except OSError as error:
        raise CannotRun(f"{command[0]} cannot be run: {error.strerror}", 126) from error
    passing = asyncio.create_task(_pass_on(signals, process))
    code = await process.wait()
    passing.cancel()
    return KILLED - code if code < 0 else code


async def _pass_on(signals: asyncio.Queue[signal.Signals], process: asyncio.subprocess.Process) -> None:
    while True:
        number = await signals.get()
        if number in FROM_KEYBOARD and _in_foreground():
            continue
        with contextlib.suppress(ProcessLookupError):  # it has just ended
            process.send_signal(number)


def _in_foreground() -> bool:
    """Whether we belong to the processes that a terminal's keys reach."""
    for stream in (sys.__stdin__, sys.__stderr__, sys.__stdout__):
        try:
            if stream is not None and os.tcgetpgrp(stream.fileno()) == os.getpgrp():
                return True
        except (OSError, ValueError):
            pass  # no terminal, or not ours
    return False
