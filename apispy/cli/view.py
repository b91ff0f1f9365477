"""How the calls are to be shown: what the options of the views come to."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable

    from apispy.outputs import Output, Reading
    from apispy.pipeline import Notes


@dataclass(frozen=True, slots=True)
class View:
    verbosity: int = 0
    quiet: bool = False
    as_json: bool = False
    body_limit: int = 1 << 20  # bytes
    show_secrets: bool = False
    color: str = "auto"  # on a terminal, unless NO_COLOR is set; or "always", "never"
    curl: str = ""  # where the printed curl lines go: "direct", "via" apispy, "" for none
    notes: "Notes" = "on"
    bodies: Path | None = None  # the directory for request bodies that do not fit into a curl line

    def outputs(
        self, write: "Callable[[str], None]", stream: TextIO, curl: "Callable[[Reading], str] | None" = None
    ) -> "list[Output]":
        """*write* writes on *stream*; *curl* makes the command that repeats a call."""
        from apispy.outputs import Console, JsonLines, Summary

        if self.as_json:
            return [JsonLines(write, verbosity=self.verbosity, curl=curl)]
        console = Console(
            write,
            verbosity=self.verbosity,
            color=colored(self.color, stream),
            body_limit=self.body_limit,
            columns=lambda: _columns(stream),
            curl=curl,
        )
        summary = Summary(write)
        return [summary] if self.quiet else [console, summary]


def colored(wanted: str, stream: TextIO) -> bool:
    """Whether to print in colours on *stream*, as --color *wanted*."""
    if wanted == "auto":
        return stream.isatty() and not os.environ.get("NO_COLOR")
    return wanted == "always"


def _columns(stream: TextIO) -> int:
    """The terminal's width now; 0 when the lines go elsewhere and must not be broken."""
    try:
        return os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        return 0
