"""A command that runs under apispy: its environment, the signals that are passed on to it, and its end."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Callable, Mapping, Sequence

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


async def run(
    command: Sequence[str], environment: Mapping[str, str], on_line: Callable[[str], None] | None = None
) -> int:
    """Run *command* with apispy's own stdin, stdout, stderr and terminal; return its exit code. Raises CannotRun.

    If *on_line* is given, the command's stdout and stderr are one pipe, and *on_line* receives each line of it as
    soon as the command writes it, with its line feed.
    """
    # Taken from the first instant: none may end us instead.
    signals: asyncio.Queue[signal.Signals] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    for number in PASSED_ON:
        loop.add_signal_handler(number, signals.put_nowait, number)
    stdout, stderr = (asyncio.subprocess.PIPE, asyncio.subprocess.STDOUT) if on_line else (None, None)
    try:
        process = await asyncio.create_subprocess_exec(
            *command, env=environment, stdout=stdout, stderr=stderr
        )
    except OSError as error:
        raise CannotRun(f"{command[0]} cannot be run: {error.strerror}", 126) from error
    passing = asyncio.create_task(_pass_on(signals, process))
    if on_line is not None and process.stdout is not None:
        async for line in process.stdout:
            on_line(line.decode(errors="replace"))
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
