"""The daemon: whether it answers, its versions and its clock; and where apispy would listen."""

import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from apispy.app.doctor.base import Finding, Surroundings, note, ok, problem
from apispy.endpoints import DaemonError, Listen
from apispy.errors import ApispyError

SYSTEM_SOCKET = Path("/var/run/docker.sock")
APART, FAR_APART = 5, 300
"""Seconds between two clocks that are worth a note, and that certificates and tokens suffer from."""


def check_listen(where: Surroundings) -> Iterator[Finding]:
    for entry in where.running:
        if entry.listen == where.listen:
            yield ok(f"{where.listen}: apispy itself runs there (pid {entry.pid})")
            return
    try:
        _try_to_listen(where.listen)
    except OSError as error:
        yield problem(
            f"{where.listen}: {error.strerror or error}",
            "Choose another with --listen; port 0 is any free one",
        )
    else:
        yield ok(f"{where.listen} is free")


def _try_to_listen(listen: Listen) -> None:
    if listen.kind == "tcp":
        family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
        socket.create_server((listen.host, listen.port), family=family).close()
        return
    with socket.socket(socket.AF_UNIX) as sock, suppress(FileNotFoundError, ConnectionRefusedError):
        sock.settimeout(1)
        sock.connect(listen.path)
        raise OSError("somebody listens there")


def check_daemon(where: Surroundings) -> Iterator[Finding]:
    answer = where.answer
    if isinstance(answer, DaemonError):
        yield problem(f"{where.endpoint}: {answer.problem}", answer.remedy)
    elif isinstance(answer, ApispyError):
        yield problem(str(answer).rstrip("."), "See apispy endpoints for what this machine knows of")
    else:
        lowest = f"{answer.min_api_version} to " if answer.min_api_version else ""
        yield ok(f"{where.endpoint}: version {answer.version}, API {lowest}{answer.api_version}")


def check_sockets(where: Surroundings) -> Iterator[Finding]:
    used = str(where.endpoint)
    if SYSTEM_SOCKET.exists() and not os.access(SYSTEM_SOCKET, os.R_OK | os.W_OK):
        cure = "sudo usermod -aG docker $USER, then log in again; or use sudo, or rootless Docker"
        yield problem(f"{SYSTEM_SOCKET} is there, and you may not use it", cure)
    runtime = where.environ.get("XDG_RUNTIME_DIR")
    if runtime and Path(runtime, "docker.sock").exists() and used != f"unix://{runtime}/docker.sock":
        yield note(
            f"a rootless Docker is here too; apispy would dial {used}", f"--upstream {runtime}/docker.sock"
        )


def check_clock(where: Surroundings) -> Iterator[Finding]:
    if isinstance(where.answer, ApispyError) or not where.answer.date:
        return
    try:
        there = parsedate_to_datetime(where.answer.date)
        seconds = round((datetime.now(UTC) - there).total_seconds())
    except (ValueError, TypeError):  # no date, or one without a zone
        return
    if abs(seconds) <= APART:
        yield ok("the daemon's clock and the one here agree")
        return
    text = f"the clock here is {abs(seconds)} s {'ahead of' if seconds > 0 else 'behind'} the daemon's"
    yield (problem if abs(seconds) > FAR_APART else note)(text, "Set them by NTP: timedatectl set-ntp true")
