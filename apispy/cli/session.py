"""A session of the proxy: what listens, what is shown, and where."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import click

from apispy import certs, endpoints
from apispy.cli.targets import BodyFiles, apispy_target, daemon_target
from apispy.cli.view import View
from apispy.endpoints import Endpoint, Listen
from apispy.errors import UsageError
from apispy.outputs import Reading, ThreadWriter, curl
from apispy.pipeline import Pipeline
from apispy.steps import Redactor

FLUSH = 1.0
"""Seconds that a slow terminal or pipe gets to take the last lines."""


def listener_files(
    where: Listen, certs_dir: Path | None, plaintext: bool = False, allow_remote: bool = False
) -> certs.ServerFiles | None:
    """The listener's certificates, made if need be; None for plaintext. Raises UsageError when that is not safe."""
    if where.kind == "unix":
        return None
    if plaintext and not where.loopback and not allow_remote:
        raise UsageError(
            f"--listen-plaintext on {where}: other machines could reach it, and whoever can connect is root on the "
            "Docker host. Listen on 127.0.0.1, leave --listen-plaintext out (then TLS with client certificates is "
            "used), or accept that by adding --insecure-allow-remote-plaintext."
        )
    if plaintext:
        return None
    return certs.open_store(certs_dir or certs.default_dir()).server_for(endpoints.certificate_hosts(where))


def refuse_loop(where: Listen, daemon: Endpoint) -> None:
    """Raise UsageError when *daemon* is where apispy itself is to listen, as in a shell that ``apispy env`` has set."""
    if str(daemon) == str(endpoints.dialled_as(where)):
        raise UsageError(
            f"{daemon} is where apispy itself is to listen: it would dial itself. Name the daemon with --upstream, or "
            'type: eval "$(apispy env --unset)"'
        )


class Session:
    """The proxy of this process, which shows on *stream* what goes by."""

    def __init__(
        self, where: Listen, daemon: Endpoint, files: certs.ServerFiles | None, view: View, stream: TextIO
    ) -> None:
        self.where, self.daemon, self.files, self.view = where, daemon, files, view
        self._writer = ThreadWriter(stream, on_broken=_say_broken)
        redactor = Redactor(view.policy)
        outputs = view.outputs(self._writer, stream, self._curl if view.curl else None)
        self.pipeline = Pipeline(
            outputs,
            redactor=redactor,
            notes="off" if view.quiet and not view.filter else view.notes,  # a filter may ask for them
        )
        self._target = daemon_target(daemon)
        self._keep = BodyFiles(view.bodies).keep if view.bodies else None

    async def serve(self, started: Callable[[Listen], None]) -> None:
        """Listen, call *started* with the real address, go on until ``stop``. Raises ApispyError."""
        from apispy.proxy.service import LogNotices, Service, Settings  # mitmproxy: 0.5 s of imports

        logging.getLogger().handlers = [LogNotices(self.pipeline)]
        settings = Settings(self.where, self.daemon, self.files, self.view.body_limit)
        self._service = Service(settings, self.pipeline)

        def listening(where: Listen) -> None:
            self.where = where
            if self.view.curl == "via":
                self._target = apispy_target(where, self.files)
            started(where)

        await self._service.run(listening)

    def stop(self) -> None:
        self._service.stop()

    def close(self) -> None:
        """Show what is still open, and the summary."""
        self.pipeline.close()
        self._writer.close(FLUSH)

    def _curl(self, reading: Reading) -> str:
        return curl(reading, self._target, self._keep)


def _say_broken(error: OSError | ValueError) -> None:
    click.echo(f"apispy: cannot write any more ({error}); the traffic goes on. Ctrl-C ends apispy.", err=True)
