"""The view: how calls are shown, and the outputs that show them."""

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from apispy.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from apispy.app.otlp import Settings as OtlpSettings
    from apispy.capture import Rotation
    from apispy.endpoints import Listen
    from apispy.filters import Filter
    from apispy.outputs import DecodedCall, Output
    from apispy.pipeline import Notes
    from apispy.redaction import Policy
    from apispy.redaction.policy import Env


REPORT_COLUMNS = 100
"""Columns of a report that is not written to a terminal."""


@dataclass(frozen=True, slots=True)
class View:
    """How calls are shown: the values of the display options. A dataclass, so that --help need not import msgspec."""

    verbosity: int = 0
    """0 to 3, the number of -v."""
    quiet: bool = False
    """Show only the summary."""
    as_json: bool = False
    as_log: bool = False
    """Show calls as lines of a log in JSON, --log json."""
    body_limit: int = 1 << 20
    """Bytes of each body that are kept."""
    show_secrets: bool = False
    redact: tuple[str, ...] = ()
    """The user's own redaction rules, as typed."""
    redact_env: "Env" = "all"
    color: str = "auto"
    """"auto" (on a terminal, unless NO_COLOR is set), "always" or "never"."""
    curl: str = ""
    """Where the printed curl commands go: "direct" to the daemon, "via" apispy; empty to print none."""
    notes: "Notes" = "on"
    bodies: Path | None = None
    """The directory for request bodies that do not fit into a curl command."""
    filter: "Filter | None" = None
    """Show only the calls that match."""
    relative: bool = False
    """Show the time since the line before instead of the time of day."""
    streams: bool | None = None
    """Show what flows in open calls; None: yes, unless the command of `apispy run` prints on the same terminal."""
    streams_hint: str = ""
    """Where streams that are not shown can be seen."""
    client_prints_errors: bool = False
    """A command prints its error messages where the calls are shown."""
    stats: bool = False
    """Show only statistics, at the end."""
    reports: tuple[str, ...] = ()
    """Show only these reports, at the end: names of ``CALL_REPORTS``."""
    web: int | None = None
    """The port of the live page; None: no page."""
    metrics: "Listen | None" = None
    """The TCP address of the metrics; None: no metrics."""
    rotation: "Rotation | None" = None
    """When the capture continues in the next file; None: never."""
    otlp: "OtlpSettings | None" = None
    """Where spans and metrics are sent; None: nowhere."""

    @property
    def policy(self) -> "Policy":
        """The redaction policy. Raises UsageError for a rule that cannot be used."""
        from apispy.redaction import Policy, parse

        if self.show_secrets and self.redact:
            raise UsageError(
                "--show-secrets shows everything, so --redact has nothing to hide: leave one of them out."
            )
        return Policy(self.redact_env, parse(self.redact), self.show_secrets)

    @property
    def wanted_notes(self) -> "Notes":
        """The notes to make: none if no call is shown, here or elsewhere, unless a filter may ask for them."""
        is_shown = not (self.quiet or self.reports) or self.web is not None or self.otlp is not None
        return self.notes if is_shown or self.filter else "off"

    def outputs(
        self,
        write: "Callable[[str], None]",
        stream: TextIO,
        curl: "Callable[[DecodedCall], str] | None" = None,
        no_calls: str = "",
        defer: "Callable[[str], None] | None" = None,
        shown_errors: "set[str] | None" = None,
    ) -> "list[Output]":
        """Return the outputs. *write* writes on *stream*; *curl* makes the command that repeats a call.

        *no_calls* is the summary if there are no calls; "": that of a live proxy. *defer* writes on *stream* unless
        another text replaces it soon; on a terminal, it folds repeated calls. *shown_errors*: see ``Console``.
        """
        from apispy.outputs import Filtered

        outputs = self._unfiltered(write, stream, curl, no_calls, defer, shown_errors)
        return [Filtered(output, self.filter) for output in outputs] if self.filter else outputs

    def _unfiltered(
        self,
        write: "Callable[[str], None]",
        stream: TextIO,
        curl: "Callable[[DecodedCall], str] | None",
        no_calls: str,
        defer: "Callable[[str], None] | None",
        shown_errors: "set[str] | None",
    ) -> "list[Output]":
        from apispy.outputs import Console, JsonLines, Stats, Summary
        from apispy.outputs.escaping import escape
        from apispy.outputs.summary import NO_CALLS

        no_calls = (
            f"No call matched the filter {escape(str(self.filter))}" if self.filter else no_calls or NO_CALLS
        )
        if stream is sys.stderr:  # where a command may print too
            no_calls = f"apispy: {no_calls}"
        if self.reports:
            return [self._report_output(write, stream, no_calls)]
        if self.stats:
            return [Stats(write, as_json=self.as_json)]
        if self.as_log:
            return [self._log_output(write, curl)]
        if self.as_json:
            return [JsonLines(write, verbosity=self.verbosity, curl=curl)]
        console = Console(
            write,
            verbosity=self.verbosity,
            color=use_color(self.color, stream),
            body_limit=self.body_limit,
            columns=(lambda: terminal_columns(stream)) if stream.isatty() else (lambda: 0),
            curl=curl,
            streams=self.streams is not False,
            relative=self.relative,
            defer=defer if stream.isatty() else None,
            streams_hint=self.streams_hint,
            shown_errors=shown_errors,
            client_prints_errors=self.client_prints_errors,
        )
        summary = Summary(write, no_calls=no_calls)
        return [summary] if self.quiet else [console, summary]

    def _log_output(
        self, write: "Callable[[str], None]", curl: "Callable[[DecodedCall], str] | None"
    ) -> "Output":
        from apispy.outputs.json_log import JsonLog

        return JsonLog(write, clock=time.time, calls=not self.quiet, verbosity=self.verbosity, curl=curl)

    def message_line(self, text: str) -> str:
        """Make a line of the stream of calls from a message of apispy, which belongs to no call."""
        if self.as_log:
            from apispy.outputs.json_log import log_line

            return log_line(time.time(), "warning", text)
        if self.as_json:
            from apispy.outputs.json_lines import notice_line

            return notice_line(text, time.time())
        return f"apispy: {text}\n"

    def _report_output(self, write: "Callable[[str], None]", stream: TextIO, no_calls: str) -> "Output":
        from apispy.app.reports_output import ReportsOutput

        return ReportsOutput(
            self.reports,
            write,
            as_json=self.as_json,
            color=use_color(self.color, stream),
            columns=terminal_columns(stream) or REPORT_COLUMNS,
            no_calls=no_calls,
        )


def use_color(wanted: str, stream: TextIO) -> bool:
    """Whether to print in color on *stream*. *wanted* is the value of --color."""
    if wanted == "auto":
        return stream.isatty() and not os.environ.get("NO_COLOR")
    return wanted == "always"


def terminal_columns(stream: TextIO) -> int:
    """Return the current width of the terminal; 0 if *stream* is not one and lines must not be wrapped."""
    try:
        return os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        return 0
