"""The lines of a capture file: unpacked, bounded, each with its number and its place."""

import os
import re
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import gettempdir
from typing import BinaryIO, Protocol

from apispy.capture.compression import FAULTS, Bomb, Unpacker, packed_with
from apispy.capture.validation import Malformed
from apispy.errors import ApispyError

LINE_LIMIT = 256 << 20
"""Bytes of the longest line; --body-limit keeps lines far below."""

BLOCK = 64 << 10

PEEK = 64
"""The first bytes of a file, which tell a fixture."""

STDIN = Path("-")

_FIXTURE = re.compile(rb'\s*\{\s*"fixture"\s*:')


def is_fixture(head: bytes) -> bool:
    """Whether a file that begins with *head* is a fixture."""
    return _FIXTURE.match(head) is not None


class CaptureError(ApispyError):
    """A capture cannot be read, or not all of it; the message names file and line."""


def name_of(path: Path) -> str:
    return "standard input" if path == STDIN else str(path)


def opened(path: Path) -> BinaryIO:
    """The capture at *path*; of a fixture the capture that it stands for. Raises CaptureError."""
    file = _opened(path)
    head = file.peek(PEEK) if hasattr(file, "peek") else b""
    if not is_fixture(head[:PEEK]):
        return file
    with file:
        return _of_fixture(file, path)


def _of_fixture(file: BinaryIO, path: Path) -> BinaryIO:
    copy: BinaryIO = tempfile.TemporaryFile(prefix="apispy-")  # noqa: SIM115 the caller closes it
    try:
        copy.writelines(lines_of_fixture(file.read(LINE_LIMIT + 1), path))
    except OSError as error:
        raise CaptureError(f"{name_of(path)} cannot be read: {error.strerror}") from None
    copy.seek(0)
    return copy


def lines_of_fixture(data: bytes, path: Path) -> list[bytes]:
    """Raises CaptureError, which names the file and the place in it."""
    from apispy.capture.fixture.lines import as_capture

    if len(data) > LINE_LIMIT:
        raise CaptureError(
            f"{name_of(path)}: expected a fixture of at most {LINE_LIMIT} bytes, found a longer one"
        )
    try:
        return list(as_capture(data))
    except Malformed as fault:
        raise CaptureError(f"{name_of(path)}: {fault}") from None


def _opened(path: Path) -> BinaryIO:
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


def seekable(
    file: BinaryIO, path: Path, fault: Callable[[str], None], check: Callable[[bytes], object]
) -> BinaryIO:
    """*file* itself if it is a plain one that can be read at any place; else a copy of it, unpacked, that nobody sees.

    *fault* is told of damage; what stands before it can be read. *check* is given the first line of what is to be
    copied, and raises what is wrong with it: other things than captures may have no end. Raises CaptureError.
    """
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        head = file.read(4)
        file.seek(0)
        if not packed_with(head):
            return file
    copy: BinaryIO = tempfile.TemporaryFile(prefix="apispy-")  # noqa: SIM115 the caller closes it
    try:
        for number, line in enumerate(lines_of(unpacked(file, path), path)):
            if not number and line.endswith(b"\n"):
                check(line)
            copy.write(line)
    except CaptureError as error:
        if not copy.tell():
            raise
        fault(str(error))
    except OSError as error:
        raise CaptureError(
            f"{name_of(path)} cannot be unpacked in {gettempdir()}: {error.strerror}"
        ) from None
    copy.seek(0)
    return copy


class Readable(Protocol):
    """What ``unpacked`` needs of a file."""

    def read(self, size: int, /) -> bytes: ...


def unpacked(file: Readable, path: Path) -> Iterator[bytes]:
    """The bytes of *file*, piece by piece. The end of packed ones may be missing. Raises CaptureError."""
    head = file.read(4)
    coding = packed_with(head)
    unpacker = Unpacker(coding) if coding else None
    try:
        while head:
            if unpacker is None:
                yield head
            else:
                yield from unpacker.feed(head)
            head = _some(file)
    except (*FAULTS, Bomb) as error:
        raise CaptureError(f"{name_of(path)}: not {coding} all through: {error}") from None
    except OSError as error:
        raise CaptureError(f"{name_of(path)} cannot be read: {error.strerror}") from None


def _some(file: Readable) -> bytes:
    """What is there now, if that can be asked for: the writer of a pipe may be slow."""
    found: bytes = file.read1(BLOCK) if hasattr(file, "read1") else file.read(BLOCK)
    return found


def lines_of(pieces: Iterator[bytes], path: Path) -> Iterator[bytes]:
    """Whole lines with their ends; the last may have none. Raises CaptureError for one that is too long."""
    pending, number = bytearray(), 1
    for piece in pieces:
        start = len(pending)
        pending += piece
        while (end := pending.find(b"\n", start)) >= 0:
            yield bytes(pending[: end + 1])
            del pending[: end + 1]
            start, number = 0, number + 1
        if len(pending) > LINE_LIMIT:
            raise too_long(path, number)
    if pending:
        yield bytes(pending)


def too_long(path: Path, number: int) -> CaptureError:
    return CaptureError(
        f"{name_of(path)}, line {number}: expected a line of at most {LINE_LIMIT} bytes, found a longer one; "
        "this is no capture, or it is damaged"
    )
