"""A process that takes itself for one on Windows or macOS: its platform, and what Python's library lacks there.

    APISPY_SIMULATE=win32 pytest -p tests.platform_simulation tests/unit/decoders
    python -m tests.platform_simulation darwin 'import apispy.cli'

The standard library and the packages that apispy uses are those of this system, and are loaded before; apispy's own
modules are loaded after. On "win32" the modules of Unix cannot be imported, its flags, signals and sockets are not
there, the event loop has what that of Windows has, and named pipes are unix sockets in a directory. Paths stay those of
this system. It shows what apispy asks of the system, not what Windows would answer.
"""

import asyncio
import atexit
import importlib
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import types
from asyncio import selector_events
from collections.abc import Callable
from contextlib import suppress
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any

import apispy

UNIX_ONLY = ("fcntl", "grp", "pty", "pwd", "resource", "termios", "tty")
"""Modules that Python for Windows does not have."""

LACKING = {
    "win32": {
        os: "O_CLOEXEC O_NOCTTY O_NOFOLLOW O_NONBLOCK fchmod geteuid getpgrp killpg pread tcgetpgrp",
        signal: "SIGHUP SIGQUIT SIGUSR1 SIGUSR2  SIGWINCH",
        socket: "AF_UNIX SO_PEERCRED",
        select: "epoll EPOLLERR EPOLLHUP poll",
    },
    "darwin": {socket: "SO_PEERCRED", select: "epoll EPOLLERR EPOLLHUP"},
}
"""Names that the modules do not have on a platform."""

LOCKS: Any = importlib.import_module("fcntl")


class _Blocked(MetaPathFinder):
    """Makes the imports of the modules that are not there fail."""

    def find_spec(self, name: str, path: object, target: object = None) -> None:
        if name in UNIX_ONLY:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


PIPES = Path(tempfile.mkdtemp(prefix="apispy-pipes-"))
"""The directory of the sockets that stand for named pipes. It is removed at the end."""


@atexit.register
def _remove_pipes() -> None:
    for path in PIPES.iterdir():
        path.unlink()
    PIPES.rmdir()


FAMILY = socket.AF_UNIX


def simulate(platform: str) -> None:
    """Make this process take itself for one on *platform*, "win32" or "darwin"."""
    _import_others()
    sysconfig.get_config_vars()  # read from a file that only this system has
    if platform == "win32":
        _become_windows()
    for module, names in LACKING[platform].items():
        for name in names.split():
            with suppress(AttributeError):
                delattr(module, name)
    sys.platform = platform


def _import_others() -> None:
    """Import what apispy imports, then forget apispy's own modules, so that they are imported on the new platform."""
    for name in modules():
        importlib.import_module(name)
    for name in [name for name in sys.modules if name.partition(".")[0] == "apispy"]:
        del sys.modules[name]


def modules() -> list[str]:
    """Return the names of all modules of apispy, but of its start."""
    found = pkgutil.walk_packages(apispy.__path__, "apispy.")
    return [one.name for one in found if not one.name.endswith("__main__")]


def _become_windows() -> None:
    for name in UNIX_ONLY:
        sys.modules.pop(name, None)
    sys.meta_path.insert(0, _Blocked())
    sys.modules["msvcrt"] = _msvcrt()
    signal.SIGBREAK = signal.SIGUSR1  # type: ignore[attr-defined]
    subprocess.CREATE_NEW_PROCESS_GROUP = 0  # type: ignore[attr-defined]
    pair, listdir = socket.socketpair, os.listdir
    socket.socketpair = lambda *_: pair(FAMILY)  # type: ignore[assignment]
    os.listdir = lambda path=".": listdir(PIPES if str(path).startswith(r"\\.\pipe") else path)  # type: ignore[assignment]
    asyncio.set_event_loop_policy(
        type("Policy", (asyncio.DefaultEventLoopPolicy,), {"_loop_factory": WindowsLoop})()
    )


def _msvcrt() -> types.ModuleType:
    """Windows' runtime library: its lock of a byte, which is at the offset of the file."""
    module: Any = types.ModuleType("msvcrt")
    module.LK_LOCK, module.LK_NBLCK = 1, 2

    def locking(descriptor: int, how: int, size: int) -> None:
        assert os.lseek(descriptor, 0, os.SEEK_CUR) > 1 << 30, "others could not read the file"
        try:
            LOCKS.flock(descriptor, LOCKS.LOCK_EX | (LOCKS.LOCK_NB if how == module.LK_NBLCK else 0))
        except BlockingIOError as error:
            raise PermissionError(*error.args) from None

    module.locking = locking
    return module


class PipeTransport(selector_events._SelectorSocketTransport):  # type: ignore[misc,name-defined]
    """A connection over a named pipe, with what asyncio's transport of Windows has: no socket, and no write_eof."""

    def can_write_eof(self) -> bool:
        return False

    def write_eof(self) -> None:
        raise NotImplementedError

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._sock if name == "pipe" else default


class PipeServer:
    """What serves a named pipe."""

    def __init__(self, loop: "WindowsLoop", factory: Callable[[], Any], path: Path) -> None:
        self._path, self._sock = path, socket.socket(FAMILY)
        if path.exists():
            raise PermissionError(13, "Access is denied")  # FILE_FLAG_FIRST_PIPE_INSTANCE
        self._sock.setblocking(False)
        self._sock.bind(str(path))
        self._sock.listen()
        self._accepting = loop.create_task(self._accept(loop, factory))

    async def _accept(self, loop: "WindowsLoop", factory: Callable[[], Any]) -> None:
        while True:
            PipeTransport(loop, (await loop.sock_accept(self._sock))[0], factory())

    def close(self) -> None:
        self._accepting.cancel()
        self._sock.close()
        self._path.unlink()


class Proactor:
    """The one method of Windows' proactor that apispy calls: an empty message ends a direction of a pipe."""

    async def send(self, pipe: socket.socket, data: bytes) -> None:
        assert data == b""
        pipe.shutdown(socket.SHUT_WR)


class WindowsLoop(asyncio.SelectorEventLoop):
    """An event loop with the methods of Windows' ProactorEventLoop, and without those that it lacks."""

    def __init__(self) -> None:
        super().__init__()
        self._proactor = Proactor()

    async def create_pipe_connection(self, factory: Callable[[], Any], address: str) -> tuple[Any, Any]:
        sock = socket.socket(FAMILY)
        sock.setblocking(False)
        await self.sock_connect(sock, str(_pipe(address)))
        protocol = factory()
        return PipeTransport(self, sock, protocol), protocol

    async def start_serving_pipe(self, factory: Callable[[], Any], address: str) -> list[PipeServer]:
        return [PipeServer(self, factory, _pipe(address))]

    def _lacks(self, *_: object, **__: object) -> Any:
        raise NotImplementedError

    add_reader = add_writer = add_signal_handler = _lacks
    create_unix_connection = create_unix_server = _lacks


def _pipe(address: str) -> Path:
    start, name = address[:9], address[9:]
    assert start == "\\\\.\\pipe\\", address
    return PIPES / name


def pytest_configure() -> None:
    """Called by pytest: from now on its process is on $APISPY_SIMULATE."""
    simulate(os.environ["APISPY_SIMULATE"])


if __name__ == "__main__":
    simulate(sys.argv[1])
    exec(compile(sys.argv[2], "-c", "exec"), {"__name__": "__main__"})
