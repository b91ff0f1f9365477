"""What ``socat -v`` and ``-x`` write to standard error: a line about each block of bytes, and the bytes.

    > 2015/01/01 12:00:00.000123456  length=88 from=0 to=87

``>`` is from the client. Times are local. With -v bytes that cannot be printed stand as dots, with -x each byte stands
as two digits. The connections of a ``fork`` are not told apart; the offsets after ``from=`` help. Source: socat 1.7.4
and 1.8, xio-transfer (xiotransfer, xioprintblock...), and their output.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from apispy.errors import ApispyError
from apispy.importers.base import Format, Imported, Settings, register
from apispy.importers.passive_connection import ImportResultBuilder, PassiveConnection

LARGEST_FILE = 64 << 20

HEADER = re.compile(
    rb"([<>]) (\d{4})/(\d\d)/(\d\d) (\d\d):(\d\d):(\d\d)\.(\d{6,9})  length=(\d{1,12}) from=(\d{1,15}) to=\d{1,15}\n"
)
HEX_LINE = re.compile(rb"((?: [0-9a-f]{2})+)(?=  |\n|$)")
ESCAPE = re.compile(rb"\\[rnt\\]")
ESCAPES = {b"\\r": b"\r", b"\\\\": b"\\", b"\\n": b"\n", b"\\t": b"\t"}

EXPECTED = "> 2015/01/01 12:00:00.123456  length=123 from=0 to=122"

CONFUSED = (
    "two connections at once: socat's log does not say which block belongs to which, so calls may be mixed. "
    "A capture of tcpdump does not have this limit."
)
INEXACT = (
    "made with -v alone: bytes that cannot be printed are dots in it, so streams and archives cannot be read. "
    "socat -v -x keeps every byte."
)


@dataclass(frozen=True, slots=True)
class Block:
    from_client: bool
    at: float
    start: int  # where in its direction's stream
    size: int
    data: bytes  # shorter than *size* when the log is damaged there
    exact: bool


def is_log(head: bytes) -> bool:
    """Whether a header stands on one of the first lines, other messages of socat's before it."""
    return HEADER.search(head) is not None


def read(path: Path, settings: Settings) -> Imported:
    """The calls in a log. Raises ApispyError when it is none."""
    if path.stat().st_size > LARGEST_FILE:
        raise ApispyError(f"{path} is larger than {LARGEST_FILE >> 20} MiB. Give apispy a part of it.")
    session = ImportResultBuilder(settings)
    connections = Connections(session)
    exact = True
    for block in _blocks(path.read_bytes(), path, session):
        exact &= block.exact
        connections.add(block)
    connections.close()
    if not exact:
        session.notice(f"{path.name} was {INEXACT}")
    return session.imported()


@dataclass(slots=True)
class Connection:
    number: int
    overheard: PassiveConnection
    sent: dict[bool, int]  # bytes so far, from the client (True) and to it


class Connections:
    """Gives each block to the connection that its offset fits to; of several, to the latest."""

    def __init__(self, session: ImportResultBuilder) -> None:
        self._session = session
        self._all: list[Connection] = []
        self._at: dict[tuple[bool, int], dict[int, Connection]] = defaultdict(dict)  # by what is to come next
        self._confused = False

    def add(self, block: Block) -> None:
        side = block.from_client
        connection = self._new(block) if side and not block.start else self._fitting(block)
        self._at[side, block.start].pop(connection.number, None)
        connection.sent[side] = block.start + block.size
        self._at[side, connection.sent[side]][connection.number] = connection
        if block.data:
            connection.overheard.data(side, block.data, block.at)
        if missing := block.size - len(block.data):
            connection.overheard.missing(side, missing, block.at)

    def close(self) -> None:
        for connection in self._all:
            connection.overheard.close()
            self._session.exchanges.extend(connection.overheard.exchanges)

    def _fitting(self, block: Block) -> Connection:
        found = self._at[block.from_client, block.start]
        if len(found) > 1 and not self._confused:
            self._confused = True
            self._session.notice(CONFUSED)
        return found[next(reversed(found))] if found else self._new(block)

    def _new(self, block: Block) -> Connection:
        number = len(self._all) + 1
        overheard = PassiveConnection(
            self._session, f"connection {number} of socat", "socat's target", from_start=not block.start
        )
        connection = Connection(number, overheard, {True: 0, False: 0})
        self._all.append(connection)
        self._at[not block.from_client, 0][number] = connection
        return connection


def _blocks(log: bytes, path: Path, session: ImportResultBuilder) -> Iterator[Block]:
    """Raises ApispyError when there are none."""
    header = HEADER.search(log)
    if header is None:
        raise ApispyError(f"{path} has no line of socat's about a block of bytes. Expected {EXPECTED}")
    line, counted = 1, 0
    while header:
        following = HEADER.search(log, header.end())
        content = log[header.end() : following.start() if following else len(log)]
        line, counted = line + log.count(b"\n", counted, header.start()), header.start()
        size = int(header[9])
        exact = HEX_LINE.match(content) is not None
        data = _from_hex(content)[:size] if exact else _from_text(content, size)
        if len(data) < size:
            session.notice(
                f"{path.name}, line {line}: {size} bytes announced, {len(data)} found. "
                "The log was cut, or two processes of socat wrote at once."
            )
        yield Block(header[1] == b">", _time(header), int(header[10]), size, data, exact)
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


def _time(header: re.Match[bytes]) -> float:
    """Unix seconds. Nine digits are microseconds too: socat 1.7 pads them so."""
    year, month, day, hour, minute, second, fraction = (int(header[group]) for group in range(2, 9))
    part = fraction / 1e6 if fraction < 1_000_000 else fraction / 1e9
    try:
        return datetime(year, month, day, hour, minute, min(second, 59)).timestamp() + part
    except (ValueError, OverflowError, OSError):
        raise ApispyError(
            f"a line of socat's log has a time that does not exist: {header[0][:40].decode('latin-1')!r}. "
            "Put it right, or leave the block out."
        ) from None


register(Format("socat", "what socat -v or -x wrote", is_log, read))
