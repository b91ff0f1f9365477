"""The bytes of a file that is imported: unpacked if it is compressed with gzip or zstd, and never more than a limit."""

from pathlib import Path
from typing import BinaryIO

from apispy import system
from apispy.capture.raw_lines import CaptureError, decompressed
from apispy.errors import ApispyError

HEAD_SIZE = 4096
"""Bytes at the beginning of a file by which its format is recognised."""

COMPRESSED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")
"""The first bytes of gzip and zstd."""


def head_of(path: Path, size: int) -> bytes:
    """The first *size* bytes of the file, unpacked unless they are damaged. Raises ApispyError if it cannot be read."""
    found = bytearray()
    with _open(path) as file:
        try:
            for piece in decompressed(file, path):
                found += piece
                if len(found) >= size:
                    break
        except CaptureError as damage:
            if not found:
                try:
                    file.seek(0)
                    return file.read(size)
                except OSError:
                    raise damage from None
    return bytes(found[:size])


def contents_of(path: Path, limit: int, advice: str) -> bytes:
    """The whole file, unpacked. Raises ApispyError, with *advice*, if that is more than *limit* bytes."""
    found = bytearray()
    with _open(path) as file:
        for piece in decompressed(file, path):
            found += piece
            if len(found) > limit:
                raise ApispyError(f"{path} is larger than {limit >> 20} MiB. {advice}")
    return bytes(found)


def open_unpacked(path: Path, limit: int, advice: str) -> BinaryIO:
    """The file, open; a copy without a name if it is compressed. Raises ApispyError like ``contents_of``."""
    file = _open(path)
    is_compressed = file.read(4).startswith(COMPRESSED)
    file.seek(0)
    if not is_compressed:
        if path.stat().st_size > limit:
            file.close()
            raise ApispyError(f"{path} is larger than {limit >> 20} MiB. {advice}")
        return file
    copy = system.temporary_file()
    with file:
        try:
            for piece in decompressed(file, path):
                copy.write(piece)
                if copy.tell() > limit:
                    raise ApispyError(f"{path} is larger than {limit >> 20} MiB. {advice}")
        except BaseException:
            copy.close()
            raise
    copy.seek(0)
    return copy


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
        why = error.strerror if isinstance(error, OSError) else error
        raise ApispyError(f"{path} cannot be read: {why}. Give the name of a file.") from None
