"""The address where apispy would listen, and the apispy instances that already do."""

import os
import shlex
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from apispy import system
from apispy.app.doctor.base import CheckContext, Finding, ok, problem
from apispy.endpoints import Listen

TRIED_PORTS = 50
"""How many ports after a taken one are tried for a free one."""


def check_listen(context: CheckContext) -> Iterator[Finding]:
    for entry in context.running:
        if _is_suspended(entry.pid):
            text = f"apispy (pid {entry.pid}) at {entry.listen} is suspended, so its clients wait"
            yield problem(text, "Continue it", f"kill -CONT {entry.pid}")
    for entry in context.running:
        if entry.listen == context.listen:
            yield ok(f"{context.listen}: apispy itself is running there (pid {entry.pid})")
            return
    try:
        _try_to_listen(context.listen)
    except FileNotFoundError as error:
        where = shlex.quote(str(error.filename))
        yield problem(
            f"{context.listen}: there is no directory {error.filename}", "Make it", f"mkdir -p {where}"
        )
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else error  # socket's text repeats the address
        yield problem(f"{context.listen}: {reason}", *_another_address(context.listen))
    else:
        yield ok(f"{context.listen} is free")


def _is_suspended(pid: int) -> bool:
    """Whether a process was stopped by a signal, as Ctrl-Z sends it; False where there is no /proc."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
    return False


def _try_to_listen(listen: Listen) -> None:
    if listen.kind == "tcp":
        family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
        socket.create_server((listen.host, listen.port), family=family).close()
        return
    if listen.kind == "npipe":
        if listen.path.rpartition("/")[2].lower() in (name.lower() for name in system.pipe_names()):
            raise OSError("something listens there already")
        return
    folder = os.path.dirname(listen.path)
    if not os.path.isdir(folder):
        raise FileNotFoundError(None, None, folder)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OSError(f"you may not create files in {folder}")
    with system.unix_socket() as sock, suppress(FileNotFoundError, ConnectionRefusedError):
        sock.settimeout(1)
        sock.connect(listen.path)
        raise OSError("something listens there already")


def _another_address(listen: Listen) -> tuple[str, str]:
    """Return (what to do, the command) to listen elsewhere: on the next free port."""
    host = f"[{listen.host}]" if ":" in listen.host else listen.host
    start = listen.port if listen.kind == "tcp" and listen.port >= 1024 else 2376
    for port in range(start + 1, min(start + TRIED_PORTS, 65535)):
        with suppress(OSError):
            _try_to_listen(Listen("tcp", listen.host or "127.0.0.1", port, ""))
            at = str(port) if host in ("", "127.0.0.1") else f"{host}:{port}"
            return "Listen on another port", f"apispy --listen {at}"
    return "Choose another address; port 0 is any free one", "apispy --listen 0"
