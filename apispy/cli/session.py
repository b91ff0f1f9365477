"""A run of the proxy, from the start-up lines to the summary."""

import asyncio
import logging
import os
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

import click

from apispy import __version__, certs, endpoints
from apispy.cli.view import View
from apispy.endpoints import Endpoint, Listen, running, settings, shells
from apispy.errors import ApispyError, UsageError
from apispy.outputs import ThreadWriter
from apispy.pipeline import Pipeline

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

FLUSH = 1.0
"""Seconds that a slow terminal or pipe gets to take the last lines."""


def listener_files(
    where: Listen, certs_dir: Path | None, plaintext: bool, allow_remote: bool
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
    """One run of the proxy in this process."""

    def __init__(self, where: Listen, daemon: Endpoint, files: certs.ServerFiles | None, view: View) -> None:
        self._where, self._daemon, self._files = where, daemon, files
        self._writer = ThreadWriter(sys.stdout, on_broken=_say_broken)
        self._pipeline = Pipeline(view.outputs(self._writer), show_secrets=view.show_secrets)
        self._body_limit = view.body_limit
        self._show_secrets = view.show_secrets

    def run(self) -> int:
        """Until Ctrl-C or SIGTERM. Raises ApispyError when it cannot start."""
        asyncio.run(self._serve())
        if sys.stderr.isatty():
            _say("")  # the terminal has put ^C there
        self._pipeline.close()
        self._writer.close(FLUSH)
        return 0

    async def _serve(self) -> None:
        from apispy.proxy.service import LogNotices, Service, Settings  # mitmproxy: 0.5 s of imports

        logging.getLogger().handlers = [LogNotices(self._pipeline)]
        service = Service(Settings(self._where, self._daemon, self._files, self._body_limit), self._pipeline)
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, service.stop)
        background = set()
        registration = ExitStack()

        def started(where: Listen) -> None:
            self._register(where, registration)
            for line in self._announcement(where):
                _say(line)
            background.add(asyncio.create_task(self._introduce_daemon()))

        with registration:
            await service.run(started)
        for task in background:
            task.cancel()

    def _register(self, where: Listen, registration: ExitStack) -> None:
        """Let ``apispy env`` find this one; the traffic does not depend on that."""
        certs_dir = self._files.ca.parent if self._files else None
        entry = running.registered(where, certs_dir, self._daemon, os.environ, Path.home())
        try:
            registration.enter_context(entry)
        except ApispyError as error:
            _say(f"`apispy env` will not find this one. {error}")

    def _announcement(self, where: Listen) -> list[str]:
        lines = [f"apispy {__version__}: listening on {where} ({self._protection(where)})"]
        lines.append(f"dialling {self._daemon} ({_daemon_protection(self._daemon)})")
        if self._show_secrets:
            lines.append("showing secrets: passwords and registry credentials appear as they are")
        lines.append("To send a client this way, paste:")
        return lines + exports(where, self._files)

    def _protection(self, where: Listen) -> str:
        if where.kind == "unix":
            return "only for this user"
        if self._files is not None:
            return f"TLS, only for clients with a certificate of {self._files.ca}"
        if where.loopback:
            return "PLAINTEXT: everybody on this machine who connects is root on the Docker host"
        return "PLAINTEXT AND REMOTE: everybody who can reach this port is root on the Docker host"

    async def _introduce_daemon(self) -> None:
        try:
            daemon = await asyncio.to_thread(endpoints.probe, self._daemon)
            _say(
                f"the daemon is version {daemon.version}, API {daemon.api_version} "
                f"(lowest {daemon.min_api_version}), {daemon.os}/{daemon.arch}"
            )
        except ApispyError as error:
            _say(f"no answer from the daemon yet. {error}")
        _say("apispy: ready")


def exports(where: Listen, files: certs.ServerFiles | None) -> list[str]:
    """The lines to paste into a POSIX shell so that docker clients come to *where*."""
    endpoint = running.client_endpoint(where, files.ca.parent if files else None)
    return shells.SHELLS["sh"].lines(settings.settings(endpoint))


def _daemon_protection(daemon: Endpoint) -> str:
    if daemon.kind == "ssh":
        return "through ssh"
    if daemon.kind == "unix":
        return "a socket on this machine"
    if daemon.tls is None:
        return "PLAINTEXT"
    return (
        f"TLS, verified with {daemon.tls.ca or 'the system roots'}"
        if daemon.tls.verify
        else "TLS, NOT VERIFIED"
    )


def _say(line: str) -> None:
    click.echo(line, err=True)


def _say_broken(error: OSError | ValueError) -> None:
    _say(
        f"apispy: cannot write to standard output any more ({error}); the traffic goes on. Ctrl-C ends apispy."
    )
