"""Writes a capture file, one line after another, each of them readable as soon as it is written."""

import contextlib
import os
import stat
from pathlib import Path
from types import TracebackType
from typing import Self

from apispy.capture.compression import packer_for
from apispy.capture.lines import Daemon, Header, Notice, written
from apispy.capture.raw_lines import LINE_LIMIT
from apispy.errors import ApispyError
from apispy.model import Exchange


class Writer:
    """A new capture at *path*, only for this user (0600); compressed if the name ends in .gz or .zst.

    Raises ApispyError if there is a file already, or none can be made. The methods raise OSError when the line cannot
    be written (the disk is full), and ValueError when it is too long.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file, self._ours = _create(path)
        self._packer = packer_for(path)
        self._empty = True

    def header(self, header: Header) -> None:
        """The first line; another one begins another session."""
        self._write(written(header))

    def exchange(self, exchange: Exchange) -> None:
        self._write(written(exchange))

    def notice(self, notice: Notice) -> None:
        self._write(written(notice))

    def daemon(self, daemon: Daemon) -> None:
        self._write(written(daemon))

    def close(self) -> None:
        """End the file; one without a line is removed. Raises OSError when the end cannot be written."""
        if self._file < 0:
            return
        try:
            if not self._empty:
                self._put(self._packer.end())
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Close without writing anything more."""
        if self._file < 0:
            return
        with contextlib.suppress(OSError):
            os.close(self._file)
            if self._empty and self._ours:
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
        self._put(self._packer.line(line))

    def _put(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._file, rest) :]


def _create(path: Path) -> tuple[int, bool]:
    """A descriptor for writing, and whether the file was made.

    What is no plain file (/dev/null, a pipe) is written to; a plain one that is there never.
    """
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), True
    except FileExistsError:
        return _special(path), False
    except (OSError, ValueError) as error:
        raise _cannot(path, error) from None


def _special(path: Path) -> int:
    try:
        if stat.S_ISREG(os.stat(path).st_mode):
            raise ApispyError(
                f"--capture {path}: there is a file already, and a capture is never overwritten. "
                f"Name another one, or remove it: rm {path}"
            )
        descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK)  # else a pipe without a reader would wait
        os.set_blocking(descriptor, True)
    except OSError as error:
        raise _cannot(path, error) from None
    return descriptor


def _cannot(path: Path, error: OSError | ValueError) -> ApispyError:
    why = error.strerror if isinstance(error, OSError) else error
    return ApispyError(f"--capture {path}: {why}; name a file in a directory where you may write")
