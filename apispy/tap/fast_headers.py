"""A parser for the heads of everyday HTTP/1.1 messages, ten times as fast as h11.

It accepts only heads that are beyond doubt: every line follows the grammar, and the only framing is one Content-Length
or ``chunked``. For any other head it returns None, and h11 decides. A property test verifies that both agree.
``gate/request_framing.py`` does not use it: that parser has no fallback, so it must itself accept or refuse every head.
"""

import re
import string
from collections.abc import Callable
from functools import lru_cache

from apispy.model import Headers, Request, Response
from apispy.structs import Struct

MAX_HEAD = 16 << 10
"""Bytes of a head that is parsed here."""

CACHE_SIZE = 256
"""Heads that are cached: a client's requests are mostly alike, and so are the responses within one second."""

CREDENTIALS = re.compile(rb"uth|onfig:|ookie|oken|assw")
"""Matches every head with credentials (X-Registry-Auth, Authorization, ...). Such a head is not cached."""

CHUNKED, UNSPECIFIED = -1, -2
"""Stand for a body's length: the body is chunked; the head does not specify the length."""

_REQUEST = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21-\x7e]+) HTTP/1\.1")
_STATUS = re.compile(rb"HTTP/1\.1 ([2-9][0-9]{2}) ([\x20-\x7e]*)")
_NAME = (string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~").encode()
_VALUE = b"\t" + bytes(range(0x20, 0x7F)) + bytes(range(0x80, 0x100))
_BODILESS_STATUSES = (204, 304)

Fields = tuple[tuple[bytes, bytes], ...]


class SimpleHead(Struct, frozen=True):
    """A message without its body, at time 0, and the length of its body or CHUNKED."""

    message: Request | Response
    length: int

    def at(self, seconds: float) -> Request | Response:
        """Return the message with *seconds*, since the exchange began, as the time of its head."""
        head = self.message
        if isinstance(head, Request):
            return Request(head.method, head.target, head.version, head.headers, at=seconds)
        return Response(head.status, head.reason, head.version, head.headers, at=seconds)


def parse_request(data: bytes) -> SimpleHead | None:
    """Parse a request's head, without its final empty line; None if there is any doubt."""
    return _request(data)


def parse_response(request: Request, data: bytes) -> SimpleHead | None:
    """Parse the head of the response to *request*, without its final empty line; None if there is any doubt."""
    if "upgrade" in request.headers:
        return None
    return _response_to_head(data) if request.method == "HEAD" else _response_with_body(data)


class _Cached:
    """Decorator for a function that parses a head: limits the head's size, and caches results without credentials."""

    def __init__(self, read: Callable[[bytes], SimpleHead | None]) -> None:
        self._read = read
        self._cached = lru_cache(CACHE_SIZE)(read)

    def __call__(self, data: bytes) -> SimpleHead | None:
        if len(data) > MAX_HEAD:
            return None
        return self._read(data) if CREDENTIALS.search(data) else self._cached(data)


@_Cached
def _request(data: bytes) -> SimpleHead | None:
    line, _, rest = data.partition(b"\r\n")
    found, fields = _REQUEST.fullmatch(line), _fields(rest)
    if found is None or fields is None or found[1] == b"CONNECT" or _count(fields, b"host") != 1:
        return None
    length = _length(fields)
    if length is None:
        return None
    message = Request(found[1].decode(), found[2].decode(), headers=Headers(fields))
    return SimpleHead(message, 0 if length == UNSPECIFIED else length)


@_Cached
def _response_with_body(data: bytes) -> SimpleHead | None:
    return _response(data)


@_Cached
def _response_to_head(data: bytes) -> SimpleHead | None:
    return _response(data, bodiless=True)


def _response(data: bytes, *, bodiless: bool = False) -> SimpleHead | None:
    line, _, rest = data.partition(b"\r\n")
    found, fields = _STATUS.fullmatch(line), _fields(rest)
    length = _length(fields) if found is not None and fields is not None else None
    if found is None or fields is None or length is None:
        return None
    status = int(found[1])
    length = 0 if bodiless or status in _BODILESS_STATUSES else length
    if length == UNSPECIFIED:  # the body lasts until the connection ends
        return None
    return SimpleHead(Response(status, found[2].decode(), headers=Headers(fields)), length)


def _fields(data: bytes) -> Fields | None:
    """Parse header lines, without the white space around values; None if a line does not follow the grammar."""
    found = []
    for line in data.split(b"\r\n") if data else ():
        name, colon, value = line.partition(b":")
        if not colon or not name or name.translate(None, _NAME) or value.translate(None, _VALUE):
            return None
        found.append((name, value.strip(b" \t")))
    return tuple(found)


def _length(fields: Fields) -> int | None:
    """Return the body's length, CHUNKED or UNSPECIFIED; None if h11 must decide."""
    length = UNSPECIFIED
    for name, value in fields:
        match name.lower():
            case b"connection":
                if value.lower() != b"keep-alive":
                    return None
            case b"content-length" if length == UNSPECIFIED and value.isdigit() and len(value) < 16:
                length = int(value)
            case b"transfer-encoding" if length == UNSPECIFIED and value == b"chunked":
                length = CHUNKED
            case b"content-length" | b"transfer-encoding" | b"upgrade":
                return None
    return length


def _count(fields: Fields, wanted: bytes) -> int:
    return sum(name.lower() == wanted for name, _ in fields)
