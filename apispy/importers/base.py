"""What a source of calls is: recognised by its first bytes, read into exchanges."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from apispy.model import Exchange

HEAD = 4096
"""Bytes from a file's beginning by which its format is recognised."""


LATEST = 253402300800.0
"""Unix seconds of the year 10000: what comes later, or before 1970, is damaged."""


@dataclass(frozen=True, slots=True)
class Settings:
    """*port*: only connections to this port count, whatever they carry; 0 finds Docker's by content. *limit*: bytes
    that are kept of each body."""

    port: int = 0
    limit: int = 1 << 20


@dataclass(frozen=True, slots=True)
class Imported:
    """The calls in the order in which they began, and what is to be said of the file besides."""

    exchanges: tuple[Exchange, ...]
    notices: tuple[str, ...] = ()
    redacted: bool = False  # the secrets were taken out before the file was written


Reader = Callable[[Path, Settings], Imported]
"""Reads a file. Raises ApispyError, and nothing else, for one that cannot be read."""


@dataclass(frozen=True, slots=True)
class Format:
    name: str
    title: str  # as a sentence names it: "a capture of tcpdump"
    recognises: Callable[[bytes], bool]  # of a file's first HEAD bytes
    read: Reader | None  # None: what reads it stands in another room


FORMATS: dict[str, Format] = {}


def register(found: Format) -> None:
    FORMATS[found.name] = found
