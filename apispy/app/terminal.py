"""The user's terminal, for questions: text is shown there and lines are read from it, whatever stdin and stdout are."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Protocol

from apispy import system

if sys.platform == "win32":
    import msvcrt
else:
    import termios

MAX_LINE = 4096
"""Bytes of a line that are read (a terminal has no longer lines)."""

KEY_INTERVAL = 0.05
"""Seconds between two looks for a key on Windows, where a read of the console cannot be given up."""


class Terminal(Protocol):
    def show(self, text: str) -> None: ...

    def discard_input(self) -> None:
        """Forget what was typed until now."""

    async def read_line(self) -> str:
        """Return the next line that is typed."""


def open_terminal(path: Path) -> Terminal:
    """Open the terminal at *path*, on Windows the console of this process. Raises OSError if there is none."""
    if sys.platform == "win32":
        return Console()
    else:  # mypy would not see that this is for other systems
        return UnixTerminal(path)


if sys.platform == "win32":

    class Console:
        """The console of Windows, key by key."""

        def __init__(self) -> None:
            self._screen = open("CONOUT$", "w", encoding="utf-8", errors="replace")  # noqa: SIM115 as long as apispy

        def show(self, text: str) -> None:
            self._screen.write(text)
            self._screen.flush()

        def discard_input(self) -> None:
            while msvcrt.kbhit():
                msvcrt.getwch()

        async def read_line(self) -> str:
            line = ""
            while True:
                while not msvcrt.kbhit():
                    await asyncio.sleep(KEY_INTERVAL)
                key = msvcrt.getwch()
                if key in "\r\n":
                    self.show("\n")
                    return line
                line = line[:-1] if key == "\b" else (line + key)[:MAX_LINE]
                self.show("\b \b" if key == "\b" else key)

else:

    class UnixTerminal:
        """A terminal of Unix, line by line as it edits them."""

        def __init__(self, path: Path) -> None:
            self._terminal = os.open(path, os.O_RDWR | system.O_NOCTTY | system.O_CLOEXEC)

        def show(self, text: str) -> None:
            os.write(self._terminal, text.encode("utf-8", "replace"))

        def discard_input(self) -> None:
            termios.tcflush(self._terminal, termios.TCIFLUSH)

        async def read_line(self) -> str:
            loop = asyncio.get_running_loop()
            line: asyncio.Future[str] = loop.create_future()

            def read() -> None:
                data = os.read(self._terminal, MAX_LINE)
                if not line.done():
                    line.set_result(data.decode("utf-8", "replace"))

            loop.add_reader(self._terminal, read)
            try:
                return await line
            finally:
                loop.remove_reader(self._terminal)
