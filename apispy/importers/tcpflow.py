"""What tcpflow writes: a file for each direction of a connection, or a log of all connections on standard output.

A file has the name SOURCE-TARGET, and the other direction is expected beside it. In the log (``-c``), each piece of
data follows such a name and a colon, and a line feed ends it; with ``-D``, the data is in hexadecimal. Neither has
times.
Source: the output of tcpflow 1.6.1 for the captures in samples/.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from apispy.importers import files
from apispy.importers.clock import when_recorded
from apispy.importers.formats import Format, Imported, Settings, register
from apispy.importers.passive_connection import REQUEST, ImportResultBuilder, PassiveConnection

MAX_FILE_SIZE = 256 << 20

ADVICE = "Record less: tcpflow -c port 2375"

_NAME = r"([0-9a-fA-F:.]{2,45})\.(\d{5})-([0-9a-fA-F:.]{2,45})\.(\d{5})"
_FLOW = re.compile(rb"^" + _NAME.encode() + rb": ?(?:\r?\n(?=[0-9a-f]{4}: [0-9a-f]{2}))?", re.MULTILINE)
_FILE_NAME = re.compile(_NAME)
_HEX_ROW = re.compile(rb"[0-9a-f]{4,8}: (?:[0-9a-f]{2}){1,2}[ 0-9a-f]{0,76} ")
_MESSAGE = re.compile(rb"(?:[A-Z]{3,7} [/*]\S* HTTP/1\.[01]|HTTP/1\.[01] \d{3}[^\r\n]*)\r?\n")

ROW_SIZE, HEX_WIDTH = 32, 80
"""Bytes in a row of a log in hexadecimal, and the characters that show them."""

NO_TIMES = "has no times: tcpflow does not record any"

DOTS = "may have dots for unprintable bytes: tcpflow -c prints them so, and -B or -D keeps every byte"

NO_RESPONSE = "{name} has the data of one side only. That of the other is expected in {other}."
ONE_SIDE = "{name} has the data of one side only: its name is not one of tcpflow's, SOURCE-TARGET."


def is_tcpflow(head: bytes) -> bool:
    """Whether *head* begins a log of tcpflow, or a file with the bytes of HTTP/1."""
    return _FLOW.search(head) is not None or _MESSAGE.match(head) is not None


def read(path: Path, settings: Settings) -> Imported:
    """The calls in a log, or in a file and the one with the other direction. Raises ApispyError."""
    result = ImportResultBuilder(settings)
    data = files.contents_of(path, MAX_FILE_SIZE, ADVICE)
    at = when_recorded(path, data)
    if _FLOW.search(data[: files.HEAD_SIZE]):
        _read_log(data, at, result)
        if any(b"..." in body.data for call in result.exchanges for body in call.streams.values()):
            result.notice(f"{path.name} {DOTS}.")
    else:
        _read_files(path, data, at, result)
    if result.exchanges:
        result.notice(f"{path.name} {NO_TIMES}.")
    return result.imported()


def _read_log(data: bytes, at: float, result: ImportResultBuilder) -> None:
    """Read the pieces of all connections, in their order."""
    connections: dict[frozenset[str], tuple[str, PassiveConnection]] = {}
    for source, target, piece in _pieces(data):
        ends = frozenset((source, target))
        if ends not in connections:
            client, server = (target, source) if piece.startswith(b"HTTP/1.") else (source, target)
            from_start = REQUEST.match(piece) is not None
            connection = PassiveConnection(result, client, f"tcp://{server}", from_start=from_start)
            connections[ends] = client, connection
        client, connection = connections[ends]
        connection.data(source == client, piece, at)
    for _, connection in connections.values():
        connection.close()
        result.exchanges.extend(connection.exchanges)


def _pieces(data: bytes) -> Iterator[tuple[str, str, bytes]]:
    """(source, target, data) of each piece of a log."""
    flow = _FLOW.search(data)
    while flow:
        following = _FLOW.search(data, flow.end())
        piece = data[flow.end() : following.start() if following else len(data)]
        coded = _HEX_ROW.match(piece)
        piece = _from_hex(piece) if coded else piece[: -1 if piece.endswith(b"\n") else None]
        yield _peer(flow[1].decode(), flow[2].decode()), _peer(flow[3].decode(), flow[4].decode()), piece
        flow = following


def _from_hex(piece: bytes) -> bytes:
    rows = (line.rstrip(b"\r") for line in piece.split(b"\n"))
    return b"".join(_row(row) for row in rows if _HEX_ROW.match(row))


def _row(line: bytes) -> bytes:
    """The bytes of a row: its offset, pairs of bytes in hexadecimal, and the bytes as text.

    The text begins in the same column in all rows; but the first row, if it is short, is not padded.
    """
    offset, _, content = line.partition(b": ")
    width = HEX_WIDTH
    if not int(offset.strip() or b"0", 16):
        width = next(
            (2 * n + (n + 1) // 2 for n in range(1, ROW_SIZE) if len(content) == _row_length(n)), HEX_WIDTH
        )
    return bytes.fromhex(content[:width].decode("latin-1"))


def _row_length(size: int) -> int:
    """Characters of a first row with *size* bytes, after its offset."""
    return 3 * size + (size + 1) // 2 + (size % 2 == 0)


def _read_files(path: Path, data: bytes, at: float, result: ImportResultBuilder) -> None:
    """Read the two directions of one connection. Each response follows its request in time."""
    name = _FILE_NAME.fullmatch(path.name)
    source, target = (_peer(name[1], name[2]), _peer(name[3], name[4])) if name else ("a client", "")
    by_client = REQUEST.match(data) is not None
    client, server = (source, target) if by_client else (target, source)
    other = _other_side(path, name, result)
    sent, received = (data, other) if by_client else (other, data)
    connection = PassiveConnection(
        result, client or "a client", f"tcp://{server}" if name else "an unknown daemon"
    )
    for from_client, piece in ((True, sent), (False, received)):
        if piece:
            connection.data(from_client, piece, at)
    connection.close()
    result.exchanges.extend(connection.exchanges)


def _other_side(path: Path, name: re.Match[str] | None, result: ImportResultBuilder) -> bytes:
    if name is None:
        result.notice(ONE_SIDE.format(name=path.name))
        return b""
    other = path.with_name(f"{name[3]}.{name[4]}-{name[1]}.{name[2]}")
    if not other.is_file():
        result.notice(NO_RESPONSE.format(name=path.name, other=other.name))
        return b""
    return files.contents_of(other, MAX_FILE_SIZE, ADVICE)


def _peer(address: str, port: str) -> str:
    """ "127.000.000.001", "02375": "127.0.0.1:2375"."""
    if ":" in address:
        return f"[{address}]:{int(port)}"
    return f"{'.'.join(part.lstrip('0') or '0' for part in address.split('.'))}:{int(port)}"


register(
    Format(
        "tcpflow",
        "a log or a file of tcpflow",
        is_tcpflow,
        read,
        "Expected unencrypted HTTP, recorded from the beginning of its connections: tcpflow -c port 2375",
    )
)
