"""How the calls are to be shown: what the options of the views come to."""

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from apispy.outputs import Output, Reading, ThreadWriter


@dataclass(frozen=True, slots=True)
class View:
    verbosity: int = 0
    quiet: bool = False
    as_json: bool = False
    body_limit: int = 1 << 20  # bytes
    show_secrets: bool = False
    color: bool = False
    curl: str = ""  # where the printed curl lines go: "direct", "via" apispy, "" for none
    bodies: Path | None = None  # the directory for request bodies that do not fit into a curl line

    def outputs(
        self, writer: "ThreadWriter", curl: "Callable[[Reading], str] | None" = None
    ) -> "list[Output]":
        """*curl* makes the command that repeats a call."""
        from apispy.outputs import Console, JsonLines, Summary

        if self.as_json:
            return [JsonLines(writer.write, verbosity=self.verbosity, curl=curl)]
        console = Console(
            writer.write,
            verbosity=self.verbosity,
            color=self.color,
            body_limit=self.body_limit,
            columns=_columns,
            curl=curl,
        )
        summary = Summary(writer.write)
        return [summary] if self.quiet else [console, summary]


def _columns() -> int:
    """The terminal's width now; 0 when the lines go elsewhere and must not be broken."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
