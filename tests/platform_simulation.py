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
import ctypes
import importlib
import os
import pkgutil
import select
import signal
import socket
import struct
import subprocess
import sys
import sysconfig
import tempfile
import types
from asyncio import selector_events
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
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
    sys.modules["_winapi"] = _winapi()
    utils: Any = types.ModuleType("asyncio.windows_utils")
    utils.BUFSIZE, utils.PipeHandle = 8192, PipeHandle
    sys.modules["asyncio.windows_utils"] = utils
    ctypes.windll = types.SimpleNamespace(  # type: ignore[attr-defined]
        advapi32=types.SimpleNamespace(ConvertStringSecurityDescriptorToSecurityDescriptorW=_descriptor_of),
        kernel32=types.SimpleNamespace(LocalFree=lambda descriptor: DESCRIPTORS.pop(descriptor.value)),
    )
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


DESCRIPTORS: dict[int, Any] = {}
"""The access lists that Windows has in memory, by their addresses."""


def _descriptor_of(text: str, revision: int, into: Any, size: None) -> int:
    assert revision == 1
    memory = ctypes.create_unicode_buffer(text)
    DESCRIPTORS[ctypes.addressof(memory)] = memory
    ctypes.cast(into, ctypes.POINTER(ctypes.c_void_p))[0] = ctypes.addressof(memory)
    return 1


@dataclass(frozen=True)
class MadePipe:
    """How an instance of a named pipe was made."""

    name: str
    first: bool
    access: str
    remote: bool


MADE: list[MadePipe] = []

LISTENING: dict[str, socket.socket] = {}
"""The socket that stands for all instances of a named pipe that no client has yet, by the pipe's name."""


def _winapi() -> types.ModuleType:
    module: Any = types.ModuleType("_winapi")
    module.__dict__.update(
        PIPE_ACCESS_DUPLEX=3, FILE_FLAG_OVERLAPPED=1 << 30, FILE_FLAG_FIRST_PIPE_INSTANCE=1 << 19, PIPE_TYPE_MESSAGE=4,
        PIPE_READMODE_MESSAGE=2, PIPE_WAIT=0, PIPE_UNLIMITED_INSTANCES=255, NMPWAIT_WAIT_FOREVER=0xFFFFFFFF,
        CreateNamedPipe=_create_named_pipe,
    )  # fmt: skip
    return module


def _create_named_pipe(address: str, mode: int, kind: int, *rest: int) -> int:
    path, first = _pipe(address), bool(mode & 1 << 19)
    if path.exists() == first:
        raise PermissionError(13, "Access is denied") if first else FileNotFoundError(2, "gone")
    length, descriptor, inherited = struct.unpack("@IPi", ctypes.string_at(rest[-1], struct.calcsize("@IPi")))
    assert (length, inherited) == (24, 0)
    MADE.append(MadePipe(path.name, first, DESCRIPTORS[descriptor].value, not kind & 8))
    if first:
        LISTENING[path.name] = sock = socket.socket(FAMILY)
        sock.setblocking(False)
        sock.bind(str(path))
        sock.listen()
    return len(MADE)


class PipeHandle:
    """asyncio's handle of an instance of a pipe. The pipe is gone with the last one that no client has."""

    def __init__(self, handle: int) -> None:
        self.name = MADE[handle - 1].name
        self.connection: socket.socket | None = None
        self._open = True
        WAITING.setdefault(self.name, []).append(self)

    async def accept(self, loop: "WindowsLoop") -> None:
        self.connection = (await loop.sock_accept(LISTENING[self.name]))[0]
        self._leave()

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
        elif self._open:
            self._leave()

    def _leave(self) -> None:
        self._open = False
        WAITING[self.name].remove(self)
        if not WAITING[self.name]:
            LISTENING.pop(self.name).close()
            (PIPES / self.name).unlink()


WAITING: dict[str, list[PipeHandle]] = {}
"""The handles of a pipe that no client has, by the pipe's name."""


class Proactor:
    """The methods of Windows' proactor that apispy calls."""

    def __init__(self, loop: "WindowsLoop") -> None:
        self._loop = loop

    def accept_pipe(self, pipe: PipeHandle) -> "asyncio.Task[None]":
        return self._loop.create_task(pipe.accept(self._loop))

    async def send(self, pipe: socket.socket, data: bytes) -> None:
        assert data == b""  # which ends a direction of a pipe
        pipe.shutdown(socket.SHUT_WR)


class WindowsLoop(asyncio.SelectorEventLoop):
    """An event loop with the methods of Windows' ProactorEventLoop, and without those that it lacks."""

    def __init__(self) -> None:
        super().__init__()
        self._proactor = Proactor(self)

    async def create_pipe_connection(self, factory: Callable[[], Any], address: str) -> tuple[Any, Any]:
        sock = socket.socket(FAMILY)
        sock.setblocking(False)
        await self.sock_connect(sock, str(_pipe(address)))
        protocol = factory()
        return PipeTransport(self, sock, protocol), protocol

    def _make_duplex_pipe_transport(self, pipe: PipeHandle, protocol: Any, extra: dict[str, str]) -> None:
        PipeTransport(self, pipe.connection, protocol)

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
