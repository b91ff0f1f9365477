"""A progress bar for work that takes longer than a few seconds."""

import sys
import time
from contextlib import ExitStack
from typing import Any, Self, TextIO

import click

BAR_DELAY = 2.0
"""Seconds of work before the bar appears."""

BAR_STEPS = 1000


class Progress:
    """A bar on standard error, if that is a terminal and *output*, which the bar would disturb, is not one or None."""

    def __init__(self, label: str, output: TextIO | None) -> None:
        self._label = label
        self._enabled = sys.stderr.isatty() and (output is None or not output.isatty())
        self._started = time.monotonic()
        self._bar: Any = None
        self._stack = ExitStack()

    def reached(self, part: float) -> None:
        """Show that a *part* of the work, from 0 to 1, is done."""
        if not self._enabled or time.monotonic() - self._started < BAR_DELAY:
            return
        if self._bar is None:
            bar: Any = click.progressbar(length=BAR_STEPS, label=self._label, file=sys.stderr)
            self._bar = self._stack.enter_context(bar)
        if (steps := int(part * BAR_STEPS) - self._bar.pos) > 0:
            self._bar.update(steps)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
