"""A progress bar for what takes longer than a few seconds."""

import sys
import time
from contextlib import ExitStack
from typing import Any, Self, TextIO

import click

PATIENCE = 2.0
"""Seconds of work before there is a bar."""

STEPS = 1000


class Progress:
    """On standard error, if that is a terminal and *output*, which it would disturb, is none, or is None."""

    def __init__(self, label: str, output: TextIO | None) -> None:
        self._label = label
        self._wanted = sys.stderr.isatty() and (output is None or not output.isatty())
        self._began = time.monotonic()
        self._bar: Any = None
        self._stack = ExitStack()

    def reached(self, part: float) -> None:
        """From 0 to 1."""
        if not self._wanted or time.monotonic() - self._began < PATIENCE:
            return
        if self._bar is None:
            bar: Any = click.progressbar(length=STEPS, label=self._label, file=sys.stderr)
            self._bar = self._stack.enter_context(bar)
        if (steps := int(part * STEPS) - self._bar.pos) > 0:
            self._bar.update(steps)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
