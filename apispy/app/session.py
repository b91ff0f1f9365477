"""What a proxy and a replay have in common: the outputs, the capture file, the gate, and how they begin and end."""

import os
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from apispy import __version__, endpoints
from apispy.app.curl_targets import BodyFiles, apispy_target, daemon_target
from apispy.app.messages import error, info, warning
from apispy.app.view import View
from apispy.capture import CaptureFiles, Header
from apispy.endpoints import Endpoint, Listen
from apispy.errors import ApispyError
from apispy.gate import BrowserGuard, FaultRule, Gate, PolicyCheck
from apispy.outputs import DecodedCall, Filtered, Output, Target, ThreadWriter
from apispy.outputs.call_stats import CallCounter
from apispy.outputs.capture import CaptureOutput
from apispy.outputs.curl import curl
from apispy.outputs.filtered import FilteredByNumber
from apispy.pipeline import Pipeline
from apispy.redaction import Redactor
from apispy.structs import asdict

if TYPE_CHECKING:
    from apispy.app.live_page import LivePage
    from apispy.app.metrics import MetricsServer
    from apispy.app.otlp import OtlpExport
    from apispy.certs import ServerFiles

FLUSH_TIMEOUT = 1.0
"""Seconds that a slow terminal or pipe gets to take the last lines."""


class Session(ABC):
    """A listener whose calls are shown on *stream* and kept in the new file *capture*.

    ``where`` is the address of the listener, the real one once it has started; ``files`` are its certificates, None
    without TLS; ``daemon`` is where requests are forwarded, None if nowhere.

    *faults* apply to requests; *allow_hosts* are additional host names that clients of a plaintext listener may use.
    With *captured*, the capture has only the calls with these numbers. Unless *shown*, calls are not shown at all.
    *redactor* replaces the one that is made from *view*.
    Raises ApispyError if the capture or the directory for bodies cannot be made, UsageError for a wrong --redact and
    for a daemon with a base path behind a unix socket.
    """

    def __init__(
        self,
        where: Listen,
        files: "ServerFiles | None",
        daemon: Endpoint | None,
        view: View,
        stream: TextIO,
        *,
        capture: Path | None = None,
        captured: set[int] | None = None,
        shown: bool = True,
        redactor: Redactor | None = None,
        faults: Sequence[FaultRule] = (),
        allow_hosts: Sequence[str] = (),
        policy: PolicyCheck | None = None,
    ) -> None:
        self.where = endpoints.with_base_of(where, daemon)
        self.serves_command = False  # it ends with a command, which runs as its client
        self.files, self.daemon, self.view, self.faults = files, daemon, view, faults
        self.policy = policy
        redactor = redactor or Redactor(view.policy)  # always: this checks the user's rules
        self._keep_body = BodyFiles(view.bodies).keep if view.bodies else None
        self.capture = _make_capture(capture, view) if capture else None
        self._stream = stream
        self._writer = ThreadWriter(stream, on_broken=self._report_broken_stream, as_line=view.message_line)
        curl = self._curl if view.curl else None
        self.shown_errors: set[str] = set()  # error messages of calls that the user has seen in full
        outputs = self._view_outputs(stream, curl) if shown else []
        self._page = self._make_page()
        if self._page:
            outputs.append(Filtered(self._page, view.filter) if view.filter else self._page)
        self._metrics: MetricsServer | None = None
        self._otlp: OtlpExport | None = None
        if view.metrics or view.otlp:
            self._watch(outputs)
        self.pipeline = self._make_pipeline(outputs, redactor, captured)
        self.gate = self._make_gate(allow_hosts)
        self._target = self._curl_target()

    def _view_outputs(self, stream: TextIO, curl: "Callable[[DecodedCall], str] | None") -> list[Output]:
        write, defer = self._writer.write, self._writer.defer
        outputs = self.view.outputs(write, stream, curl, defer=defer, shown_errors=self.shown_errors)
        if self.view.as_json and not (self.view.as_log or self.view.reports):
            from apispy.outputs.stats import StatsOnRequest

            stats = StatsOnRequest(write, as_json=True)
            outputs.append(Filtered(stats, self.view.filter) if self.view.filter else stats)
        return outputs

    def _make_pipeline(
        self, outputs: "list[Output]", redactor: Redactor, captured: set[int] | None
    ) -> Pipeline:
        view = self.view
        names = bool(self.faults) or (self.policy is not None and self.policy.needs_names)
        counters = [output for output in outputs if isinstance(output, CallCounter)]
        if (
            counters and counters == outputs and not self.capture and not names
        ):  # names are learned from calls
            from apispy.pipeline import CountOnlyPipeline

            return CountOnlyPipeline(counters)
        if self.capture:
            outputs = [
                *outputs,
                self.capture if captured is None else FilteredByNumber(self.capture, captured),
            ]
        return Pipeline(outputs, redactor=redactor, notes=view.wanted_notes)

    def _make_page(self) -> "LivePage | None":
        if self.view.web is None:
            return None
        from apispy.app.live_page import LivePage

        return LivePage(self.view.web, str(self.upstream))

    def _watch(self, outputs: "list[Output]") -> None:
        """Add the outputs for --metrics and --otlp, which get all calls, shown or not, to *outputs*."""
        from apispy.outputs.metrics import Metrics

        counts = Metrics()
        outputs.append(counts)
        if self.view.metrics:
            from apispy.app.metrics import MetricsServer

            self._metrics = MetricsServer(counts, self.view.metrics)
        if self.view.otlp:
            from apispy.app.otlp import OtlpExport

            uses_tls = self.daemon is not None and self.daemon.tls is not None
            self._otlp = OtlpExport(self.view.otlp, counts, uses_tls=uses_tls)
            outputs.append(self._otlp)

    def _make_gate(self, allow_hosts: Sequence[str]) -> Gate | None:
        """None if there is nothing to check. Browsers can only reach plaintext TCP."""
        guard = None
        if self.where.kind == "tcp" and self.files is None:
            guard = BrowserGuard([*endpoints.certificate_hosts(self.where), *allow_hosts])
        if not (self.faults or guard or self.policy):
            return None
        return Gate(self.faults, guard, self.policy, aliases=self.pipeline.aliases)

    # -- running, called by ``app.server`` --

    async def serve(self, started: Callable[[Listen], None]) -> None:
        """Listen, call *started* with the real address, run until ``stop``. Raises ApispyError."""

        def listening(where: Listen) -> None:
            self.where = where
            self._target = self._curl_target()
            if self.capture and self.daemon:
                self._begin_capture(self.capture, self.daemon)
            started(where)
            self._announce_servers()
            if self._otlp:
                self._otlp.start()

        servers = [server for server in (self._page, self._metrics) if server]
        try:
            for server in servers:
                await server.start()
            await self._run(listening)
        except ApispyError:
            if self.capture:
                self.capture.close()  # removes the file if it is empty
            raise
        finally:
            if self._page:
                for line in self.gate.report() if self.gate else []:  # ``close`` comes too late for it
                    self._page.notice(line, time.time())
            for server in servers:
                await server.stop()

    def _announce_servers(self) -> None:
        """Print the addresses of the page and of the metrics, and where spans go."""
        if self._page:
            info(f"the page with the calls, for a browser on this machine: {self._page.url}")
        for watcher in (self._metrics, self._otlp):
            for line in watcher.announcement() if watcher else []:
                info(line)

    @abstractmethod
    async def _run(self, listening: Callable[[Listen], None]) -> None:
        """Listen, call *listening* with the real address, run until ``stop``. Raises ApispyError."""

    @abstractmethod
    def stop(self, *, clients_exited: bool = False) -> None:
        """End ``serve``. *clients_exited*: the command that it served has exited."""

    @property
    @abstractmethod
    def upstream(self) -> Endpoint | str:
        """Where the calls go, for `apispy env`."""

    @abstractmethod
    def announcement(self) -> list[str]:
        """Describe the session, for the lines after "listening on"."""

    async def readiness(self) -> list[str]:
        """Describe the daemon, if there is one, and whether calls can be served: the last lines at the start."""
        return ["ready"]

    def reopen(self) -> None:
        """Begin a new file for the capture, because the old one was moved away."""
        if self.capture:
            self.capture.reopen()
        else:
            info("SIGHUP: nothing to reopen, because there is no --capture")

    def print_summary(self) -> None:
        """Print the summary of the calls that have ended so far, and what the gate did. Call it in the event loop."""
        self.pipeline.summarize()
        for line in self.gate.report() if self.gate else []:
            info(line)

    def close(self) -> None:
        """Show the calls that are still open, what the faults did, and the summary; send the last spans."""
        for line in self.gate.report() if self.gate else []:
            self.pipeline.notice(line)
        self.pipeline.close()
        self._writer.close(FLUSH_TIMEOUT)
        for line in self._otlp.stop() if self._otlp else []:
            info(line)

    @property
    def complete(self) -> bool:
        """Whether the capture has every call; valid after ``close``."""
        return self.capture is None or self.capture.complete

    # -- outputs --

    def _begin_capture(self, capture: CaptureOutput, daemon: Endpoint) -> None:
        """Write the header, with what `apispy show` needs to show the session as it was shown live."""
        via = apispy_target(self.where, self.files)
        header = Header(
            apispy=__version__,
            started=round(time.time(), 6),
            redacted=not self.view.show_secrets,
            upstream=str(daemon),
            body_limit=self.view.body_limit,
            curl={"direct": asdict(daemon_target(daemon)), "via": asdict(via)},
        )
        capture.begin(header)

    def _shares_stderr(self) -> bool:
        """Whether calls are shown where apispy's own messages are: on the same terminal, or in the same file."""
        try:
            return os.path.sameopenfile(self._stream.fileno(), sys.stderr.fileno())
        except (OSError, ValueError):  # not files
            return False

    def _curl(self, reading: DecodedCall) -> str:
        return curl(reading, self._target, self._keep_body)

    def _report_broken_stream(self, why: OSError | ValueError) -> None:
        """Say that calls are no longer printed, unless the reader of a command's calls has just had enough."""
        if not self.serves_command:
            error(
                f"calls cannot be printed any more: {why}. The traffic continues. Press Ctrl-C to stop apispy."
            )
        elif not isinstance(why, BrokenPipeError):
            error(f"calls cannot be printed any more: {why}. The command continues.")

    @abstractmethod
    def _curl_target(self) -> Target:
        """Where the printed curl commands go."""


def _make_capture(path: Path, view: View) -> CaptureOutput:
    return CaptureOutput(CaptureFiles(path, view.rotation, report=warning, inform=info), warning)
