"""Asks the user on the terminal whether a request may pass."""

import asyncio
import os
import termios
from collections.abc import Sequence
from pathlib import Path

from apispy.errors import UsageError
from apispy.outputs.escaping import escape

YES = ("y", "yes")

MAX_ANSWER = 4096
"""Bytes of an answer that are read (a terminal has no longer lines)."""


class TerminalQuestions:
    """Asks one question at a time, and takes no answer within *patience* seconds for a no.

    The constructor raises UsageError if there is no terminal.
    """

    def __init__(self, patience: float, terminal: Path = Path("/dev/tty")) -> None:
        self._patience = patience
        self._lock = asyncio.Lock()
        try:
            self._terminal = os.open(terminal, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        except OSError as error:
            raise UsageError(
                f"--confirm asks on a terminal, and there is none ({error.strerror}); use --deny instead"
            ) from None

    async def ask(self, question: Sequence[str]) -> bool:
        """Show the lines of *question*, which may be of any characters, and return whether the answer is yes."""
        async with self._lock:
            # What was typed before the question was shown does not answer it.
            termios.tcflush(self._terminal, termios.TCIFLUSH)
            lines = [escape(line) for line in question]
            lines[-1] += f": let it pass? Type y within {self._patience:g} s, or n: "
            self._show("\n".join(lines))
            answer = await self._answer()
            if answer is None:
                self._show("\napispy: no answer, refused\n")
            return answer is not None and answer.strip().lower() in YES

    async def _answer(self) -> str | None:
        loop = asyncio.get_running_loop()
        line: asyncio.Future[str] = loop.create_future()

        def read() -> None:
            data = os.read(self._terminal, MAX_ANSWER)
            if not line.done():
                line.set_result(data.decode("utf-8", "replace"))

        loop.add_reader(self._terminal, read)
        try:
            async with asyncio.timeout(self._patience):
                return await line
        except TimeoutError:
            return None
        finally:
            loop.remove_reader(self._terminal)

    def _show(self, text: str) -> None:
        os.write(self._terminal, text.encode("utf-8", "replace"))
