"""The proxy: it forwards calls to a daemon."""

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from apispy import endpoints
from apispy.app.curl_targets import apispy_target, daemon_target
from apispy.app.messages import warning
from apispy.app.session import Session
from apispy.app.view import View
from apispy.capture import Daemon
from apispy.endpoints import Endpoint, Listen
from apispy.errors import ApispyError, MissingPackage
from apispy.gate import FaultRule, PolicyCheck
from apispy.outputs import Target
from apispy.outputs.capture import CaptureOutput

if TYPE_CHECKING:
    from apispy.certs import ServerFiles
    from apispy.redaction import Redactor


SETTLE_TIMEOUT = 3.0
"""Seconds that ``settle`` waits for clients to disconnect. They do so at once when their process has ended."""


class ProxySession(Session):
    """A proxy in front of *daemon*. The other parameters are those of ``Session``. Raises MissingPackage."""

    daemon: Endpoint

    def __init__(
        self,
        where: Listen,
        daemon: Endpoint,
        files: "ServerFiles | None",
        view: View,
        stream: TextIO,
        capture: Path | None = None,
        faults: Sequence[FaultRule] = (),
        allow_hosts: Sequence[str] = (),
        redactor: "Redactor | None" = None,
        policy: PolicyCheck | None = None,
    ) -> None:
        if find_spec("mitmproxy") is None:  # now, before the session has written or listened anywhere
            raise MissingPackage("mitmproxy")
        super().__init__(
            where,
            files,
            daemon,
            view,
            stream,
            capture=capture,
            redactor=redactor,
            faults=faults,
            allow_hosts=allow_hosts,
            policy=policy,
        )

    async def _run(self, listening: Callable[[Listen], None]) -> None:
        from apispy.proxy.service import LogNotices, Service, Settings  # mitmproxy: 0.5 s of imports

        limit, digests = self.view.body_limit, self.capture is not None
        settings = Settings(self.where, self.daemon, self.files, limit, digests, self.gate)
        self._service = Service(settings, self.pipeline)
        logging.getLogger().handlers = [LogNotices(self._service.notice)]
        await self._service.run(listening)

    def write(self, text: str) -> None:
        """Write *text* to the stream, after the lines of everything that the running proxy has read so far."""
        self._service.drain()
        self._writer.write(text)

    def reopen(self) -> None:
        self._service.drain()  # calls that have ended belong to the old file
        super().reopen()

    def print_summary(self) -> None:
        self._service.drain()
        super().print_summary()

    async def settle(self) -> None:
        """Wait for at most SETTLE_TIMEOUT until all clients have disconnected; then write the lines of their calls."""
        await self._service.settle(SETTLE_TIMEOUT)

    def stop(self, *, clients_exited: bool = False) -> None:
        self._service.stop(clients_exited=clients_exited)

    @property
    def upstream(self) -> Endpoint:
        return self.daemon

    def announcement(self) -> list[str]:
        lines = [f"upstream: {self.daemon} ({_describe_security(self.daemon)})"]
        if self.view.show_secrets:
            lines.append("--show-secrets: passwords and registry credentials are shown")
        elif self.view.redact_env != "all":
            lines.append(f"--redact-env {self.view.redact_env}: values of environment variables may be shown")
        return lines

    async def readiness(self) -> list[str]:
        try:
            found = await asyncio.to_thread(endpoints.probe, self.daemon)
        except endpoints.Http2Only as error:
            return [str(error), "ready: calls in HTTP/2, such as those of gRPC, reach it"]
        except ApispyError as error:
            if self._shares_stderr():
                self.shown_errors.add(f"apispy: {error}")  # the message of the 502
            warning(f"the daemon has not responded yet. {error}")
            return ["ready, but the daemon is not: calls get a 502 until it can be reached"]
        version = (
            f"the daemon is version {found.version}, API {found.api_version} "
            f"(lowest {found.min_api_version}), {found.os}/{found.arch}"
        )
        return [version, "ready"]

    def _begin_capture(self, capture: CaptureOutput, daemon: Endpoint) -> None:
        super()._begin_capture(capture, daemon)
        probe = threading.Thread(
            target=_capture_daemon, args=(capture, daemon), name="apispy-probe", daemon=True
        )
        probe.start()

    def _curl_target(self) -> Target:
        return (
            apispy_target(self.where, self.files) if self.view.curl == "via" else daemon_target(self.daemon)
        )


def _capture_daemon(capture: CaptureOutput, daemon: Endpoint) -> None:
    """Write the daemon's version to the capture. This may take a while; nothing waits for it."""
    try:
        found = endpoints.probe(daemon)
    except ApispyError:
        return  # the calls show what is wrong
    capture.line(Daemon(asdict(found)))


def _describe_security(daemon: Endpoint) -> str:
    if daemon.kind == "ssh":
        return "through ssh"
    if daemon.kind == "unix":
        return "local socket"
    if daemon.kind == "npipe":
        return "named pipe"
    if daemon.tls is None:
        return "PLAINTEXT"
    if not daemon.tls.verify:
        return "TLS, NOT VERIFIED"
    return f"TLS, verified with {daemon.tls.ca or 'the system roots'}"
