"""Files with secrets: restrictive modes, atomic writes, one writer at a time."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from apispy import system
from apispy.errors import ApispyError

KEY_MODE = 0o600
CERT_MODE = 0o644
TEMPORARY = ".tmp"

# Mode bits that must not be set, by the mode that a file should have.
_FORBIDDEN = {KEY_MODE: 0o077, CERT_MODE: 0o022}


def make_directory(directory: Path, option: str = "--certs-dir") -> None:
    """Create ``directory`` and its missing parents, 0700; refuse one of another owner or writable by others.

    An existing directory may be readable by others, because the keys in it are not. *option*: the option that names
    the directory, for messages.
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
    """Turn OSError into an ApispyError that names the file."""
    try:
        yield
    except OSError as error:
        raise ApispyError(
            f"{error.filename or directory}: {error.strerror or error}, while apispy used it for "
            f"certificates. Fix that, or name another directory with {option} DIRECTORY."
        ) from error


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Hold the directory's lock, so that apispy processes that start together take turns."""
    fd = os.open(directory / ".lock", os.O_RDWR | os.O_CREAT | system.O_CLOEXEC | system.O_NOFOLLOW, KEY_MODE)
    try:
        system.lock(fd)
        _remove_leftovers(directory)
        yield
    finally:
        os.close(fd)


def _remove_leftovers(directory: Path) -> None:
    """Remove temporary files of a killed process. The lock guarantees that nobody is writing them."""
    for path in directory.glob(f".*{TEMPORARY}"):
        path.unlink(missing_ok=True)


def write_file(path: Path, data: bytes, mode: int) -> None:
    """Replace ``path`` by ``data`` atomically: a reader sees the old file or the complete new one."""
    temporary = path.with_name(f".{path.name}{TEMPORARY}")
    # Created as 0600, whatever the umask; only complete certificates get a wider mode.
    fd = os.open(
        temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | system.O_CLOEXEC | system.O_NOFOLLOW, KEY_MODE
    )
    try:
        with os.fdopen(fd, "wb") as out:
            out.write(data)
            system.set_mode(fd, mode)
            out.flush()
            os.fsync(fd)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def read_file(path: Path, mode: int) -> bytes:
    """Read ``path``, after checking that it is a regular file of this user, no wider than ``mode``."""
    fd = os.open(path, os.O_RDONLY | system.O_CLOEXEC | system.O_NONBLOCK)  # never hang on a FIFO
    with os.fdopen(fd, "rb") as file:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            raise ApispyError(
                f"{path}: expected a regular file, found something else. Remove it and start again."
            )
        _check(path, found, forbidden=_FORBIDDEN[mode], wanted=mode)
        return file.read(1 << 20)


def _check(path: Path, found: os.stat_result, *, forbidden: int, wanted: int) -> None:
    if not system.is_own(found):
        raise ApispyError(
            f"{path}: expected uid {system.user_id()} (you) as its owner, found uid {found.st_uid}. "
            "Start apispy as that user, or name another directory."
        )
    mode = system.mode_bits(found.st_mode)
    if mode & forbidden:
        raise ApispyError(
            f"{path}: expected mode {wanted:04o} or narrower, found {mode:04o}: other users can access it. "
            f"Type: chmod {wanted:o} {path} (and if others could have read a key, move the "
            "directory away, so that apispy makes a new CA)."
        )
