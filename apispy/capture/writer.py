"""Writer for capture files. Each line can be read as soon as it is written, compressed or not."""

import contextlib
import os
import stat
from pathlib import Path
from types import TracebackType
from typing import Self

from apispy import system
from apispy.capture.compression import compressor_for
from apispy.capture.lines import Daemon, Header, Notice, encode_line
from apispy.capture.raw_lines import LINE_LIMIT
from apispy.errors import ApispyError
from apispy.model import Exchange


class Writer:
    """A new capture at *path*, readable only by this user (0600), compressed if the name ends in .gz or .zst.

    Raises ApispyError if the file exists or cannot be created. The methods raise OSError if the line cannot be written
    (the disk is full), and ValueError if it is longer than LINE_LIMIT.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file, self._created = _create(path)
        self._compressor = compressor_for(path)
        self._empty = True

    def header(self, header: Header) -> None:
        """Write the header, which is the first line. A later header begins another session."""
        self._write(encode_line(header))

    def exchange(self, exchange: Exchange) -> None:
        self._write(encode_line(exchange))

    def notice(self, notice: Notice) -> None:
        self._write(encode_line(notice))

    def daemon(self, daemon: Daemon) -> None:
        self._write(encode_line(daemon))

    def close(self) -> None:
        """End the file. A file without a line is removed. Raises OSError if the end cannot be written."""
        if self._file < 0:
            return
        try:
            if not self._empty:
                self._put(self._compressor.finish())
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Close the file without writing anything more."""
        if self._file < 0:
            return
        with contextlib.suppress(OSError):
            os.close(self._file)
            if self._empty and self._created:
                os.unlink(self.path)
        self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write(self, line: bytes) -> None:
        if len(line) > LINE_LIMIT:
            raise ValueError(f"a line of {len(line)} bytes; --body-limit keeps them shorter")
        self._empty = False
        self._put(self._compressor.line(line))

    def _put(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._file, rest) :]


def _create(path: Path) -> tuple[int, bool]:
    """Return a descriptor for writing, and whether the file was created.

    An existing file is opened only if it is not a regular file (/dev/null, a pipe).
    """
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | system.O_BINARY, 0o600), True
    except FileExistsError:
        return _open_special(path), False
    except (OSError, ValueError) as error:
        raise _cannot(path, error) from None


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
