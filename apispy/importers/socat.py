"""Logs that ``socat -v`` and ``-x`` write to standard error: a header line for each block of bytes, then the bytes.

    > 2015/01/01 12:00:00.000123456  length=88 from=0 to=87

``>`` marks bytes from the client. Times are local. With -v, unprintable bytes appear as dots; with -x, each byte
appears as two digits. socat does not mark which connection of a ``fork`` a block belongs to; its offset, ``from=``,
helps. On a web page, the two spaces are one. Source: socat 1.7.4 and 1.8, xio-transfer (xiotransfer,
xioprintblock...), and their output.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from apispy.errors import ApispyError
from apispy.importers import files
from apispy.importers.formats import Format, Imported, Settings, register
from apispy.importers.passive_connection import ImportResultBuilder, PassiveConnection
from apispy.structs import Struct

MAX_FILE_SIZE = 64 << 20

HEADER = re.compile(
    rb"([<>]) (\d{4})/(\d\d)/(\d\d) (\d\d):(\d\d):(\d\d)\.(\d{6,9}) +length=(\d{1,12}) from=(\d{1,15}) "
    rb"to=\d{1,15} *\r?\n"
)
HEX_LINE = re.compile(rb"((?: [0-9a-f]{2})+)(?=  |\n|$)")
ESCAPE = re.compile(rb"\\[rnt\\]")
ESCAPES = {b"\\r": b"\r", b"\\\\": b"\\", b"\\n": b"\n", b"\\t": b"\t"}

EXAMPLE_HEADER = "> 2015/01/01 12:00:00.123456  length=123 from=0 to=122"

AMBIGUOUS = (
    "two connections at once: socat's log does not show which block belongs to which, so calls may be mixed up. "
    "A capture of tcpdump does not have this limit."
)
INEXACT = (
    "made with -v only: unprintable bytes appear as dots, so streams and archives cannot be read. "
    "socat -v -x keeps every byte."
)


class Block(Struct, frozen=True):
    """A block of bytes in the log."""

    from_client: bool
    at: float
    start: int  # its offset in the stream of its direction
    size: int
    data: bytes  # shorter than *size* if the log is damaged there
    exact: bool  # written with -x


def is_log(head: bytes) -> bool:
    """Whether a header line is among the first lines; other messages of socat may precede it."""
    return HEADER.search(head) is not None


def read(path: Path, settings: Settings) -> Imported:
    """The calls in a log. Raises ApispyError if the file has no blocks."""
    log = files.contents_of(path, MAX_FILE_SIZE, "Import a part of it.")
    result = ImportResultBuilder(settings)
    connections = Connections(result)
    exact = True
    for block in _blocks(log, path, result):
        exact &= block.exact
        connections.add(block)
    connections.close()
    if not exact:
        result.notice(f"{path.name} was {INEXACT}")
    return result.imported()


class LoggedConnection(Struct):
    """A connection in the log."""

    number: int
    connection: PassiveConnection
    sent: dict[bool, int]  # bytes so far, from the client (True) and to it


class Connections:
    """Assigns each block to the connection that its offset fits; if there are several, to the latest."""

    def __init__(self, result: ImportResultBuilder) -> None:
        self._result = result
        self._all: list[LoggedConnection] = []
        # By direction and the offset of the next block: connections by number.
        self._expecting: dict[tuple[bool, int], dict[int, LoggedConnection]] = defaultdict(dict)
        self._noted_ambiguity = False

    def add(self, block: Block) -> None:
        side = block.from_client
        logged = self._new(block) if side and not block.start else self._fitting(block)
        self._expecting[side, block.start].pop(logged.number, None)
        logged.sent[side] = block.start + block.size
        self._expecting[side, logged.sent[side]][logged.number] = logged
        if block.data:
            logged.connection.data(side, block.data, block.at)
        if missing := block.size - len(block.data):
            logged.connection.gap(side, missing, block.at)

    def close(self) -> None:
        for logged in self._all:
            logged.connection.close()
            self._result.exchanges.extend(logged.connection.exchanges)

    def _fitting(self, block: Block) -> LoggedConnection:
        found = self._expecting[block.from_client, block.start]
        if len(found) > 1 and not self._noted_ambiguity:
            self._noted_ambiguity = True
            self._result.notice(AMBIGUOUS)
        return found[next(reversed(found))] if found else self._new(block)

    def _new(self, block: Block) -> LoggedConnection:
        number = len(self._all) + 1
        connection = PassiveConnection(
            self._result, f"connection {number} of socat", "socat's target", from_start=not block.start
        )
        logged = LoggedConnection(number, connection, {True: 0, False: 0})
        self._all.append(logged)
        self._expecting[not block.from_client, 0][number] = logged
        return logged


def _blocks(log: bytes, path: Path, result: ImportResultBuilder) -> Iterator[Block]:
    """Raises ApispyError if there are none."""
    header = HEADER.search(log)
    if header is None:
        raise ApispyError(f"{path} has no header line of a block. Expected {EXAMPLE_HEADER}")
    line, counted = 1, 0
    while header:
        following = HEADER.search(log, header.end())
        content = log[header.end() : following.start() if following else len(log)]
        line, counted = line + log.count(b"\n", counted, header.start()), header.start()
        size = int(header[9])
        exact = HEX_LINE.match(content) is not None
        data = _from_hex(content)[:size] if exact else _from_text(content, size)
        if len(data) < size:
            result.notice(
                f"{path.name}, line {line}: length={size} announced, {len(data)} found. "
                "The log was cut off, or two socat processes wrote at once."
            )
        yield Block(
            header[1] == b">", _time(header, f"{path}, line {line}"), int(header[10]), size, data, exact
        )
        header = following


def _from_hex(content: bytes) -> bytes:
    found = bytearray()
    for line in content.split(b"\n"):
        if not (digits := HEX_LINE.match(line)):
            break
        found += bytes.fromhex(digits[1].decode())
    return bytes(found)


def _from_text(content: bytes, size: int) -> bytes:
    return ESCAPE.sub(lambda found: ESCAPES[found[0]], content)[:size]


def _time(header: re.Match[bytes], place: str) -> float:
    """Unix seconds. Raises ApispyError, which names the *place*, for a time that does not exist.

    A fraction of nine digits may be microseconds too, because socat 1.7 pads them with zeros.
    """
    year, month, day, hour, minute, second, fraction = (int(header[group]) for group in range(2, 9))
    part = fraction / 1e6 if fraction < 1_000_000 else fraction / 1e9
    try:
        return datetime(year, month, day, hour, minute, min(second, 59)).timestamp() + part
    except (ValueError, OverflowError, OSError):
        raise ApispyError(
            f"{place}: a header line has a time that does not exist: {header[0][:40].decode('latin-1')!r}. "
            "Correct it, or remove the block."
        ) from None


register(Format("socat", "a log of socat -v or -x", is_log, read, "Record it again: socat -v -x ... 2> FILE"))
