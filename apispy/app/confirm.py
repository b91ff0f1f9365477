"""Asks the user on the terminal whether a request may pass."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from apispy.app.terminal import open_terminal
from apispy.errors import UsageError
from apispy.outputs.escaping import escape

YES = ("y", "yes")


class TerminalQuestions:
    """Asks one question at a time, and takes no answer within *patience* seconds for a no.

    The constructor raises UsageError if there is no terminal.
    """

    def __init__(self, patience: float, terminal: Path = Path("/dev/tty")) -> None:
        self._patience = patience
        self._lock = asyncio.Lock()
        try:
            self._terminal = open_terminal(terminal)
        except OSError as error:
            raise UsageError(
                f"--confirm asks on a terminal, and there is none ({error.strerror}); use --deny instead"
            ) from None

    async def ask(self, question: Sequence[str]) -> bool:
        """Show the lines of *question*, which may be of any characters, and return whether the answer is yes."""
        async with self._lock:
            # What was typed before the question was shown does not answer it.
            self._terminal.discard_input()
            lines = [escape(line) for line in question]
            lines[-1] += f": let it pass? Type y within {self._patience:g} s, or n: "
            self._terminal.show("\n".join(lines))
            answer = await self._answer()
            if answer is None:
                self._terminal.show("\napispy: no answer, refused\n")
            return answer is not None and answer.strip().lower() in YES

    async def _answer(self) -> str | None:
        try:
            async with asyncio.timeout(self._patience):
                return await self._terminal.read_line()
        except TimeoutError:
            return None
