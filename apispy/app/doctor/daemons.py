"""The daemon: whether it responds, and if not, which settings or command would help; its versions and its clock."""

import os
import shlex
import shutil
import ssl
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from fnmatch import fnmatchcase
from pathlib import Path

from apispy import system
from apispy.app.doctor.alternatives import (
    other_daemon,
    responding_settings,
    switch_to,
    unverified,
)
from apispy.app.doctor.base import CheckContext, Finding, note, ok, problem, sudo
from apispy.app.doctor.selection import cure_of_selection
from apispy.endpoints import DaemonError, Endpoint
from apispy.endpoints.discovery import SOCKETS, socket_directories
from apispy.errors import ApispyError

SYSTEM_SOCKET = Path("/var/run/docker.sock")
CLOCK_NOTE, CLOCK_PROBLEM = 5, 300
"""Seconds between two clocks that are worth a note, and that break certificates and tokens."""
NOT_YET_VALID, EXPIRED = 9, 10  # X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED

_STARTS = {
    "Docker": sudo("systemctl start docker"),
    "Docker, rootless": "systemctl --user start docker",
    "Docker Desktop": "systemctl --user start docker-desktop",
    "Podman": sudo("systemctl enable --now podman.socket"),
    "Podman, rootless": "systemctl --user enable --now podman.socket",
    "Podman machine": "podman machine start",
    "Colima": "colima start",
    "Rancher Desktop": "rdctl start",
    "OrbStack": "orb start",
}
"""The command that starts a program of SOCKETS, as its documentation gives it."""


def check_daemon(context: CheckContext) -> Iterator[Finding]:
    probed = context.probed
    if isinstance(probed, DaemonError):
        yield _not_responding(context, probed)
    elif isinstance(probed, ApispyError):
        yield problem(str(probed).rstrip("."), *cure_of_selection(context))
    else:
        lowest = f"{probed.min_api_version} to " if probed.min_api_version else ""
        yield ok(f"{context.endpoint}: version {probed.version}, API {lowest}{probed.api_version}")


def _not_responding(context: CheckContext, error: DaemonError) -> Finding:
    """Explain why the daemon does not respond, with the first cure that fits."""
    assert isinstance(context.endpoint, Endpoint)
    endpoint, cause = context.endpoint, error.__cause__
    text = f"{endpoint}{context.named_by}: {error.problem}"
    if endpoint.kind == "unix":
        return _socket_problem(context, endpoint, text, error)
    if isinstance(cause, ssl.SSLCertVerificationError) and cause.verify_code in (NOT_YET_VALID, EXPIRED):
        return _date_problem(context, endpoint, text, error)
    remedy, command = responding_settings(context, endpoint)
    if isinstance(cause, ConnectionRefusedError):
        remedy, command = _left_by_apispy(context, endpoint) or other_daemon(context)
    return problem(text, remedy or error.remedy, command)


def _left_by_apispy(context: CheckContext, endpoint: Endpoint) -> tuple[str, str] | None:
    """The cure where a shell still has the variables of an apispy that has ended; None if they are not apispy's."""
    certs = context.environ.get("DOCKER_CERT_PATH", "")
    if context.source != "DOCKER_HOST" or not (
        (certs and Path(certs) == context.certs_dir) or str(endpoint) == str(context.listen)
    ):
        return None
    return (
        "This shell has the variables of an apispy that has ended. Start it again, or remove them",
        'eval "$(apispy env --unset)"',
    )


def _socket_problem(context: CheckContext, endpoint: Endpoint, text: str, error: DaemonError) -> Finding:
    path, cause = Path(endpoint.path), error.__cause__
    if isinstance(cause, PermissionError):
        return _no_access(path, text)
    start = _start_command(context, path)
    if path.is_dir():
        text = f"{endpoint}{context.named_by} is a directory: docker makes one if a container mounts a missing socket"
        remedy = "Remove it, and start the daemon" if start else "Remove it"
        remove = sudo(f"rmdir {path}") if not os.access(path.parent, os.W_OK) else f"rmdir {path}"
        return problem(text, remedy, "; ".join(filter(None, [remove, start])))
    remedy, command = _left_by_apispy(context, endpoint) or other_daemon(context)
    if not command and start:
        return problem(text, "Start the daemon", start)
    return problem(text, remedy or error.remedy, command)


def _start_command(context: CheckContext, path: Path) -> str:
    """Return the command that starts the daemon of a well-known socket; empty if it is unknown here."""
    filled = socket_directories(context.environ, context.home)
    for program, pattern in SOCKETS:
        if fnmatchcase(_without_var(str(path)), _without_var(pattern.format(**filled))):
            start = _STARTS.get(program, "")
            tool = start.removeprefix("sudo ").partition(" ")[0]
            return start if shutil.which(tool, path=context.environ.get("PATH", "")) else ""
    return ""


def _without_var(path: str) -> str:
    """Spell /var/run as /run, to which it is a link."""
    return path.removeprefix("/var") if path.startswith("/var/run/") else path


def _no_access(path: Path, text: str) -> Finding:
    """Explain which group may use a socket, and how this user becomes a member."""
    try:
        found = path.stat()
        (group, members), user = system.group_of(found), system.user_name()
    except (OSError, KeyError):
        return problem(text, "Ask the owner of the socket, or use sudo")
    if found.st_gid == 0 or found.st_mode & 0o060 != 0o060:
        owner = "its owner and root" if found.st_uid else "root"
        return problem(
            f"{text}; only {owner} may use it ({stat.filemode(found.st_mode)})",
            "Use sudo, or let the daemon give it to a group (dockerd --group docker)",
        )
    if user in members:
        remedy = "You have joined the group since you logged in: log in again, or start a shell with it"
        return problem(f"{text}; it belongs to the group {group}", remedy, f"newgrp {group}")
    remedy = f"Join the group, then log in again (newgrp {group}). Its members are root in effect"
    command = sudo(f"usermod -aG {shlex.quote(group)} {shlex.quote(user)}")
    return problem(f"{text}; it belongs to the group {group}, and {user} is not in it", remedy, command)


def _date_problem(context: CheckContext, endpoint: Endpoint, text: str, error: DaemonError) -> Finding:
    """Tell a wrong clock from an old certificate, by the clock of the daemon."""
    daemon = unverified(endpoint)
    difference = _clock_difference(daemon.date) if daemon else None
    if difference is not None and abs(difference) > CLOCK_PROBLEM:
        return problem(f"{text}; {_clock_text(difference)}", *_SET_CLOCK)
    authority = _authority_of(endpoint)
    if authority is None:
        remedy = (
            "Renew the daemon's certificate with its CA's key: apispy certs --host NAME --ca DIR --out DIR"
        )
        return problem(text, remedy)
    option, where = "--ip" if _is_address(endpoint.host) else "--host", shlex.quote(str(authority))
    remedy = f"The CA's key is in {authority}: renew the daemon's certificate with it, and restart the daemon"
    return problem(text, remedy, f"apispy certs {option} {endpoint.host} --ca {where} --out {where} --force")


def _authority_of(endpoint: Endpoint) -> Path | None:
    """Return the directory of the CA that this client trusts, if the CA's key is there."""
    ca = endpoint.tls.ca if endpoint.tls else None
    return ca.parent if ca and ca.name == "ca.pem" and (ca.parent / "ca-key.pem").is_file() else None


def _is_address(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdecimal()


def check_sockets(context: CheckContext) -> Iterator[Finding]:
    used = str(context.endpoint)
    unused = used != f"unix://{SYSTEM_SOCKET}"  # otherwise the check of the daemon says it
    if unused and os.path.exists(SYSTEM_SOCKET) and not os.access(SYSTEM_SOCKET, os.R_OK | os.W_OK):
        yield _no_access(SYSTEM_SOCKET, f"unix://{SYSTEM_SOCKET}: permission denied on the socket")
    runtime = context.environ.get("XDG_RUNTIME_DIR")
    if runtime and os.path.exists(f"{runtime}/docker.sock") and used != f"unix://{runtime}/docker.sock":
        rootless = Endpoint("unix", "", 0, f"{runtime}/docker.sock", "", None)
        yield note(
            f"a rootless Docker has a socket here too, {rootless}; apispy would dial {used}",
            "To use it",
            switch_to(context, rootless),
        )


def check_clock(context: CheckContext) -> Iterator[Finding]:
    if isinstance(context.probed, ApispyError) or not context.probed.date:
        return
    seconds = _clock_difference(context.probed.date)
    if seconds is None:
        return
    if abs(seconds) <= CLOCK_NOTE:
        yield ok("the clocks of the daemon and of this machine agree")
        return
    yield (problem if abs(seconds) > CLOCK_PROBLEM else note)(_clock_text(seconds), *_SET_CLOCK)


_SET_CLOCK = "Synchronize them with NTP", sudo("timedatectl set-ntp true")


def _clock_difference(date: str) -> int | None:
    """Seconds that this machine's clock is ahead of *date*, a Date header; None if it has no date with a time zone."""
    try:
        return round((datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds())
    except (ValueError, TypeError):
        return None


def _clock_text(seconds: int) -> str:
    return f"the clock of this machine is {abs(seconds)} s {'ahead of' if seconds > 0 else 'behind'} the daemon's"
