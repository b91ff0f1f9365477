"""A session of the proxy: what listens, what is shown, and where."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

from apispy import certs
from apispy.app.capture_output import INCOMPLETE, header, note_daemon, open_capture
from apispy.app.curl_targets import BodyFiles, apispy_target, daemon_target
from apispy.app.gate import gate
from apispy.app.messages import info
from apispy.app.view import View
from apispy.endpoints import Endpoint, Listen
from apispy.errors import ApispyError
from apispy.gate import FaultRule
from apispy.outputs import Reading, Summary, ThreadWriter
from apispy.outputs.curl import curl
from apispy.pipeline import CountOnlyPipeline, Pipeline
from apispy.redaction import Redactor

FLUSH = 1.0
"""Seconds that a slow terminal or pipe gets to take the last lines."""

SETTLE = 3.0
"""Seconds that ``Session.settle`` waits for clients to disconnect. They do so at once when their process has ended."""


class ProxySession:
    """The proxy of this process, which shows on *stream* what goes by, and keeps it in the file *capture*.

    *faults* are done to requests; *allow_hosts* are names by which clients may call a plaintext listener.
    Raises ApispyError if there can be no such file.
    """

    def __init__(
        self,
        where: Listen,
        daemon: Endpoint,
        files: certs.ServerFiles | None,
        view: View,
        stream: TextIO,
        capture: Path | None = None,
        faults: Sequence[FaultRule] = (),
        allow_hosts: Sequence[str] = (),
    ) -> None:
        self.where, self.daemon, self.files, self.view = where, daemon, files, view
        self.capture = open_capture(capture) if capture else None
        self._writer = ThreadWriter(stream, on_broken=_say_broken)
        self.faults = faults
        self.pipeline = self._pipeline(stream)
        self._gate = gate(where, files, faults, allow_hosts, self.pipeline.aliases)
        self._target = daemon_target(daemon)
        self._keep = BodyFiles(view.bodies).keep if view.bodies else None

    def _pipeline(self, stream: TextIO) -> Pipeline:
        view = self.view
        redactor = Redactor(view.policy)  # even where nothing needs it: what the user typed is checked
        outputs = view.outputs(self._writer.write, stream, self._curl if view.curl else None)
        match outputs, self.capture, self.faults:  # faults go by what calls told
            case [Summary() as summary], None, ():
                return CountOnlyPipeline(summary)
        return Pipeline(
            [*outputs, self.capture] if self.capture else outputs,
            redactor=redactor,
            notes="off" if view.quiet and not view.filter else view.notes,  # a filter may ask for them
        )

    async def serve(self, started: Callable[[Listen], None]) -> None:
        """Listen, call *started* with the real address, go on until ``stop``. Raises ApispyError."""
        try:
            await self._serve(started)
        except ApispyError:
            if self.capture:
                self.capture.close()  # it removes a file in which nothing stands
            raise

    async def _serve(self, started: Callable[[Listen], None]) -> None:
        from apispy.proxy.service import LogNotices, Service, Settings  # mitmproxy: 0.5 s of imports

        limit, digests = self.view.body_limit, self.capture is not None
        settings = Settings(self.where, self.daemon, self.files, limit, digests, self._gate)
        self._service = Service(settings, self.pipeline)
        logging.getLogger().handlers = [LogNotices(self._service.notice)]

        def listening(where: Listen) -> None:
            self.where = where
            if self.view.curl == "via":
                self._target = apispy_target(where, self.files)
            if self.capture:
                self.capture.begin(header(where, self.files, self.daemon, self.view))
                note_daemon(self.capture, self.daemon)
            started(where)

        await self._service.run(listening)

    def write(self, text: str) -> None:
        """Write *text* to the stream, after the lines of everything that the running proxy has read so far."""
        self._service.drain()
        self._writer.write(text)

    async def settle(self) -> None:
        """Wait until all clients have disconnected, for at most SETTLE seconds; then write the lines of their calls."""
        await self._service.settle(SETTLE)

    def stop(self) -> None:
        self._service.stop()

    def close(self) -> None:
        """Show what is still open, what the faults did, and the summary."""
        for line in self._gate.report() if self._gate else []:
            self.pipeline.notice(line)
        self.pipeline.close()
        self._writer.close(FLUSH)

    @property
    def code(self) -> int:
        """The exit code, once it is closed."""
        return 0 if self.capture is None or self.capture.whole else INCOMPLETE

    def _curl(self, reading: Reading) -> str:
        return curl(reading, self._target, self._keep)


def _say_broken(error: OSError | ValueError) -> None:
    info(f"cannot write any more ({error}); the traffic goes on. Ctrl-C ends apispy.")
