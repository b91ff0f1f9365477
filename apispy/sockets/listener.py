"""Listening sockets, and who connects to them.

A unix socket is accessible to its owner only, or also to the members of a group. It replaces a stale socket, but never
one that is in use. A named pipe disappears with its process, and cannot be made while another process has it.
"""

import asyncio
import contextlib
import errno
import os
import socket
import stat
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from apispy import system
from apispy.endpoints import Listen
from apispy.endpoints.address import local_kind
from apispy.endpoints.named_pipes import PipeListener
from apispy.errors import ApispyError
from apispy.sockets.pipe_stream import PipeStream
from apispy.sockets.stream import Stream
from apispy.structs import replace

BACKLOG = 512
"""Connections that the kernel queues until they are accepted."""

CREDENTIALS = struct.Struct("3i")
"""pid, uid, gid: struct ucred of Linux, unix(7)."""


class Listener:
    """An open listening socket. ``where`` has the real port. ``close`` removes a unix socket unless it was replaced."""

    def __init__(self, server: Any, where: Listen) -> None:
        self._server = server  # asyncio.Server or PipeListener
        self.where = where
        self._inode = os.stat(where.path).st_ino if where.kind == "unix" else 0

    def close(self) -> None:
        self._server.close()
        if self.where.kind == "unix":
            with contextlib.suppress(FileNotFoundError):
                if os.stat(self.where.path).st_ino == self._inode:
                    os.unlink(self.where.path)


async def open_listener(where: Listen, on_open: Callable[[Stream], None]) -> Listener:
    """Listen at *where*, and call *on_open* with every new connection. Raises ApispyError if that fails."""
    loop = asyncio.get_running_loop()

    def accepted() -> Stream:
        return Stream(on_open)

    try:
        if where.kind == "unix":
            sock = _unix_socket(Path(where.path), where.group)
            return Listener(await loop.create_unix_server(accepted, sock=sock, backlog=BACKLOG), where)
        if where.kind == "npipe":
            return Listener(PipeListener(lambda: PipeStream(on_open), where.path), where)
        server = await loop.create_server(accepted, where.host, where.port, backlog=BACKLOG)
        port = server.sockets[0].getsockname()[1]
        return Listener(server, replace(where, port=port))
    except OSError as error:
        raise ApispyError(_reason(where, error)) from error


def _reason(where: Listen, error: OSError) -> str:
    reason = os.strerror(error.errno) if error.errno else str(error)
    advice = {
        errno.EADDRINUSE: "something listens there already; choose another port, or 0 for any free one",
        errno.EACCES: "choose a port above 1023, or a directory that you own",
        errno.EADDRNOTAVAIL: "this machine does not have that address",
        errno.ENOENT: "the directory does not exist; create it first",
    }.get(error.errno or 0, "choose another address with --listen")
    return f"cannot listen on {where}: {reason}: {advice}"


def _unix_socket(path: Path, group: str = "") -> socket.socket:
    """Return a bound socket with mode 0600 from the start, then 0660 of *group* if there is one.

    It replaces a stale socket, but not one in use.
    """
    number = _group_number(path, group) if group else None
    with _locked(path.parent):
        _remove_stale(path)
        sock = system.unix_socket()
        umask = os.umask(0o177)
        try:
            sock.bind(str(path))
        except OSError as error:
            sock.close()
            if "too long" in str(error):
                raise ApispyError(
                    f"cannot listen on {path}: the path of a unix socket has at most {system.max_socket_path()} bytes"
                ) from None
            raise
        finally:
            os.umask(umask)
        if number is not None:
            try:
                _give_to_group(path, group, number)
            except ApispyError:
                sock.close()
                raise
        return sock


def _group_number(path: Path, group: str) -> int:
    try:
        return int(group) if group.isascii() and group.isdigit() else system.group_id(group)
    except KeyError:
        raise ApispyError(
            f"cannot listen on {path} for the group {group}: this machine has no such group; `getent group` lists them"
        ) from None


def _give_to_group(path: Path, group: str, number: int) -> None:
    """Let the members of a group connect. Raises ApispyError, and removes the socket."""
    try:
        system.set_group(path, number)
        path.chmod(0o660)
    except OSError as error:
        path.unlink()
        raise ApispyError(
            f"cannot listen on {path} for the group {group}: {error.strerror}; only root and its members can: see `id`"
        ) from error


def _remove_stale(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise ApispyError(
            f"cannot listen on {path}: the file exists and is not a socket; remove it, or choose another path"
        )
    with system.unix_socket() as probe:
        try:
            probe.settimeout(1)
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()  # no process listens on it any more
            return
        except OSError as error:
            raise ApispyError(
                f"cannot listen on {path}: apispy cannot find out whether it is in use: {error}"
            ) from error
    raise ApispyError(f"cannot listen on {path}: something listens there already; choose another path")


@contextlib.contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Lock *directory*: two processes that start at once must not each remove the new socket of the other as stale."""
    fd = os.open(directory, os.O_RDONLY)
    try:
        system.lock(fd)
        yield
    finally:
        os.close(fd)


def local_peer(stream: Stream) -> tuple[str, int]:
    """Return (command, pid) of the process that connected to a local socket, from the kernel.

    (kind of the address, 0) where that is not supported: on macOS and Windows.
    """
    sock = stream.transport.get_extra_info("socket")
    option = getattr(socket, "SO_PEERCRED", None)
    if sock is None or option is None:
        return local_kind(), 0
    pid, _uid, _gid = CREDENTIALS.unpack(sock.getsockopt(socket.SOL_SOCKET, option, CREDENTIALS.size))
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip() or "unix", pid
    except OSError:  # the process is gone, or in another user's namespace
        return "unix", pid
