"""The daemon: whether it responds, its versions and its clock; and the address where apispy would listen."""

import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from apispy import system
from apispy.app.doctor.base import CheckContext, Finding, note, ok, problem
from apispy.endpoints import DaemonError, Listen
from apispy.errors import ApispyError

SYSTEM_SOCKET = Path("/var/run/docker.sock")
CLOCK_NOTE, CLOCK_PROBLEM = 5, 300
"""Seconds between two clocks that are worth a note, and that break certificates and tokens."""


def check_listen(context: CheckContext) -> Iterator[Finding]:
    for entry in context.running:
        if entry.listen == context.listen:
            yield ok(f"{context.listen}: apispy itself is running there (pid {entry.pid})")
            return
    try:
        _try_to_listen(context.listen)
    except OSError as error:
        yield problem(
            f"{context.listen}: {error.strerror or error}",
            "Choose another address with --listen; port 0 is any free one",
        )
    else:
        yield ok(f"{context.listen} is free")


def _try_to_listen(listen: Listen) -> None:
    if listen.kind == "tcp":
        family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
        socket.create_server((listen.host, listen.port), family=family).close()
        return
    if listen.kind == "npipe":
        if listen.path.rpartition("/")[2].lower() in (name.lower() for name in system.pipe_names()):
            raise OSError("something listens there already")
        return
    with system.unix_socket() as sock, suppress(FileNotFoundError, ConnectionRefusedError):
        sock.settimeout(1)
        sock.connect(listen.path)
        raise OSError("something listens there already")


def check_daemon(context: CheckContext) -> Iterator[Finding]:
    probed = context.probed
    if isinstance(probed, DaemonError):
        yield problem(f"{context.endpoint}: {probed.problem}", probed.remedy)
    elif isinstance(probed, ApispyError):
        yield problem(str(probed).rstrip("."), "List the daemons of this machine: apispy endpoints")
    else:
        lowest = f"{probed.min_api_version} to " if probed.min_api_version else ""
        yield ok(f"{context.endpoint}: version {probed.version}, API {lowest}{probed.api_version}")


def check_sockets(context: CheckContext) -> Iterator[Finding]:
    used = str(context.endpoint)
    if SYSTEM_SOCKET.exists() and not os.access(SYSTEM_SOCKET, os.R_OK | os.W_OK):
        remedy = "sudo usermod -aG docker $USER, then log in again; or use sudo, or rootless Docker"
        yield problem(f"{SYSTEM_SOCKET} exists, but you may not use it", remedy)
    runtime = context.environ.get("XDG_RUNTIME_DIR")
    if runtime and Path(runtime, "docker.sock").exists() and used != f"unix://{runtime}/docker.sock":
        yield note(
            f"a rootless Docker is running here too; apispy would dial {used}",
            f"--upstream {runtime}/docker.sock",
        )


def check_clock(context: CheckContext) -> Iterator[Finding]:
    if isinstance(context.probed, ApispyError) or not context.probed.date:
        return
    try:
        there = parsedate_to_datetime(context.probed.date)
        seconds = round((datetime.now(UTC) - there).total_seconds())
    except (ValueError, TypeError):  # not a date, or one without a time zone
        return
    if abs(seconds) <= CLOCK_NOTE:
        yield ok("the clocks of the daemon and of this machine agree")
        return
    text = f"the clock of this machine is {abs(seconds)} s {'ahead of' if seconds > 0 else 'behind'} the daemon's"
    yield (problem if abs(seconds) > CLOCK_PROBLEM else note)(
        text, "Synchronize them with NTP: timedatectl set-ntp true"
    )
