"""The interface of an importer, and the registry of formats."""

from collections.abc import Callable
from pathlib import Path

from apispy.model import Exchange
from apispy.structs import Struct

END_OF_TIME = 253402300800.0
"""The year 10000 in Unix seconds. A time from then on, or before 1970, is damaged."""


class Settings(Struct, frozen=True):
    """Settings of an import."""

    port: int = 0  # import only connections to this port, whatever they carry; 0: find Docker's by content
    limit: int = 1 << 20  # bytes that are kept of each body


class Imported(Struct, frozen=True):
    """The content of a file."""

    exchanges: tuple[Exchange, ...]  # in the order in which they began
    notices: tuple[str, ...] = ()  # about the file, as sentences
    redacted: bool = False  # the secrets were removed before the file was written


Reader = Callable[[Path, Settings], Imported]
"""Reads a file. Raises ApispyError, and nothing else, if the file cannot be read."""


class Format(Struct, frozen=True):
    """A file format."""

    name: str
    title: str  # as in a sentence: "a capture of tcpdump"
    recognises: Callable[[bytes], bool]  # takes the first files.HEAD_SIZE bytes of a file
    read: Reader | None  # None: another package registers the reader
    if_empty: str = ""  # what to do if a file has no calls, as a sentence


FORMATS: dict[str, Format] = {}
"""By name."""


def register(found: Format) -> None:
    FORMATS[found.name] = found
