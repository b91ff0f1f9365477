"""``apispy`` without a command: stand there until a signal comes, and say at the start how to get here."""

import asyncio
import signal
import sys

import click

from apispy import __version__, endpoints
from apispy.certs import ServerFiles
from apispy.cli.session import Session
from apispy.endpoints import Endpoint, Listen
from apispy.errors import ApispyError

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def stand(session: Session) -> int:
    """Until Ctrl-C or SIGTERM. Raises ApispyError when it cannot start."""
    asyncio.run(_serve(session))
    if sys.stderr.isatty():
        _say("")  # the terminal has put ^C there
    session.close()
    return session.code


async def _serve(session: Session) -> None:
    background = set()

    def started(where: Listen) -> None:
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, session.stop)
        for line in announcement(session):
            _say(line)
        background.add(asyncio.create_task(_introduce(session.daemon)))

    await session.serve(started)
    for task in background:
        task.cancel()


def announcement(session: Session) -> list[str]:
    """Where it listens, whom it dials, how safe both are, and how to send a client here."""
    where, daemon, files = session.where, session.daemon, session.files
    lines = [f"apispy {__version__}: listening on {where} ({_protection(where, files)})"]
    lines.append(f"dialling {daemon} ({_daemon_protection(daemon)})")
    if session.view.show_secrets:
        lines.append("showing secrets: passwords and registry credentials appear as they are")
    lines.append("To send a client this way, paste:")
    return lines + exports(where, files)


def exports(where: Listen, files: ServerFiles | None) -> list[str]:
    """The lines to paste into a shell so that docker clients come to *where*."""
    if where.kind == "unix":
        return [f"export DOCKER_HOST={where}"]
    address = endpoints.dialled_as(where)
    if files is None:
        return ["unset DOCKER_TLS_VERIFY DOCKER_TLS DOCKER_CERT_PATH", f"export DOCKER_HOST={address}"]
    return [
        "export DOCKER_TLS_VERIFY=1",
        f"export DOCKER_CERT_PATH={files.ca.parent}",
        f"export DOCKER_HOST={address}",
    ]


async def _introduce(daemon: Endpoint) -> None:
    try:
        found = await asyncio.to_thread(endpoints.probe, daemon)
        _say(
            f"the daemon is version {found.version}, API {found.api_version} "
            f"(lowest {found.min_api_version}), {found.os}/{found.arch}"
        )
    except ApispyError as error:
        _say(f"no answer from the daemon yet. {error}")
    _say("apispy: ready")


def _protection(where: Listen, files: ServerFiles | None) -> str:
    if where.kind == "unix":
        return "only for this user"
    if files is not None:
        return f"TLS, only for clients with a certificate of {files.ca}"
    if where.loopback:
        return "PLAINTEXT: everybody on this machine who connects is root on the Docker host"
    return "PLAINTEXT AND REMOTE: everybody who can reach this port is root on the Docker host"


def _daemon_protection(daemon: Endpoint) -> str:
    if daemon.kind == "ssh":
        return "through ssh"
    if daemon.kind == "unix":
        return "a socket on this machine"
    if daemon.tls is None:
        return "PLAINTEXT"
    if not daemon.tls.verify:
        return "TLS, NOT VERIFIED"
    return f"TLS, verified with {daemon.tls.ca or 'the system roots'}"


def _say(line: str) -> None:
    click.echo(line, err=True)
