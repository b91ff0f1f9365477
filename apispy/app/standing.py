"""``apispy`` without a command: stand there until a signal comes, and say at the start how to get here."""

import asyncio
import resource
import sys
from contextlib import ExitStack, suppress

from apispy import __version__, endpoints
from apispy.app.listener import exports, protection
from apispy.app.messages import info_line
from apispy.app.proxy_session import ProxySession
from apispy.app.serving import await_signals, register
from apispy.endpoints import Endpoint, Listen
from apispy.errors import ApispyError
from apispy.outputs.escaping import escape

DESCRIPTORS = 1 << 20
"""Files and sockets that apispy wants to have open at most, if the system lets it; a client takes two."""


def serve_forever(session: ProxySession) -> int:
    """Until Ctrl-C or SIGTERM. Raises ApispyError when it cannot start."""
    _raise_limit()
    asyncio.run(_serve(session))
    if sys.stderr.isatty():
        info_line("")  # the terminal has put ^C there
    session.close()
    return session.code


async def _serve(session: ProxySession) -> None:
    background = set()
    registration = ExitStack()

    def started(where: Listen) -> None:
        await_signals(session)
        register(session, session.daemon, registration, info_line)
        for line in announcement(session):
            info_line(line)
        background.add(asyncio.create_task(_introduce(session.daemon)))

    with registration:
        await session.serve(started)
    for task in background:
        task.cancel()


def announcement(session: ProxySession) -> list[str]:
    """Where it listens, whom it dials, how safe both are, and how to send a client here."""
    where, daemon, files = session.where, session.daemon, session.files
    lines = [f"apispy {__version__}: listening on {where} ({protection(where, files)})"]
    lines.append(f"dialling {daemon} ({_daemon_protection(daemon)})")
    if session.view.show_secrets:
        lines.append("showing secrets: passwords and registry credentials appear as they are")
    elif session.view.redact_env != "all":
        lines.append(
            f"showing environment variables: --redact-env {session.view.redact_env} hides not all of them"
        )
    lines += [f"fault: {escape(str(rule))}" for rule in session.faults]
    lines.append("To send a client this way, paste:")
    return lines + exports(where, files)


def _raise_limit() -> None:
    """The usual limit of 1,024 is one for programs that use select; Go's programs, and so dockerd, raise it too."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if most == resource.RLIM_INFINITY else min(most, DESCRIPTORS)
    with suppress(ValueError, OSError):  # macOS may refuse what it says is allowed
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


async def _introduce(daemon: Endpoint) -> None:
    try:
        found = await asyncio.to_thread(endpoints.probe, daemon)
        info_line(
            f"the daemon is version {found.version}, API {found.api_version} "
            f"(lowest {found.min_api_version}), {found.os}/{found.arch}"
        )
    except ApispyError as error:
        info_line(f"no answer from the daemon yet. {error}")
    info_line("apispy: ready")


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
