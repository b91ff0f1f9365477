"""Writer for capture files. Each line can be read as soon as it is written, compressed or not."""

import contextlib
import os
import stat
from pathlib import Path
from types import TracebackType
from typing import Self

from apispy import system
from apispy.capture.compression import compressor_for
from apispy.capture.lines import Daemon, Header, Line, Notice, encode_line
from apispy.capture.raw_lines import LINE_LIMIT
from apispy.errors import ApispyError
from apispy.model import Exchange


class Writer:
    """A new capture at *path*, readable only by this user (0600), compressed if the name ends in .gz or .zst.

    With *takes_empty*, an empty file of this user at *path* becomes the capture. ``size`` is the number of bytes
    written, and ``is_open`` whether more can be. Raises ApispyError if the file exists or cannot be created. The
    methods raise OSError if the line cannot be written (the disk is full), and ValueError if it is longer than
    LINE_LIMIT.
    """

    def __init__(self, path: Path, *, takes_empty: bool = False) -> None:
        self.path = path
        self.size = 0
        self._file, self._created = _create(path, takes_empty)
        self._compressor = compressor_for(path)
        lock(self._file)

    @property
    def is_open(self) -> bool:
        return self._file >= 0

    def is_at(self, path: Path) -> bool:
        """Whether *path* leads to the open file. False if it has been moved away, or closed."""
        try:
            return self.is_open and os.path.samestat(os.fstat(self._file), os.stat(path))
        except OSError:
            return False

    def header(self, header: Header) -> None:
        """Write the header, which is the first line. A later header begins another session."""
        self.write(header)

    def exchange(self, exchange: Exchange) -> None:
        self.write(exchange)

    def notice(self, notice: Notice) -> None:
        self.write(notice)

    def daemon(self, daemon: Daemon) -> None:
        self.write(daemon)

    def write(self, line: Line) -> None:
        """Write any line. If that fails half-way, the file is cut after the last complete line."""
        data = encode_line(line)
        if len(data) > LINE_LIMIT:
            raise ValueError(f"a line of {len(data)} bytes; --body-limit keeps them shorter")
        data = self._compressor.line(data)
        try:
            self._put(data)
        except OSError:
            with contextlib.suppress(OSError):  # not a regular file
                os.ftruncate(self._file, self.size)
            raise
        self.size += len(data)

    def close(self) -> None:
        """End the file. A file without a line is removed. Raises OSError if the end cannot be written."""
        if self._file < 0:
            return
        try:
            if self.size:
                self._put(self._compressor.finish())
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Close the file without writing anything more."""
        if self._file < 0:
            return
        with contextlib.suppress(OSError):
            if not self.size and self._created and self.is_at(self.path):
                os.unlink(self.path)
        with contextlib.suppress(OSError):
            os.close(self._file)
        self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _put(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._file, rest) :]


def lock(descriptor: int) -> bool:
    """Mark an open file as being written. Return False if it already is, by a descriptor that was opened apart."""
    try:
        return system.try_lock(descriptor)
    except OSError:  # a file system without locks
        return True


def _create(path: Path, takes_empty: bool) -> tuple[int, bool]:
    """Return a descriptor for writing, and whether the file was created.

    An existing file is opened only if it is not a regular file (/dev/null, a pipe), or is empty and *takes_empty*.
    """
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | system.O_BINARY, 0o600), True
    except FileExistsError:
        return (takes_empty and _open_empty(path)) or _open_special(path), False
    except (OSError, ValueError) as error:
        raise _cannot(path, error) from None


def _open_empty(path: Path) -> int:
    """Open an empty file of this user, as logrotate's `create` leaves one; 0 for any other file."""
    try:
        descriptor = os.open(path, os.O_WRONLY | system.O_NONBLOCK | system.O_NOFOLLOW | system.O_BINARY)
    except OSError:
        return 0
    found = os.fstat(descriptor)
    if stat.S_ISREG(found.st_mode) and found.st_size == 0 and system.is_own(found):
        system.set_mode(descriptor, 0o600)
        return descriptor
    os.close(descriptor)
    return 0


def _open_special(path: Path) -> int:
    try:
        if stat.S_ISREG(os.stat(path).st_mode):
            raise ApispyError(
                f"{path}: the file exists, and a capture never overwrites one. "
                f"Name another file, or remove this one: rm {path}"
            )
        descriptor = os.open(
            path, os.O_WRONLY | system.O_NONBLOCK | system.O_BINARY
        )  # or opening a pipe without a reader would block
        os.set_blocking(descriptor, True)
    except OSError as error:
        raise _cannot(path, error) from None
    return descriptor


def _cannot(path: Path, error: OSError | ValueError) -> ApispyError:
    why = error.strerror if isinstance(error, OSError) else error
    return ApispyError(f"{path}: {why}; name a file in a directory where you may write")
