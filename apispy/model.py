"""The records that all packages share: an exchange between a Docker client and a daemon, and what decoders read in it.

Plain frozen records. Times are seconds, sizes are bytes, and data from the wire stays ``bytes``
until a decoder reads it.
"""

import re
from collections.abc import Iterator
from typing import Any, Literal

from apispy.json_codec import Document
from apispy.structs import Remembering, Struct, force_setattr, replace

Direction = Literal["request", "response", "to_server", "to_client"]
"""One of the four byte streams of an exchange: the HTTP bodies, or the two directions of a hijacked connection."""

End = Literal["open", "complete", "left", "cut"]
"""How an exchange ended: not yet; every stream by its protocol; early, because the client ended its connection, as it
does with `docker logs -f`; early for another reason."""

REDACTED = "<redacted>"
"""Replaces a secret if there is nothing to compare it with; otherwise ``<redacted:3f2a91c0>`` does."""

REDACTED_PATTERN = r"<redacted(?::[0-9a-f]{8})?>"
"""The pattern of what replaces a secret: REDACTED, or a token."""

_REDACTED = re.compile(REDACTED_PATTERN)


def is_redacted(value: Any) -> bool:
    """Whether *value* replaces a secret, with or without a token."""
    return (
        isinstance(value, str) and value.startswith(REDACTED[:-1]) and _REDACTED.fullmatch(value) is not None
    )


class Headers(Remembering, frozen=True, eq=False):
    """Header fields as on the wire, with order, case and repeats. Lookups ignore case.

    Those of HTTP/2 are without pseudo-header fields; ``:authority`` is ``host``, as in HTTP/1.1.
    """

    fields: tuple[tuple[bytes, bytes], ...] = ()
    _values: dict[str, list[bytes]] | None = None  # what was made of the fields: no part of the value
    _media_type: str | None = None

    @property
    def _value(self) -> tuple[Any, ...]:
        return (self.fields,)

    def __iter__(self) -> Iterator[tuple[bytes, bytes]]:
        return iter(self.fields)

    def __len__(self) -> int:
        return len(self.fields)

    def all(self, name: str) -> list[bytes]:
        """All values of *name*, in order."""
        return list(self._by_name().get(name.lower(), ()))

    def text(self, name: str, default: str = "") -> str:
        """The first value of *name* as text (latin-1, which never fails), or *default*."""
        by_name = self._values
        values = (self._by_name() if by_name is None else by_name).get(name.lower())
        return values[0].decode("latin-1") if values else default

    @property
    def media_type(self) -> str:
        """The declared media type, in lower case, without parameters; "" if none is declared."""
        if self._media_type is None:
            found = self.text("content-type").partition(";")[0].strip().lower()
            force_setattr(self, "_media_type", found)
            return found
        return self._media_type

    def __contains__(self, name: str) -> bool:
        by_name = self._values
        return name.lower() in (self._by_name() if by_name is None else by_name)

    def _by_name(self) -> dict[str, list[bytes]]:
        """The values by name in lower case, built on first use."""
        if self._values is None:
            found: dict[str, list[bytes]] = {}
            for name, value in self.fields:
                found.setdefault(name.lower().decode("latin-1"), []).append(value)
            force_setattr(self, "_values", found)
            return found
        return self._values


class Chunk(Struct, frozen=True):
    """Bytes of a stream, with their time in seconds since the exchange began."""

    at: float
    data: bytes


class Body(Remembering, frozen=True, eq=False):
    """A byte stream of an exchange without transfer coding, kept up to the capture limit."""

    chunks: tuple[Chunk, ...] = ()
    size: int = 0  # bytes that passed, kept or not
    trailers: Headers = Headers()
    ended_at: float | None = None  # time of its end or half-close; None if it has not ended
    shown: bool = True  # False: redaction withheld the content
    digest: str = ""  # SHA-256 of the whole stream in hexadecimal, if not all of it was kept
    seen: tuple["Seen", ...] = ()  # items decoded from bytes that were not kept
    # What was parsed, and the chunks that it was parsed from: those of a body that is replaced may be others.
    _parsed: tuple[tuple[Chunk, ...], Document] | None = None

    @property
    def _value(self) -> tuple[Any, ...]:
        return self.chunks, self.size, self.trailers, self.ended_at, self.shown, self.digest, self.seen

    @property
    def document(self) -> Document:
        """``data`` as JSON, parsed on first use."""
        known = self._document
        if known is None:
            known = Document(self.data)
            self.with_document_of(known)
        return known

    def share_document(self, other: "Body") -> None:
        """Take over the document of an earlier state of the same body, if no bytes have come since."""
        if self._document is None and other._document is not None and other.chunks == self.chunks:
            self.with_document_of(other._document)

    def with_document(self, value: Any) -> "Body":
        """Note that ``data`` is JSON with this value, so that it is not parsed again. Returns the body itself."""
        if self._document is None:
            self.with_document_of(Document(self.data, value))
        return self

    def with_document_of(self, document: Document) -> "Body":
        """Take a document of the same ``data``, which other bodies share. Returns the body itself."""
        force_setattr(self, "_parsed", (self.chunks, document))
        return self

    @property
    def _document(self) -> Document | None:
        """The document of the present chunks, if it is known."""
        parsed = self._parsed
        return parsed[1] if parsed is not None and parsed[0] is self.chunks else None

    @property
    def data(self) -> bytes:
        """The bytes that were kept: the whole stream, or its beginning if ``cut``."""
        return b"".join([chunk.data for chunk in self.chunks])

    @property
    def kept(self) -> int:
        return sum([len(chunk.data) for chunk in self.chunks])

    @property
    def cut(self) -> bool:
        """Whether more bytes passed than were kept."""
        return self.kept < self.size


class Request(Struct, frozen=True):
    method: str
    target: str  # as on the wire, latin-1
    version: str = "1.1"  # "2" for a stream of HTTP/2
    headers: Headers = Headers()
    body: Body = Body()
    at: float = 0.0  # time of the complete head, in seconds since the exchange began

    @property
    def announces_body(self) -> bool:
        """Whether the head announces a body, received or not."""
        return "transfer-encoding" in self.headers or self.headers.text("content-length", "0").strip() != "0"


class Response(Struct, frozen=True):
    status: int
    reason: str = ""
    version: str = "1.1"
    headers: Headers = Headers()
    body: Body = Body()
    at: float = 0.0  # time of the complete head, in seconds since the exchange began


class Tunnel(Struct, frozen=True):
    """The streams of a hijacked or upgraded connection after the response head."""

    protocol: (
        str  # "tcp" (Docker's hijack with 101), "raw" (the old one, a bare 200), "h2c", "websocket", ...
    )
    to_server: Body = Body()
    to_client: Body = Body()


class Redaction(Struct, frozen=True):
    """A secret that was hidden. The same secret has the same token in the whole session."""

    place: str  # "request.header:X-Registry-Auth", "request.query:buildargs", "response.body:$.Config.Env[3]"
    token: str  # its replacement; "" if the whole body was withheld
    kind: str = ""  # its category, in the plural: "environment values", "swarm tokens"


class Exchange(Struct, frozen=True):
    """A request and everything that followed from it."""

    id: int  # counts from 1 in a session, over all connections
    connection: int  # counts from 1 in a session
    started: float  # Unix seconds, UTC
    client: str  # a description of the client: "127.0.0.1:51234", "docker (pid 812)"
    upstream: str  # the daemon's address as dialled
    request: Request
    response: Response | None = None
    tunnel: Tunnel | None = None
    end: End = "open"
    duration: float = 0.0  # seconds from the first byte of the request to the end
    problems: tuple[str, ...] = ()  # what went wrong, in sentences
    redactions: tuple[Redaction, ...] = ()  # the secrets that were hidden

    @property
    def streams(self) -> dict[Direction, Body]:
        """All byte streams of the exchange by direction."""
        found: dict[Direction, Body] = {"request": self.request.body}
        if self.response is not None:
            found["response"] = self.response.body
        if self.tunnel is not None:
            found["to_server"] = self.tunnel.to_server
            found["to_client"] = self.tunnel.to_client
        return found

    def with_stream(self, direction: Direction, body: Body) -> "Exchange":
        """Replace one stream. Raises KeyError if the exchange does not have it."""
        if direction == "request":
            return replace(self, request=replace(self.request, body=body))
        if direction == "response" and self.response is not None:
            return replace(self, response=replace(self.response, body=body))
        if direction == "to_server" and self.tunnel is not None:
            return replace(self, tunnel=replace(self.tunnel, to_server=body))
        if direction == "to_client" and self.tunnel is not None:
            return replace(self, tunnel=replace(self.tunnel, to_client=body))
        raise KeyError(direction)


class Item(Struct, frozen=True):
    """One thing that a decoder read in a stream.

    ``span`` is (start, stop) in the stream. The ``value`` of an item of kind ``problem`` says what is wrong there.
    """

    kind: str  # "json", "stdout", "stderr", "text", "raw", "problem", ...
    label: str  # its name in a sentence
    value: Any  # a JSON value, str, or bytes if it is not text
    span: tuple[int, int]
    children: tuple["Item", ...] = ()


class Seen(Struct, frozen=True):
    """An item and its time, in seconds since the exchange began."""

    at: float
    item: Item
