"""Heads of everyday HTTP/1.1 messages, taken apart in a tenth of the time that h11 takes.

Only what is beyond doubt is read here: every line as the grammar has it, and nothing that tells where the message ends
but one length or ``chunked``. Of all else ``simple_head`` gives None, and h11 decides. A law holds that both agree.
"""

import re
import string
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from apispy.model import Headers, Request, Response

LONGEST = 16 << 10
"""Bytes of a head that is read here."""

REMEMBERED = 256
"""Heads that are remembered: a client's requests are all alike, and so are the answers of one second."""

PRIVATE = re.compile(rb"uth|onfig:|ookie|oken|assw")
"""One of these is in every head with credentials (X-Registry-Auth, Authorization, ...): it is not remembered."""

CHUNKED, UNTOLD = -1, -2
"""In place of a length: the body comes in chunks; the head does not tell."""

_REQUEST = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21-\x7e]+) HTTP/1\.1")
_STATUS = re.compile(rb"HTTP/1\.1 ([2-9][0-9]{2}) ([\x20-\x7e]*)")
_NAME = (string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~").encode()
_VALUE = b"\t" + bytes(range(0x20, 0x7F)) + bytes(range(0x80, 0x100))
_BODILESS = (204, 304)

Fields = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class SimpleHead:
    """A message of which no body is there yet, as if it had come at time 0, and the body's length or CHUNKED."""

    message: Request | Response
    length: int

    def at(self, seconds: float) -> Request | Response:
        """The message, if its head came at *seconds* after its exchange began."""
        one = self.message
        if isinstance(one, Request):
            return Request(one.method, one.target, one.version, one.headers, at=seconds)
        return Response(one.status, one.reason, one.version, one.headers, at=seconds)


def simple_request(data: bytes) -> SimpleHead | None:
    """A request's head up to its empty line; None in any doubt."""
    return _request(data)


def simple_response(question: Request, data: bytes) -> SimpleHead | None:
    """The head of the answer to *question*, likewise."""
    if "upgrade" in question.headers:
        return None
    return _answer_to_head(data) if question.method == "HEAD" else _answer(data)


class _Remembering:
    """Decorates a function that takes a head apart."""

    def __init__(self, read: Callable[[bytes], SimpleHead | None]) -> None:
        self._read = read
        self._again = lru_cache(REMEMBERED)(read)

    def __call__(self, data: bytes) -> SimpleHead | None:
        if len(data) > LONGEST:
            return None
        return self._read(data) if PRIVATE.search(data) else self._again(data)


@_Remembering
def _request(data: bytes) -> SimpleHead | None:
    line, _, rest = data.partition(b"\r\n")
    found, fields = _REQUEST.fullmatch(line), _fields(rest)
    if found is None or fields is None or found[1] == b"CONNECT" or _count(fields, b"host") != 1:
        return None
    length = _length(fields)
    if length is None:
        return None
    message = Request(found[1].decode(), found[2].decode(), headers=Headers(fields))
    return SimpleHead(message, 0 if length == UNTOLD else length)


@_Remembering
def _answer(data: bytes) -> SimpleHead | None:
    return _response(data)


@_Remembering
def _answer_to_head(data: bytes) -> SimpleHead | None:
    return _response(data, bodiless=True)


def _response(data: bytes, *, bodiless: bool = False) -> SimpleHead | None:
    line, _, rest = data.partition(b"\r\n")
    found, fields = _STATUS.fullmatch(line), _fields(rest)
    length = _length(fields) if found is not None and fields is not None else None
    if found is None or fields is None or length is None:
        return None
    status = int(found[1])
    length = 0 if bodiless or status in _BODILESS else length
    if length == UNTOLD:  # until the connection's end
        return None
    return SimpleHead(Response(status, found[2].decode(), headers=Headers(fields)), length)


def _fields(data: bytes) -> Fields | None:
    """The header fields in some lines, with the space around their values taken off."""
    found = []
    for line in data.split(b"\r\n") if data else ():
        name, colon, value = line.partition(b":")
        if not colon or not name or name.translate(None, _NAME) or value.translate(None, _VALUE):
            return None
        found.append((name, value.strip(b" \t")))
    return tuple(found)


def _length(fields: Fields) -> int | None:
    """How long the body is, or CHUNKED or UNTOLD; None if it takes more than a look to tell."""
    length = UNTOLD
    for name, value in fields:
        match name.lower():
            case b"connection":
                if value.lower() != b"keep-alive":
                    return None
            case b"content-length" if length == UNTOLD and value.isdigit() and len(value) < 16:
                length = int(value)
            case b"transfer-encoding" if length == UNTOLD and value == b"chunked":
                length = CHUNKED
            case b"content-length" | b"transfer-encoding" | b"upgrade":
                return None
    return length


def _count(fields: Fields, wanted: bytes) -> int:
    return sum(name.lower() == wanted for name, _ in fields)
