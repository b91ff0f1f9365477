"""Progress of long work. The command line passes its progress bar; for other callers nothing is shown."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol, Self, TextIO


class Progress(Protocol):
    """A receiver of progress."""

    def reached(self, part: float) -> None:
        """Report a *part* of the work, from 0 to 1."""


StartProgress = Callable[[str, TextIO | None], AbstractContextManager[Progress]]
"""Starts to show progress under a label. The stream is where the work itself prints, None if nowhere."""


class NoProgress:
    """Progress that is not shown."""

    def __init__(self, label: str = "", output: TextIO | None = None) -> None:
        pass

    def reached(self, part: float) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass
