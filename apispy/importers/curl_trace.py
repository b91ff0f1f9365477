"""What ``curl --trace`` and ``--trace-ascii`` write: the bytes of all messages, in rows of hexadecimal or of text.

    => Send header, 83 bytes (0x53)
    0000: 47 45 54 20 2f 5f 70 69 6e 67 20 48 54 54 50 2f GET /_ping HTTP/
    <= Recv data, 2 bytes (0x2)
    0000: OK

In text, a row ends at a line break, which is left out, or after 64 bytes, and other unprintable bytes appear as dots.
Source: curl 7.88, src/tool_cb_dbg.c, and the output of curl 7.88.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from apispy.importers import files
from apispy.importers.clock import TIME, Clock
from apispy.importers.formats import Format, Imported, Settings, register
from apispy.importers.passive_connection import ImportResultBuilder, PassiveConnection
from apispy.structs import Struct

MAX_FILE_SIZE = 256 << 20

IDS = rb"(?:\[[\d-]+\] )?"
"""The numbers of the transfer and the connection, with --trace-ids."""

_BLOCK = re.compile(
    rb"^"
    + TIME
    + IDS
    + rb"(?:(=>|<=) (Send|Recv) (header|data), (\d{1,12}) bytes \(0x[0-9a-f]+\)|== Info: ?(.*?))\r?$",
    re.MULTILINE,
)
_SSL = re.compile(rb"^" + TIME + IDS + rb"(?:=>|<=) (?:Send|Recv) SSL data, ", re.MULTILINE)
_START = re.compile(rb"^" + TIME + IDS + rb"(?:=>|<=) (?:Send|Recv) header, \d+ bytes \(0x", re.MULTILINE)
_HEX_ROW = re.compile(rb"[0-9a-f]{4,}: ((?:[0-9a-f]{2} ){1,16})")
_ROW = re.compile(rb"([0-9a-f]{4,8}): ?(.*)")
_TRYING = re.compile(rb" *Trying (\S+?)(?::0)?\.\.\.")
_SECURE = re.compile(rb"SSL connection using")
_CHUNK_HEAD = re.compile(rb"[0-9a-fA-F]{1,8}(?:;[^\r\n]*)?\r\n")
_LAST_DOT = re.compile(rb"(?<=[]}\"])\.(?=\Z|\r\n)")

INEXACT = (
    "was made with --trace-ascii: unprintable bytes appear as dots, so streams and archives cannot be read, and a dot "
    "behind JSON is read as the line feed that Docker sends. --trace keeps every byte."
)


class Block(Struct, frozen=True):
    """A part of a message, or what curl says of the connection (*info*)."""

    at: float
    sent: bool = False
    header: bool = False
    data: bytes = b""
    missing: int = 0
    exact: bool = True
    info: bytes = b""


def is_trace(head: bytes) -> bool:
    return _START.search(head) is not None


def read(path: Path, settings: Settings) -> Imported:
    """The calls in a trace. Raises ApispyError."""
    result = ImportResultBuilder(settings)
    transfers = Transfers(result)
    exact = True
    log = files.contents_of(path, MAX_FILE_SIZE, "Import a part of it.")
    for line, block in _blocks(log, Clock(path, log)):
        exact &= block.exact
        if block.missing:
            result.notice(
                f"{path.name}, line {line}: {block.missing} bytes fewer than announced. The log was cut off."
            )
        transfers.add(block)
    transfers.close()
    if not exact:
        result.notice(f"{path.name} {INEXACT}")
    return result.imported()


class Transfers:
    """The connections of a trace, one after the other."""

    def __init__(self, result: ImportResultBuilder) -> None:
        self._result = result
        self._upstream = "an unknown daemon"
        self._connection: PassiveConnection | None = None
        self._chunked = self._framed = (
            False  # the response's head says so; curl shows the sizes of the chunks
        )
        self._in_body = False
        self._at = 0.0

    def add(self, block: Block) -> None:
        self._at = block.at
        if block.info:
            self._note(block.info)
            return
        if block.sent and block.header:
            self._end_body()
        if self._connection is None:
            self._connection = PassiveConnection(self._result, "curl", self._upstream)
        data = block.data
        if not block.sent:
            data = self._received(block)
        if data:
            self._connection.data(block.sent, data, block.at)
        if block.missing:
            self._connection.gap(block.sent, block.missing, block.at)

    def close(self) -> None:
        self._end_body()
        if self._connection is not None:
            self._connection.close()
            self._result.exchanges.extend(self._connection.exchanges)
            self._connection = None

    def _note(self, info: bytes) -> None:
        """Take what curl says: where it connects to, and whether with TLS."""
        if found := _TRYING.match(info):
            self.close()
            address = found[1].decode("latin-1")
            self._upstream = f"unix://{address}" if address.startswith("/") else f"tcp://{address}"
        elif _SECURE.match(info):
            self._upstream = self._upstream.replace("tcp://", "https://")

    def _received(self, block: Block) -> bytes:
        """The bytes on the wire. Some versions of curl show a chunked body without the sizes of its chunks."""
        if block.header:
            if block.data.startswith(b"HTTP/"):
                self._end_body()
                self._chunked = False
            name, _, value = block.data.lower().partition(b":")
            self._chunked |= name == b"transfer-encoding" and b"chunked" in value
            return block.data
        if not self._chunked:
            return block.data
        if not self._in_body:
            self._in_body, self._framed = True, _CHUNK_HEAD.match(block.data) is not None
        return block.data if self._framed else b"%x\r\n%s\r\n" % (len(block.data), block.data)

    def _end_body(self) -> None:
        if self._in_body and not self._framed and self._connection is not None:
            self._connection.data(False, b"0\r\n\r\n", self._at)
        self._in_body = self._chunked = False


def _blocks(log: bytes, clock: Clock) -> Iterator[tuple[int, Block]]:
    """The blocks with the numbers of their lines."""
    found = _BLOCK.search(log)
    line, counted = 1, 0
    while found:
        following = _BLOCK.search(log, found.end())
        line, counted = line + log.count(b"\n", counted, found.start()), found.start()
        at = clock.read(found)
        if found[9] is not None:
            yield line, Block(at, info=found[9])
        else:
            rows = log[found.end() : following.start() if following else len(log)]
            if encrypted := _SSL.search(rows):
                rows = rows[: encrypted.start()]
            yield line, _block(found, at, rows.strip(b"\r\n").split(b"\n"))
        found = following


def _block(found: re.Match[bytes], at: float, rows: list[bytes]) -> Block:
    size = int(found[8])
    first = _HEX_ROW.match(rows[0])
    exact = first is not None and len(first[1]) == 3 * min(size, 16)
    data = (_from_hex(rows) if exact else _from_text(rows, size))[:size]
    return Block(at, found[5] == b"=>", found[7] == b"header", data, size - len(data), exact)


def _from_hex(rows: list[bytes]) -> bytes:
    return b"".join(bytes.fromhex(row[1].decode()) for row in map(_HEX_ROW.match, rows) if row)


def _from_text(rows: list[bytes], size: int) -> bytes:
    """The bytes of rows of text. What is missing between two rows is the line break that ended the first."""
    data = bytearray()
    for row in map(_ROW.match, rows):
        if row is None or int(row[1], 16) > size:
            break
        if int(row[1], 16) == len(data) + 2:
            data += b"\r\n"
        data += row[2].rstrip(b"\r")
    if len(data) + 2 == size:
        data += b"\r\n"
    return _LAST_DOT.sub(b"\n", bytes(data))


register(
    Format(
        "curl-trace",
        "a trace of curl (--trace, --trace-ascii)",
        is_trace,
        read,
        "Record it again: curl --trace FILE",
    )
)
