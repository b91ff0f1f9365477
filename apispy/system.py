"""What operating systems do differently: files, locks, signals, directories, terminals.

The other modules ask this one, and not ``sys.platform``: what apispy needs of Windows and macOS is read here. Modules
that only Unix or only Windows has are imported here only.
"""

import errno
import os
import signal
import socket
import stat
import sys
from array import array
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    import subprocess

if sys.platform == "win32":
    import _winapi
    import ctypes
    import msvcrt
else:
    import fcntl
    import resource
    import termios

# -- files --

O_CLOEXEC: int = getattr(os, "O_CLOEXEC", 0)
O_NOCTTY: int = getattr(os, "O_NOCTTY", 0)
O_NONBLOCK: int = getattr(os, "O_NONBLOCK", 0)
O_NOFOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
"""Flags of ``os.open``; 0 on Windows, which has none of them. There, making a symbolic link needs a special right."""

O_BINARY: int = getattr(os, "O_BINARY", 0)
"""The flag without which Windows writes CR LF for each LF that ``os.write`` gets."""

LOCK_AT = 0x7FFF0000
"""The byte that stands for a whole file in a lock of Windows, where other processes cannot read what is locked."""


def is_windows() -> bool:
    return sys.platform == "win32"


def mode_bits(mode: int) -> int:
    """Return the permissions in st_mode. On Windows, only the owner's: Python makes up those of others there.

    What counts there is the access list, which a file inherits from its directory. Python gives a directory that is
    made with mode 0700 a list of its user, administrators and the system (``os.mkdir``, since Python 3.12.4).
    """
    return stat.S_IMODE(mode) & (0o700 if sys.platform == "win32" else 0o7777)


def set_mode(descriptor: int, mode: int) -> None:
    """Set the mode of an open file, where files have modes."""
    if sys.platform != "win32":
        os.fchmod(descriptor, mode)


def set_group(path: Path, group: int) -> None:
    """Give a file to a group, where files have one. Raises OSError."""
    if sys.platform != "win32":
        os.chown(path, -1, group)


def is_own(status: os.stat_result) -> bool:
    """Whether a file belongs to the user of this process; always true where files have no owner that Python shows."""
    return status.st_uid == user_id()


def user_id() -> int:
    """Return the user of this process, as ``os.stat`` gives that of a file: 0 for every file on Windows."""
    if sys.platform == "win32":
        return 0
    else:
        return os.geteuid()


def is_root() -> bool:
    """Whether this process needs no `sudo` for anything; true on Windows, which has none."""
    return user_id() == 0


def user_name() -> str:
    """Return the name of the user of this process. Raises KeyError if it has none."""
    if sys.platform == "win32":
        raise KeyError
    import pwd

    return pwd.getpwuid(os.getuid()).pw_name


def group_of(status: os.stat_result) -> tuple[str, list[str]]:
    """Return the name and the members of the group of a file. Raises KeyError if it has none, as on Windows."""
    if sys.platform == "win32":
        raise KeyError
    import grp

    found = grp.getgrgid(status.st_gid)
    return found.gr_name, found.gr_mem


def is_read_only(path: Path) -> bool:
    """Whether *path* is on a file system that is mounted read-only; false on Windows."""
    return sys.platform != "win32" and bool(os.statvfs(path).f_flag & os.ST_RDONLY)


def group_id(name: str) -> int:
    """Return the number of the group *name*. Raises KeyError if there is none, as on Windows."""
    if sys.platform == "win32":
        raise KeyError(name)
    import grp

    return grp.getgrnam(name).gr_gid


def lock(descriptor: int) -> None:
    """Lock an open file; wait until no other process has it locked. Raises OSError, on Windows after 10 s too."""
    if sys.platform == "win32":
        _lock_region(descriptor, msvcrt.LK_LOCK)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX)


def try_lock(descriptor: int, *, shared: bool = False) -> bool:
    """Lock an open file; False if another process has it locked. *shared* locks of Unix do not exclude each other."""
    try:
        if sys.platform == "win32":
            _lock_region(descriptor, msvcrt.LK_NBLCK)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_NB | (fcntl.LOCK_SH if shared else fcntl.LOCK_EX))
    except (BlockingIOError, PermissionError):  # Windows says EACCES
        return False
    return True


if sys.platform == "win32":

    def _lock_region(descriptor: int, how: int) -> None:
        """Lock a byte far behind the end. It is unlocked when the file is closed, as a lock of Unix is."""
        before = os.lseek(descriptor, 0, os.SEEK_CUR)
        os.lseek(descriptor, LOCK_AT, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, how, 1)
        finally:
            os.lseek(descriptor, before, os.SEEK_SET)


def can_move_open_files() -> bool:
    """Whether a file can be renamed or removed while it is open."""
    return sys.platform != "win32"


def read_tail(descriptor: int, size: int) -> bytes:
    """Return the last *size* bytes of a file to which another process may be writing by the same description."""
    start = max(0, os.fstat(descriptor).st_size - size)
    if sys.platform != "win32":
        return os.pread(descriptor, size, start)  # does not move the offset, which the other process has too
    os.lseek(descriptor, start, os.SEEK_SET)
    data = os.read(descriptor, size)
    os.lseek(descriptor, 0, os.SEEK_END)
    return data


def temporary_file() -> BinaryIO:
    """Return an open file without a name, or on Windows one that is removed when it is closed."""
    import tempfile  # only now: most commands need no file

    file: Any = tempfile.TemporaryFile(prefix="apispy-")  # noqa: SIM115 the caller closes it
    opened: BinaryIO = file
    return opened


def raise_descriptor_limit(most: int) -> None:
    """Let this process open *most* files and sockets, or as many as the system allows. Windows has no such limit."""
    if sys.platform != "win32":
        _, hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = most if hard_limit == resource.RLIM_INFINITY else min(hard_limit, most)
        with suppress(ValueError, OSError):  # macOS may refuse a limit that it reports as allowed
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard_limit))


# -- directories --


def data_home(environ: Mapping[str, str], home: Path, platform: str = sys.platform) -> Path:
    """Return the directory for the data of the user's programs, by the conventions of the system.

    It is XDG_DATA_HOME where that is an absolute path: the XDG specification says to ignore a relative one.
    """
    if Path(data := environ.get("XDG_DATA_HOME", "")).is_absolute():
        return Path(data)
    if platform == "win32":
        return Path(environ.get("LOCALAPPDATA") or home / "AppData/Local")
    return home / ("Library/Application Support" if platform == "darwin" else ".local/share")


def config_home(environ: Mapping[str, str], home: Path, platform: str = sys.platform) -> Path:
    """Return the directory for the settings of the user's programs: XDG_CONFIG_HOME, or the system's."""
    if Path(config := environ.get("XDG_CONFIG_HOME", "")).is_absolute():
        return Path(config)
    if platform == "win32":
        return Path(environ.get("APPDATA") or home / "AppData/Roaming")
    return home / ".config"


# -- local sockets --


def has_unix_sockets() -> bool:
    """Whether Python can use unix sockets; on Windows it cannot, and docker uses named pipes."""
    return sys.platform != "win32"


def is_unix(sock: socket.socket) -> bool:
    return sys.platform != "win32" and sock.family == socket.AF_UNIX


def unix_socket() -> socket.socket:
    """Return a new unix socket. Raises OSError where there are none."""
    if sys.platform == "win32":
        raise OSError(errno.EAFNOSUPPORT, "Python has no unix sockets on Windows")
    return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)


def unread_bytes(sock: socket.socket) -> int | None:
    """Return how many of the bytes sent on a unix socket its peer has not read; None where Linux does not tell."""
    if sys.platform == "linux" and is_unix(sock):
        count = array("i", [0])
        fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, count)  # SIOCOUTQ of unix(7) has the same number
        return count[0]
    return None


def can_inherit_sockets() -> bool:
    """Whether a socket can be the stdin of a child."""
    return sys.platform != "win32"


def max_socket_path() -> int:
    """Bytes of the longest path of a unix socket: sun_path of unix(7) and of macOS' unix(4), without its end."""
    return 103 if sys.platform == "darwin" else 107


def default_daemon() -> str:
    """Return the address that docker uses if nothing names another (docker/cli, opts/hosts.go)."""
    return "npipe:////./pipe/docker_engine" if sys.platform == "win32" else "unix:///var/run/docker.sock"


def pipe_names() -> list[str]:
    """Return the names of the named pipes of this machine, without opening them; none except on Windows."""
    if sys.platform != "win32":
        return []
    with suppress(OSError):
        return os.listdir(r"\\.\pipe" + "\\")
    return []


PIPE_ACCESS_LIST = "D:P(A;;GA;;;OW)(A;;GA;;;SY)(A;;GA;;;BA)"
"""Who may open a named pipe of apispy, in Windows' language for access lists: its owner, the system, administrators.

Without a list, anyone may open it to read (Microsoft's "Named Pipe Security and Access Rights").
"""

if sys.platform == "win32":

    class _SecurityAttributes(ctypes.Structure):
        """SECURITY_ATTRIBUTES of Windows."""

        _fields_ = (
            ("length", ctypes.c_uint32),
            ("descriptor", ctypes.c_void_p),
            ("inherited", ctypes.c_int),
        )


def new_pipe(path: str, *, first: bool) -> Any:
    r"""Return a handle, asyncio's PipeHandle, of a new instance of a named pipe such as ``\\.\pipe\docker_engine``.

    PIPE_ACCESS_LIST says who can open it; clients on other machines cannot. Raises OSError, also if this is to be its
    *first* instance and there is one.
    """
    if sys.platform != "win32":
        raise OSError(errno.EAFNOSUPPORT, "only Windows has named pipes")
    else:
        from asyncio.windows_utils import BUFSIZE, PipeHandle

        attributes = _SecurityAttributes(ctypes.sizeof(_SecurityAttributes))
        if not ctypes.windll.advapi32.ConvertStringSecurityDescriptorToSecurityDescriptorW(
            PIPE_ACCESS_LIST, 1, ctypes.byref(attributes, _SecurityAttributes.descriptor.offset), None
        ):
            raise ctypes.WinError()
        mode = _winapi.PIPE_ACCESS_DUPLEX | _winapi.FILE_FLAG_OVERLAPPED
        mode |= _winapi.FILE_FLAG_FIRST_PIPE_INSTANCE if first else 0
        kind = _winapi.PIPE_TYPE_MESSAGE | _winapi.PIPE_READMODE_MESSAGE | _winapi.PIPE_WAIT
        kind |= 0x8  # PIPE_REJECT_REMOTE_CLIENTS
        try:
            handle = _winapi.CreateNamedPipe(
                path, mode, kind, _winapi.PIPE_UNLIMITED_INSTANCES, BUFSIZE, BUFSIZE,
                _winapi.NMPWAIT_WAIT_FOREVER, ctypes.addressof(attributes),
            )  # fmt: skip
        finally:
            ctypes.windll.kernel32.LocalFree(ctypes.c_void_p(attributes.descriptor))
        return PipeHandle(handle)


# -- processes and signals --


def signals(*names: str) -> tuple[signal.Signals, ...]:
    """Return the signals *names*, without those that this system does not have."""
    return tuple(getattr(signal, name) for name in names if hasattr(signal, name))


def on_signal(number: signal.Signals, callback: Callable[..., object], *args: object) -> None:
    """Call *callback* in the running event loop when a signal arrives. Call it in the main thread."""
    from asyncio import get_running_loop  # only now: finding a daemon does not need it

    loop = get_running_loop()
    if sys.platform != "win32":
        loop.add_signal_handler(number, callback, *args)
        return

    def arrived(*_: object) -> None:
        if loop.is_closed():
            raise KeyboardInterrupt
        loop.call_soon_threadsafe(callback, *args)  # which wakes the loop of Windows, too

    signal.signal(number, arrived)


def hangup_reopens() -> bool:
    """Whether SIGHUP comes from a user or from logrotate, who want files to be reopened.

    In a terminal it comes when that is closed, and ends a program, unless `nohup` has started it. Windows has none.
    """
    if sys.platform == "win32":
        return False
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        return True
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | O_NOCTTY))
    except OSError:  # a service has no terminal
        return True
    return False


def is_in_foreground() -> bool:
    """Whether this process receives the signals of the terminal's keyboard, as all of a console of Windows do."""
    if sys.platform == "win32":
        return True
    for stream in (sys.__stdin__, sys.__stderr__, sys.__stdout__):
        try:
            if stream is not None and os.tcgetpgrp(stream.fileno()) == os.getpgrp():
                return True
        except (OSError, ValueError):
            pass  # not a terminal, or not the controlling one
    return False


def own_group() -> dict[str, Any]:
    """Return the arguments of Popen for a child that the terminal's keyboard signals do not reach."""
    if sys.platform == "win32":
        from subprocess import CREATE_NEW_PROCESS_GROUP

        return {"creationflags": CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def stoppable() -> dict[str, Any]:
    """Return the arguments of Popen for a child that ``ask_to_stop`` can stop: on Windows it needs a group."""
    return own_group() if sys.platform == "win32" else {}


def ask_to_stop(process: "subprocess.Popen[Any]") -> None:
    """Ask a child, started with ``stoppable``, to end in good order. On Windows SIGTERM would kill it at once."""
    if sys.platform == "win32":
        process.send_signal(signal.CTRL_BREAK_EVENT)
    else:
        process.terminate()


def executable(command: Sequence[str]) -> list[str]:
    """Return *command* as the system can start it: Windows starts a .cmd file such as npm's only by its whole name."""
    if sys.platform == "win32":
        from shutil import which

        return [which(command[0]) or command[0], *command[1:]]
    return list(command)


# -- terminals --


def default_shell() -> str:
    """Return the shell whose syntax is printed when nothing shows which one is used."""
    return "powershell" if sys.platform == "win32" else "sh"


def interpret_escapes() -> None:
    """Let the console of Windows interpret escape sequences such as colors, as terminals elsewhere do."""
    if sys.platform == "win32":
        kernel, mode = ctypes.windll.kernel32, ctypes.c_ulong()
        for number in (-11, -12):  # STD_OUTPUT_HANDLE, STD_ERROR_HANDLE
            handle = kernel.GetStdHandle(number)
            if kernel.GetConsoleMode(handle, ctypes.byref(mode)):  # 0 if it is not a console
                kernel.SetConsoleMode(handle, mode.value | 0x0004)  # ENABLE_VIRTUAL_TERMINAL_PROCESSING
