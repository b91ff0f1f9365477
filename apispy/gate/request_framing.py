"""Finds the requests in a client's bytes by their framing alone, so that each can be decided before it is forwarded.

The tap parses a copy after the bytes are forwarded; this parser runs before that and must be quick. It accepts what
real clients send, strictly as in RFC 9112, and gives up on anything else rather than guess where a request ends.
Heads are not read with ``tap/fast_headers.py``: that reader leaves all unusual heads to h11, while this one has no
fallback, must itself accept HTTP/1.0, upgrades and ``Connection: close``, and fails closed on the rest.
"""

import re

from apispy.structs import Struct

MAX_HEAD = 1 << 20
"""Bytes of a head (Go's default is the same)."""

MAX_LINE = 1 << 14
"""Bytes of a line between the chunks of a body, or of its trailers."""

CHUNKED = -1
"""Stands for the length of a chunked body."""

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_LINE = re.compile(rb"(%s) ([^\x00-\x20\x7f]+) HTTP/1\.([01])\r\n" % _TOKEN)
_FIELDS = re.compile(rb"(?:%s:[^\r\n\x00]*\r\n)*\r\n" % _TOKEN)
_BEGIN = re.compile(rb"[!-~][ -~]*\r?\Z")  # the beginning of a request line
_BARE = re.compile(rb"(?<!\r)\n")
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r\n")
_HIJACKS = re.compile(rb"/containers/[^?]*/attach|/exec/[^?]*/start")


class Head(Struct, frozen=True):
    """A request's head. ``ends``: no body follows. ``keep_alive``: another request may follow."""

    raw: bytes
    method: bytes
    target: bytes
    fields: list[tuple[bytes, bytes]]
    ends: bool
    keep_alive: bool

    def has(self, name: bytes) -> bool:
        return any(key.lower() == name for key, _ in self.fields)

    @property
    def may_hijack(self) -> bool:
        """Whether the connection leaves HTTP after this request if the daemon accepts it."""
        return self.has(b"upgrade") or (self.method == b"POST" and bool(_HIJACKS.search(self.target)))


class Body(Struct, frozen=True):
    """The next bytes of the body, as they are on the wire. ``ends``: the body ends with them."""

    raw: bytes
    ends: bool


class Unreadable(Struct, frozen=True):
    """Bytes that are not a request, and everything after them."""

    raw: bytes


Part = Head | Body | Unreadable


class RequestFramer:
    """Splits a byte stream into parts: ``feed`` takes bytes, ``next`` returns parts, which joined are those bytes.

    ``unreadable``: everything from here on is returned as Unreadable.
    """

    def __init__(self) -> None:
        self._data = b""
        self._left = 0  # bytes left of a body with Content-Length, or of a chunk and its line end
        self._chunked = False
        self._in_trailers = False
        self._last: tuple[Head, int] | None = None  # the last head, and the length of its body or CHUNKED
        self.unreadable = False

    def feed(self, data: bytes) -> None:
        self._data = self._data + data if self._data else data

    @property
    def pending(self) -> bool:
        """Whether bytes were fed that no part contains yet."""
        return bool(self._data)

    @property
    def at_head(self) -> bool:
        """Whether the next part is a head."""
        return not (self.unreadable or self._chunked or self._left)

    def next(self) -> Part | None:
        """Return the next part; None if more bytes are needed."""
        if not self._data:
            return None
        if self.unreadable:
            return Unreadable(self.take())
        if self._left and not self._chunked:
            return self._body()
        return self._chunks() if self._chunked else self._head()

    def take(self) -> bytes:
        """Remove and return the bytes that no part contains yet."""
        data, self._data = self._data, b""
        return data

    # -- parts --

    def _head(self) -> Part | None:
        """Return the next head. It is often the same as the last one, and then not parsed again."""
        if self._last is None or not self._data.startswith(self._last[0].raw):
            if isinstance(read := self._parse_head(), Unreadable) or read is None:
                return read
            self._last = read
        head, length = self._last
        self._chunked, self._left = length == CHUNKED, max(0, length)
        self._data = self._data[len(head.raw) :]
        return head

    def _parse_head(self) -> tuple[Head, int] | Unreadable | None:
        data = self._data
        end = data.find(b"\r\n\r\n") + 4
        if end < 4:
            return self._give_up() if _cannot_be_head(data) else None
        line = _LINE.match(data)
        fields = line and _FIELDS.match(data, line.end())
        if not line or not fields:
            return self._give_up()
        pairs = [(key, value.strip(b" \t")) for key, _, value in
                 (text.partition(b":") for text in data[line.end() : end - 4].split(b"\r\n") if text)]  # fmt: skip
        length = _length(pairs)
        if length is None:
            return self._give_up()
        keep_alive = line[3] == b"1" and not _has_close(pairs)
        return Head(data[:end], line[1], line[2], pairs, length == 0, keep_alive), length

    def _body(self) -> Body:
        raw, self._data = self._data[: self._left], self._data[self._left :]
        self._left -= len(raw)
        return Body(raw, not self._left)

    def _chunks(self) -> Part | None:
        """Return all bytes of the chunked body received so far, as far as its end."""
        data, at = self._data, 0
        while at < len(data):
            if self._left:
                step = min(self._left, len(data) - at)
                self._left -= step
                at += step
                continue
            end = data.find(b"\n", at) + 1
            if not end:
                if len(data) - at > MAX_LINE:
                    return self._give_up()
                break
            if self._in_trailers:
                at, ended = end, data[at:end] == b"\r\n"
                if ended:
                    self._in_trailers = self._chunked = False
                    return self._take_body(at, ends=True)
            elif size := _SIZE.fullmatch(data, at, end):
                at, self._left = end, int(size[1], 16)
                self._in_trailers = not self._left
                self._left += 2 if self._left else 0
            else:
                return self._give_up()
        return self._take_body(at, ends=False) if at else None

    def _take_body(self, at: int, *, ends: bool) -> Body:
        raw, self._data = self._data[:at], self._data[at:]
        return Body(raw, ends)

    def _give_up(self) -> Unreadable:
        self.unreadable = True
        return Unreadable(self.take())


def _cannot_be_head(data: bytes) -> bool:
    """Whether *data* cannot become a head, whatever follows."""
    if len(data) > MAX_HEAD or _BARE.search(data):
        return True
    end = data.find(b"\n") + 1
    return not (_LINE.fullmatch(data, 0, end) if end else _BEGIN.match(data))


def _length(fields: list[tuple[bytes, bytes]]) -> int | None:
    """Return the length of the body, or CHUNKED; None if the headers are ambiguous."""
    lengths = {value for key, value in fields if key.lower() == b"content-length"}
    codings = [value.lower() for key, value in fields if key.lower() == b"transfer-encoding"]
    if codings:
        return CHUNKED if codings == [b"chunked"] and not lengths else None
    if not lengths:
        return 0
    [text, *more] = lengths
    return int(text) if not more and text.isdigit() and len(text) < 19 else None


def _has_close(fields: list[tuple[bytes, bytes]]) -> bool:
    return any(key.lower() == b"connection" and b"close" in value.lower() for key, value in fields)
