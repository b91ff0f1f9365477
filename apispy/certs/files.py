"""Files that hold secrets: never wider than they should be, never half-written, one writer at a time."""

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from apispy.errors import ApispyError

KEY_MODE = 0o600
CERT_MODE = 0o644
TEMPORARY = ".tmp"

# What others may not do, by the mode that a file should have.
_FORBIDDEN = {KEY_MODE: 0o077, CERT_MODE: 0o022}


def make_directory(directory: Path, option: str = "--certs-dir") -> None:
    """Create ``directory`` and its missing parents, 0700; refuse one of another owner or writable by others.

    A directory that is there already may be readable by others (the keys in it are not). *option*: with which
    the user named the directory.
    """
    for missing in reversed([d for d in (directory, *directory.parents) if not d.exists()]):
        # 0700 for the parents too: under umask 000 anyone could otherwise swap the directory for another.
        missing.mkdir(mode=0o700, exist_ok=True)
    if not directory.is_dir():
        raise ApispyError(
            f"{directory}: expected a directory for certificates, found something else. "
            f"Remove it, or name another directory with {option} DIRECTORY."
        )
    _check(directory, directory.stat(), forbidden=0o022, wanted=0o700)


@contextmanager
def os_errors(directory: Path, option: str = "--certs-dir") -> Iterator[None]:
    """Turn what the system refuses into a message that names the file."""
    try:
        yield
    except OSError as error:
        raise ApispyError(
            f"{error.filename or directory}: {error.strerror or error}, while apispy used it for "
            f"certificates. Put that right, or name another directory with {option} DIRECTORY."
        ) from error


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Hold the directory's lock: two apispys that start at the same moment take turns."""
    fd = os.open(directory / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, KEY_MODE)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        _remove_leftovers(directory)
        yield
    finally:
        os.close(fd)


def _remove_leftovers(directory: Path) -> None:
    """Temporary files of a process that was killed: whoever holds the lock knows that nobody writes them."""
    for path in directory.glob(f".*{TEMPORARY}"):
        path.unlink(missing_ok=True)


def write_file(path: Path, data: bytes, mode: int) -> None:
    """Put ``data`` at ``path`` in one step: a reader sees the old file or the whole new one."""
    temporary = path.with_name(f".{path.name}{TEMPORARY}")
    # 0600 at the file's birth, whatever the umask; only certificates are widened, when they are complete.
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, KEY_MODE)
    try:
        with os.fdopen(fd, "wb") as out:
            out.write(data)
            os.fchmod(fd, mode)
            out.flush()
            os.fsync(fd)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def read_file(path: Path, mode: int) -> bytes:
    """The bytes of ``path``, after a look at its owner and at whether it is wider than ``mode`` allows."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # never hang on a FIFO
    with os.fdopen(fd, "rb") as file:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            raise ApispyError(
                f"{path}: expected a regular file, found something else. Remove it and start again."
            )
        _check(path, found, forbidden=_FORBIDDEN[mode], wanted=mode)
        return file.read(1 << 20)


def _check(path: Path, found: os.stat_result, *, forbidden: int, wanted: int) -> None:
    if found.st_uid != os.geteuid():
        raise ApispyError(
            f"{path}: expected it to belong to uid {os.geteuid()} (you), found uid {found.st_uid}. "
            "Start apispy as that user, or name another directory."
        )
    mode = stat.S_IMODE(found.st_mode)
    if mode & forbidden:
        raise ApispyError(
            f"{path}: expected mode {wanted:04o} or narrower, found {mode:04o}: other users have access "
            f"to it. Type: chmod {wanted:o} {path} (and if others could have read a key, move the "
            "directory away, so that a new CA is made)."
        )
