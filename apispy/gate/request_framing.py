"""Finds the requests in what a client sends, by their framing alone, so that each can be decided before it goes on.

The tap reads a copy, thoroughly, after the bytes have gone; this looks before they go, and must be quick. It reads what
real clients send, to the letter of RFC 9112, and gives up on everything else rather than guess where a request ends.
"""

import re
from dataclasses import dataclass

HEAD_LIMIT = 1 << 20
"""Bytes of a head (Go's own limit)."""

LINE_LIMIT = 1 << 14
"""Bytes of a line in a chunked body, and of its trailers."""

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_LINE = re.compile(rb"(%s) ([^\x00-\x20\x7f]+) HTTP/1\.([01])\r\n" % _TOKEN)
_FIELDS = re.compile(rb"(?:%s:[^\r\n\x00]*\r\n)*\r\n" % _TOKEN)
_BEGIN = re.compile(rb"[!-~][ -~]*\r?\Z")  # what may become a request line
_BARE = re.compile(rb"(?<!\r)\n")
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r\n")
_HIJACKS = re.compile(rb"/containers/[^?]*/attach|/exec/[^?]*/start")


@dataclass(frozen=True, slots=True)
class Head:
    """A request's head. ``ends``: no body follows."""

    raw: bytes
    method: bytes
    target: bytes
    fields: list[tuple[bytes, bytes]]
    ends: bool
    lasts: bool  # the connection may go on after it

    def has(self, name: bytes) -> bool:
        return any(key.lower() == name for key, _ in self.fields)

    @property
    def may_hijack(self) -> bool:
        """What follows it may be no HTTP any more, if the daemon agrees."""
        return self.has(b"upgrade") or (self.method == b"POST" and bool(_HIJACKS.search(self.target)))


@dataclass(frozen=True, slots=True)
class Body:
    """The next bytes of its body, as they are on the wire; ``ends``: the last ones."""

    raw: bytes
    ends: bool


@dataclass(frozen=True, slots=True)
class Unread:
    """What is no request, and whatever follows."""

    raw: bytes


Part = Head | Body | Unread


class RequestFramer:
    """Bytes in with ``feed``, parts out with ``next``, which together are those bytes."""

    def __init__(self) -> None:
        self._data = b""
        self._left = 0  # bytes of a body of known length, or of a chunk with its line end
        self._chunked = False
        self._in_trailers = False
        self._last: tuple[Head, int] | None = None  # the last head, and the length of its body
        self.unread = False

    def feed(self, data: bytes) -> None:
        self._data = self._data + data if self._data else data

    @property
    def pending(self) -> bool:
        """Something was fed that is no part of anything yet."""
        return bool(self._data)

    @property
    def at_head(self) -> bool:
        """What comes next is a head."""
        return not (self.unread or self._chunked or self._left)

    def next(self) -> Part | None:
        """The next part; None when more must come first."""
        if not self._data:
            return None
        if self.unread:
            return Unread(self.take())
        if self._left and not self._chunked:
            return self._body()
        return self._chunks() if self._chunked else self._head()

    def take(self) -> bytes:
        """All that was fed and is not part of anything yet."""
        data, self._data = self._data, b""
        return data

    # -- parts --

    def _head(self) -> Part | None:
        """The next request's; on a connection that is kept alive often the same again."""
        if self._last is None or not self._data.startswith(self._last[0].raw):
            if isinstance(read := self._read_head(), Unread) or read is None:
                return read
            self._last = read
        head, length = self._last
        self._chunked, self._left = length < 0, max(0, length)
        self._data = self._data[len(head.raw) :]
        return head

    def _read_head(self) -> tuple[Head, int] | Unread | None:
        data = self._data
        end = data.find(b"\r\n\r\n") + 4
        if end < 4:
            return self._give_up() if _hopeless(data) else None
        line = _LINE.match(data)
        fields = line and _FIELDS.match(data, line.end())
        if not line or not fields:
            return self._give_up()
        pairs = [(key, value.strip(b" \t")) for key, _, value in
                 (text.partition(b":") for text in data[line.end() : end - 4].split(b"\r\n") if text)]  # fmt: skip
        length = _length(pairs)
        if length is None:
            return self._give_up()
        lasts = line[3] == b"1" and not _says_close(pairs)
        return Head(data[:end], line[1], line[2], pairs, length == 0, lasts), length

    def _body(self) -> Body:
        raw, self._data = self._data[: self._left], self._data[self._left :]
        self._left -= len(raw)
        return Body(raw, not self._left)

    def _chunks(self) -> Part | None:
        """As many whole and half chunks as there are."""
        data, at = self._data, 0
        while at < len(data):
            if self._left:
                step = min(self._left, len(data) - at)
                self._left -= step
                at += step
                continue
            end = data.find(b"\n", at) + 1
            if not end:
                if len(data) - at > LINE_LIMIT:
                    return self._give_up()
                break
            if self._in_trailers:
                at, ended = end, data[at:end] == b"\r\n"
                if ended:
                    self._in_trailers = self._chunked = False
                    return self._cut(at, ends=True)
            elif size := _SIZE.fullmatch(data, at, end):
                at, self._left = end, int(size[1], 16)
                self._in_trailers = not self._left
                self._left += 2 if self._left else 0
            else:
                return self._give_up()
        return self._cut(at, ends=False) if at else None

    def _cut(self, at: int, *, ends: bool) -> Body:
        raw, self._data = self._data[:at], self._data[at:]
        return Body(raw, ends)

    def _give_up(self) -> Unread:
        self.unread = True
        return Unread(self.take())


def _hopeless(data: bytes) -> bool:
    """Whether no head can come of it any more."""
    if len(data) > HEAD_LIMIT or _BARE.search(data):
        return True
    end = data.find(b"\n") + 1
    return not (_LINE.fullmatch(data, 0, end) if end else _BEGIN.match(data))


def _length(fields: list[tuple[bytes, bytes]]) -> int | None:
    """Of the body that follows; -1: chunked; None: it cannot be told beyond doubt."""
    lengths = {value for key, value in fields if key.lower() == b"content-length"}
    codings = [value.lower() for key, value in fields if key.lower() == b"transfer-encoding"]
    if codings:
        return -1 if codings == [b"chunked"] and not lengths else None
    if not lengths:
        return 0
    [text, *more] = lengths
    return int(text) if not more and text.isdigit() and len(text) < 19 else None


def _says_close(fields: list[tuple[bytes, bytes]]) -> bool:
    return any(key.lower() == b"connection" and b"close" in value.lower() for key, value in fields)
