"""A command that runs under apispy: its environment, the signals that are forwarded to it, and its exit status."""

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import Callable, Mapping, Sequence

from apispy import system
from apispy.errors import ApispyError

FORWARDED_SIGNALS = system.signals("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGBREAK")

STOP_SIGNALS = system.signals("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
"""Signals that stop an apispy that runs without a command."""

KEYBOARD_SIGNALS = system.signals("SIGINT", "SIGQUIT", "SIGBREAK")
"""Signals that a terminal sends to every process in its foreground: the command gets them anyway."""

SIGNAL_EXIT_BASE = 128
"""A shell adds this to the number of the signal that ended a command."""


class CommandError(ApispyError):
    """The command could not be started. The exit codes are those of a shell."""

    def __init__(self, text: str, exit_code: int) -> None:
        super().__init__(text)
        self.exit_code = exit_code


def check_program(program: str, usage: str = "apispy run -- COMMAND ...") -> None:
    """Raise CommandError if *program* cannot be found, before anything is set up. *usage* is what to type instead."""
    if shutil.which(program) is None:
        exists = os.path.exists(program)
        why = "it cannot be executed" if exists else "no such command"
        raise CommandError(f"{program}: {why}. Type: {usage}", 126 if exists else 127)


async def run(
    command: Sequence[str], environment: Mapping[str, str], on_line: Callable[[str], None] | None = None
) -> int:
    """Run *command* with apispy's own stdin, stdout, stderr and terminal. Return its exit status, as a shell does.

    If *on_line* is given, the command's stdout and stderr are one pipe, and *on_line* receives each line of it as
    soon as the command writes it, with its line feed. Raises CommandError.
    """
    # Handled from the start, so that none of them ends apispy instead.
    signals: asyncio.Queue[signal.Signals] = asyncio.Queue()
    for number in FORWARDED_SIGNALS:
        system.on_signal(number, signals.put_nowait, number)
    stdout, stderr = (asyncio.subprocess.PIPE, asyncio.subprocess.STDOUT) if on_line else (None, None)
    try:
        process = await asyncio.create_subprocess_exec(
            *system.executable(command), env=environment, stdout=stdout, stderr=stderr
        )
    except OSError as error:
        raise CommandError(f"{command[0]} cannot be run: {error.strerror}", 126) from error
    forwarding = asyncio.create_task(_forward(signals, process))
    if on_line is not None and process.stdout is not None:
        async for line in process.stdout:
            on_line(line.decode(errors="replace"))
    code = await process.wait()
    forwarding.cancel()
    return SIGNAL_EXIT_BASE - code if code < 0 else code


async def _forward(signals: asyncio.Queue[signal.Signals], process: asyncio.subprocess.Process) -> None:
    while True:
        number = await signals.get()
        if number in KEYBOARD_SIGNALS and system.is_in_foreground():
            continue
        with contextlib.suppress(ProcessLookupError):  # it has just ended
            process.send_signal(number)
