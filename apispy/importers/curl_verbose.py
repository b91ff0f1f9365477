"""What ``curl -v`` prints: heads of requests (``>``) and responses (``<``), and bodies of responses beside them.

The bodies of requests are not printed. Source: curl 7.88, src/tool_cb_dbg.c and src/tool_progress.c, its output, and
logs in public reports, where the carriage returns are lost.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from apispy.importers import files
from apispy.importers.clock import TIME, Clock
from apispy.importers.formats import Format, Imported, Settings, register
from apispy.importers.messages import make_body, make_headers
from apispy.importers.passive_connection import ImportResultBuilder
from apispy.model import Exchange, Headers, Request, Response
from apispy.structs import Struct, field

MAX_FILE_SIZE = 64 << 20

_PROGRESS = rb"(?:\r? {0,9}\d{1,3} [ \d.kMGTP:-]{20,90}(?=[*<>{}]))?"
"""The progress meter, which is on the same line as what follows it."""

_LINE = re.compile(rb"\A" + _PROGRESS + TIME + rb"(?:\[[\d-]+\] )?([*<>{}])(?: (.*)|\Z)", re.DOTALL)
_REQUEST = re.compile(rb"([A-Z]{3,10}) (\S+) HTTP/([\d.]+)")
_STATUS = re.compile(rb"HTTP/([\d.]+) (\d{3}) ?(.*)")
_START = re.compile(rb"^[^\n]{0,200}?> (?:[A-Z]{3,10}) [/*h]\S* HTTP/[\d.]+\r?$", re.MULTILINE)
_SIZE = re.compile(rb"\[(\d{1,12}) bytes data\]")
_TRYING = re.compile(rb" *Trying (\S+?)(?::0)?\.\.\.")
_CONNECTED = re.compile(rb"Connected to \S+ \(([^)]+)\) port (\d{1,5})")
_SECURE = re.compile(rb"SSL connection using")
_TRAILER = re.compile(
    rb"\* (?:Connection #\d+ to host \S+ left intact|Closing connection(?: #?\d+)?)\r?\n?\Z"
)
_METER = re.compile(rb"\A(?:\r| *% Total| +Dload)")

NO_BODIES = (
    "has no request bodies, and response bodies only if they went to the same file: curl --trace has both"
)


class Transfer(Struct):
    """A request and its response, as far as they are printed."""

    at: float
    upstream: str
    method: str
    target: str
    version: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    sent: int = 0
    status: int = 0  # 0: no response
    reason: str = ""
    response_version: str = "1.1"
    response_headers: list[tuple[str, str]] = field(default_factory=list)
    responded: float = 0.0
    ended: float = 0.0
    body: bytearray = field(default_factory=bytearray)
    in_body: bool = False


def is_verbose_log(head: bytes) -> bool:
    return _START.search(head) is not None


def read(path: Path, settings: Settings) -> Imported:
    """The calls in a log. Raises ApispyError."""
    result = ImportResultBuilder(settings)
    log = files.contents_of(path, MAX_FILE_SIZE, "Import a part of it.")
    for transfer in _transfers(log, Clock(path, log)):
        result.exchanges.append(_exchange(transfer, result))
    if result.exchanges:
        result.notice(f"{path.name} {NO_BODIES}.")
    return result.imported()


def _transfers(log: bytes, clock: Clock) -> Iterator[Transfer]:
    upstream, transfer = "an unknown daemon", None
    for line in log.split(b"\n"):
        found = _LINE.match(line)
        mark, text = (found[5], (found[6] or b"").rstrip(b"\r")) if found else (b"", line)
        at = clock.read(found) if found else 0.0
        if mark == b"*":
            upstream = _upstream(text, upstream)
        elif mark == b">" and (asked := _REQUEST.match(text)):
            if transfer:
                yield transfer
            method, target, version = (part.decode("latin-1") for part in asked.groups())
            transfer = Transfer(at, upstream, method, target, version, ended=at)
        elif transfer:
            _add(transfer, mark, text, line, at)
    if transfer:
        yield transfer


def _upstream(text: bytes, before: str) -> str:
    """The daemon's address, if what curl says about the connection has it."""
    if found := _TRYING.match(text):
        address = found[1].decode("latin-1")
        return f"unix://{address}" if address.startswith("/") else f"tcp://{address}"
    if (found := _CONNECTED.match(text)) and b"/" not in found[1]:  # a socket has the name that "Trying" said
        address = found[1].decode("latin-1")
        return f"tcp://{f'[{address}]' if ':' in address else address}:{int(found[2])}"
    return before.replace("tcp://", "https://") if _SECURE.match(text) else before


def _add(transfer: Transfer, mark: bytes, text: bytes, line: bytes, at: float) -> None:
    """Add one line to the transfer."""
    transfer.ended = max(transfer.ended, at)
    if mark == b">":
        transfer.headers += _field(text)
    elif mark == b"}":
        transfer.sent += _size(text)
    elif mark == b"<":
        _add_response(transfer, text, at)
    elif not mark and transfer.in_body and not _METER.match(line):
        transfer.body += line + b"\n"


def _add_response(transfer: Transfer, text: bytes, at: float) -> None:
    if status := _STATUS.match(text):  # a later one replaces 100 Continue
        transfer.response_version, transfer.reason = status[1].decode(), status[3].decode("latin-1")
        transfer.status, transfer.response_headers = int(status[2]), []
    elif not text.strip():
        transfer.in_body = transfer.status >= 200
        transfer.responded = at
    else:
        transfer.response_headers += _field(text)


def _field(text: bytes) -> list[tuple[str, str]]:
    name, colon, value = text.decode("latin-1").partition(":")
    return [(name, value.strip())] if colon else []


def _size(text: bytes) -> int:
    found = _SIZE.match(text)
    return int(found[1]) if found else 0


def _exchange(transfer: Transfer, result: ImportResultBuilder) -> Exchange:
    headers = make_headers(transfer.headers)
    duration = transfer.ended - transfer.at
    return Exchange(
        id=next(result.exchange_numbers),
        connection=next(result.connection_numbers),
        started=transfer.at,
        client="curl",
        upstream=transfer.upstream,
        request=Request(
            transfer.method,
            transfer.target,
            transfer.version,
            headers,
            make_body(b"", result.limit, 0.0, max(transfer.sent, _announced(headers) or 0)),
        ),
        response=_response(transfer, duration, result.limit) if transfer.status else None,
        end="complete" if transfer.status else "cut",
        duration=duration,
    )


def _response(transfer: Transfer, duration: float, limit: int) -> Response:
    headers = make_headers(transfer.response_headers)
    announced = None if transfer.method == "HEAD" else _announced(headers)
    data = bytes(transfer.body[:-1])  # without the line feed that ends the log
    if announced is None or len(data) > announced:
        data = _TRAILER.sub(b"", data)[:announced]
    if announced is not None and len(data) == announced - 1:  # the body's own line feed began the next line
        data += b"\n"
    return Response(
        transfer.status,
        transfer.reason,
        transfer.response_version,
        headers,
        make_body(data, limit, duration, announced or 0),
        at=max(0.0, transfer.responded - transfer.at),
    )


def _announced(headers: Headers) -> int | None:
    """The bytes of the body that the head announces; None if it does not."""
    text = headers.text("content-length")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 13 else None


register(
    Format(
        "curl",
        "a log of curl -v",
        is_verbose_log,
        read,
        "Record it again: curl -sv URL > FILE 2>&1, or curl --trace FILE URL",
    )
)
