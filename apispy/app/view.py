"""How the calls are to be shown: what the options of the views come to."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from apispy.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from apispy.filters import Filter
    from apispy.outputs import DecodedCall, Output
    from apispy.pipeline import Notes
    from apispy.redaction import Policy
    from apispy.redaction.policy import Env


@dataclass(frozen=True, slots=True)
class View:
    verbosity: int = 0
    quiet: bool = False
    as_json: bool = False
    body_limit: int = 1 << 20  # bytes
    show_secrets: bool = False
    redact: tuple[str, ...] = ()  # the user's own rules, as typed
    redact_env: "Env" = "all"
    color: str = "auto"  # on a terminal, unless NO_COLOR is set; or "always", "never"
    curl: str = ""  # where the printed curl lines go: "direct", "via" apispy, "" for none
    notes: "Notes" = "on"
    bodies: Path | None = None  # the directory for request bodies that do not fit into a curl line
    filter: "Filter | None" = None  # only calls that it matches
    stats: bool = False  # only statistics, at the end

    @property
    def policy(self) -> "Policy":
        """What is to be hidden. Raises UsageError."""
        from apispy.redaction import Policy, parse

        if self.show_secrets and self.redact:
            raise UsageError(
                "--show-secrets shows everything, so --redact can hide nothing: leave one of them out."
            )
        return Policy(self.redact_env, parse(self.redact), self.show_secrets)

    def outputs(
        self,
        write: "Callable[[str], None]",
        stream: TextIO,
        curl: "Callable[[DecodedCall], str] | None" = None,
    ) -> "list[Output]":
        """*write* writes on *stream*; *curl* makes the command that repeats a call."""
        from apispy.outputs import Filtered

        outputs = self._unfiltered(write, stream, curl)
        return [Filtered(output, self.filter) for output in outputs] if self.filter else outputs

    def _unfiltered(
        self, write: "Callable[[str], None]", stream: TextIO, curl: "Callable[[DecodedCall], str] | None"
    ) -> "list[Output]":
        from apispy.outputs import Console, JsonLines, Stats, Summary
        from apispy.outputs.escaping import escape
        from apispy.outputs.summary import NO_CALLS

        if self.stats:
            return [Stats(write, as_json=self.as_json)]
        if self.as_json:
            return [JsonLines(write, verbosity=self.verbosity, curl=curl)]
        console = Console(
            write,
            verbosity=self.verbosity,
            color=colored(self.color, stream),
            body_limit=self.body_limit,
            columns=(lambda: columns_of(stream)) if stream.isatty() else (lambda: 0),
            curl=curl,
        )
        nothing = f"no call matched the filter {escape(str(self.filter))}" if self.filter else NO_CALLS
        summary = Summary(write, no_calls=nothing)
        return [summary] if self.quiet else [console, summary]


def colored(wanted: str, stream: TextIO) -> bool:
    """Whether to print in colours on *stream*, as --color *wanted*."""
    if wanted == "auto":
        return stream.isatty() and not os.environ.get("NO_COLOR")
    return wanted == "always"


def columns_of(stream: TextIO) -> int:
    """The terminal's width now; 0 when the lines go elsewhere and must not be broken."""
    try:
        return os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        return 0
