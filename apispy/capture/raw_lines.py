"""The lines of a capture file before they are parsed: decompressed, limited in size, in file order."""

import os
import re
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import gettempdir
from typing import BinaryIO, Protocol

from apispy import system
from apispy.capture.compression import (
    DECOMPRESSION_ERRORS,
    DecompressionBomb,
    Decompressor,
    compression_of,
)
from apispy.capture.validation import Malformed
from apispy.errors import ApispyError

LINE_LIMIT = 256 << 20
"""Bytes of the longest line, and of the largest fixture. --body-limit keeps lines far shorter."""

READ_SIZE = 64 << 10
"""Bytes that are read from a file at a time."""

PEEK_SIZE = 64
"""Bytes at the start of a file that show whether it is a fixture."""

STDIN = Path("-")

_FIXTURE = re.compile(rb'\s*\{\s*"fixture"\s*:')


def is_fixture(head: bytes) -> bool:
    """Whether a file that begins with *head* is a fixture."""
    return _FIXTURE.match(head) is not None


class CaptureError(ApispyError):
    """A capture, or a part of it, cannot be read. The message names the file and the line."""


def display_name(path: Path) -> str:
    return "standard input" if path == STDIN else str(path)


def open_capture(path: Path) -> BinaryIO:
    """Open the capture at *path*. A fixture is converted to a capture in a temporary file. Raises CaptureError."""
    file = _open(path)
    try:
        head = file.peek(PEEK_SIZE) if hasattr(file, "peek") else b""
    except OSError as error:
        file.close()
        raise CaptureError(f"{display_name(path)} cannot be read: {error.strerror}") from None
    if not is_fixture(head[:PEEK_SIZE]):
        return file
    with file:
        return _open_fixture(file, path)


def _open_fixture(file: BinaryIO, path: Path) -> BinaryIO:
    copy = system.temporary_file()
    try:
        copy.writelines(lines_of_fixture(file.read(LINE_LIMIT + 1), path))
    except OSError as error:
        raise CaptureError(f"{display_name(path)} cannot be read: {error.strerror}") from None
    copy.seek(0)
    return copy


def lines_of_fixture(data: bytes, path: Path) -> list[bytes]:
    """Convert the fixture *data* to the lines of a capture. Raises CaptureError, which names the file and the place."""
    from apispy.capture.fixture.document import capture_lines

    if len(data) > LINE_LIMIT:
        raise CaptureError(
            f"{display_name(path)}: expected a fixture of at most {LINE_LIMIT} bytes, found a longer one"
        )
    try:
        return list(capture_lines(data))
    except Malformed as error:
        raise CaptureError(f"{display_name(path)}: {error}") from None


def _open(path: Path) -> BinaryIO:
    if path == STDIN:
        return sys.stdin.buffer
    try:
        file = open(path, "rb")  # noqa: SIM115 the caller closes it
    except IsADirectoryError:
        raise CaptureError(f"{path} is a directory; name the capture file in it") from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise CaptureError(f"{path}: {why}; name a file that `apispy --capture FILE` wrote") from None
    return file


def seekable_file(
    file: BinaryIO, path: Path, on_error: Callable[[str], None], check: Callable[[bytes], object]
) -> BinaryIO:
    """Return *file* if it is a regular, uncompressed file; otherwise a decompressed copy in an unnamed temporary file.

    *on_error* is called when the data is damaged; the copy has everything before the damage. *check* is called with
    the first line before anything is copied, and raises if it is not a capture's: other input may have no end. Raises
    CaptureError.
    """
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        head = file.read(4)
        file.seek(0)
        if not compression_of(head):
            return file
    copy = system.temporary_file()
    try:
        for number, line in enumerate(split_lines(decompressed(file, path), path)):
            if not number and line.endswith(b"\n"):
                check(line)
            copy.write(line)
    except CaptureError as error:
        if not copy.tell():
            raise
        on_error(str(error))
    except OSError as error:
        raise CaptureError(
            f"{display_name(path)} cannot be decompressed in {gettempdir()}: {error.strerror}"
        ) from None
    copy.seek(0)
    return copy


class Readable(Protocol):
    """The part of a file that ``decompressed`` needs."""

    def read(self, size: int, /) -> bytes: ...


def decompressed(file: Readable, path: Path) -> Iterator[bytes]:
    """Yield the bytes of *file*, decompressed. Compressed data may lack its end. Raises CaptureError."""
    coding = ""
    try:
        head = file.read(4)
        coding = compression_of(head)
        decompressor = Decompressor(coding) if coding else None
        while head:
            if decompressor is None:
                yield head
            else:
                yield from decompressor.feed(head)
            head = _read_available(file)
    except (*DECOMPRESSION_ERRORS, DecompressionBomb) as error:
        raise CaptureError(f"{display_name(path)}: the {coding} data is damaged: {error}") from None
    except OSError as error:
        raise CaptureError(f"{display_name(path)} cannot be read: {error.strerror}") from None


def _read_available(file: Readable) -> bytes:
    """Read what is available without waiting for a full block, if the file supports it: a pipe may be slow."""
    found: bytes = file.read1(READ_SIZE) if hasattr(file, "read1") else file.read(READ_SIZE)
    return found


def split_lines(pieces: Iterator[bytes], path: Path) -> Iterator[bytes]:
    """Yield lines with their line feeds; the last may lack it. Raises CaptureError for a line that is too long."""
    pending, number = bytearray(), 1
    for piece in pieces:
        start = len(pending)
        pending += piece
        while (end := pending.find(b"\n", start)) >= 0:
            yield bytes(pending[: end + 1])
            del pending[: end + 1]
            start, number = 0, number + 1
        if len(pending) > LINE_LIMIT:
            raise line_too_long(path, number)
    if pending:
        yield bytes(pending)


def line_too_long(path: Path, number: int) -> CaptureError:
    return CaptureError(
        f"{display_name(path)}, line {number}: expected a line of at most {LINE_LIMIT} bytes, found a longer one; "
        "this is not a capture, or it is damaged"
    )
