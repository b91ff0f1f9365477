"""Listening sockets: a unix socket that only its owner can open and that never steals a live one's place."""

import asyncio
import contextlib
import errno
import fcntl
import os
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from apispy.endpoints import Listen
from apispy.errors import ApispyError
from apispy.sockets.stream import Stream

BACKLOG = 512


class Listener:
    """An open listening socket. ``where`` has the real port; ``close`` removes a unix socket that is still ours."""

    def __init__(self, server: asyncio.Server, where: Listen) -> None:
        self._server = server
        self.where = where
        self._inode = os.stat(where.path).st_ino if where.kind == "unix" else 0

    def close(self) -> None:
        self._server.close()
        if self.where.kind == "unix":
            with contextlib.suppress(FileNotFoundError):
                if os.stat(self.where.path).st_ino == self._inode:
                    os.unlink(self.where.path)


async def open_listener(where: Listen, on_open: Callable[[Stream], None]) -> Listener:
    """Listen at *where* and give every new connection to *on_open*. Raises ApispyError when that cannot be."""
    loop = asyncio.get_running_loop()

    def accepted() -> Stream:
        return Stream(on_open)

    try:
        if where.kind == "unix":
            sock = _unix_socket(Path(where.path))
            return Listener(await loop.create_unix_server(accepted, sock=sock, backlog=BACKLOG), where)
        server = await loop.create_server(accepted, where.host, where.port, backlog=BACKLOG)
        port = server.sockets[0].getsockname()[1]
        return Listener(server, Listen("tcp", where.host, port, ""))
    except OSError as error:
        raise ApispyError(_why_not(where, error)) from error


def _why_not(where: Listen, error: OSError) -> str:
    reason = os.strerror(error.errno) if error.errno else str(error)
    advice = {
        errno.EADDRINUSE: "something listens there already; choose another, or port 0 for any free one",
        errno.EACCES: "choose a port above 1023, or a directory that is yours",
        errno.EADDRNOTAVAIL: "that address is not one of this machine's",
        errno.ENOENT: "the directory does not exist; make it first",
    }.get(error.errno or 0, "choose another address with --listen")
    return f"cannot listen on {where}: {reason}: {advice}"


def _unix_socket(path: Path) -> socket.socket:
    """A bound socket with mode 0600 from its first instant; a stale one is replaced, a live one is not."""
    with _locked(path.parent):
        _make_way(path)
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        umask = os.umask(0o177)
        try:
            sock.bind(str(path))
        except OSError as error:
            sock.close()
            if "too long" in str(error):
                raise ApispyError(f"cannot listen on {path}: a socket's path has at most 107 bytes") from None
            raise
        finally:
            os.umask(umask)
        return sock


def _make_way(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise ApispyError(
            f"cannot listen on {path}: there is a file that is no socket; remove it, or choose another"
        )
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        try:
            caller.settimeout(1)
            caller.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()  # nobody listens any more
            return
        except OSError as error:
            raise ApispyError(
                f"cannot listen on {path}: cannot tell whether it is in use: {error}"
            ) from error
    raise ApispyError(f"cannot listen on {path}: something listens there already; choose another path")


@contextlib.contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Two that start at once must not both find the same stale socket and remove each other's new one."""
    fd = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)
