"""The records that all rooms share: one exchange between a Docker client and a daemon, and what was read in it.

Plain, frozen, standard library only. Times are seconds, sizes are bytes, and what came over the wire stays ``bytes``
until a named decoding step.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Direction = Literal["request", "response", "to_server", "to_client"]
"""Which of the four byte streams of an exchange: the two HTTP bodies, or the two ways of a hijacked connection."""

End = Literal["open", "complete", "cut"]

REDACTED = "<redacted>"
"""What stands in the place of a secret, if there is nothing to compare it with; else ``<redacted:3f2a91c0>``."""

_REDACTED = re.compile(r"<redacted(?::[0-9a-f]{8})?>")


def is_redacted(value: Any) -> bool:
    """Whether *value* is what stands in the place of a secret, with a token or without."""
    return isinstance(value, str) and _REDACTED.fullmatch(value) is not None


@dataclass(frozen=True, slots=True)
class Headers:
    """Header fields as they stood on the wire: order, case and repeats are kept; lookups ignore case."""

    fields: tuple[tuple[bytes, bytes], ...] = ()
    _values: dict[str, list[bytes]] | None = field(default=None, init=False, repr=False, compare=False)

    def __iter__(self) -> Iterator[tuple[bytes, bytes]]:
        return iter(self.fields)

    def __len__(self) -> int:
        return len(self.fields)

    def all(self, name: str) -> list[bytes]:
        """Every value of *name*, in order."""
        return list(self._by_name().get(name.lower(), ()))

    def text(self, name: str, default: str = "") -> str:
        """The first value of *name* as text (latin-1, which never fails), or *default*."""
        values = self._by_name().get(name.lower())
        return values[0].decode("latin-1") if values else default

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._by_name()

    def _by_name(self) -> dict[str, list[bytes]]:
        """The values by their names in lower case; put together when it is first asked for."""
        if self._values is None:
            found: dict[str, list[bytes]] = {}
            for name, value in self.fields:
                found.setdefault(name.lower().decode("latin-1"), []).append(value)
            object.__setattr__(self, "_values", found)
            return found
        return self._values


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some bytes of one stream and when they came, in seconds since the exchange began."""

    at: float
    data: bytes


@dataclass(frozen=True, slots=True)
class Body:
    """One byte stream of an exchange, transfer coding removed, kept up to the capture limit."""

    chunks: tuple[Chunk, ...] = ()
    size: int = 0  # bytes that went by, kept or not
    trailers: Headers = Headers()
    ended_at: float | None = None  # when its end (or half-close) came; None: it never did
    shown: bool = True  # False: a step withheld the content
    digest: str = ""  # SHA-256 of the whole stream in hexadecimal, when more went by than was kept
    seen: tuple["Seen", ...] = ()  # what was read, as it flowed, in bytes that are not kept here

    @property
    def data(self) -> bytes:
        """The bytes that were kept: the whole stream, or its head when ``cut``."""
        return b"".join(chunk.data for chunk in self.chunks)

    @property
    def kept(self) -> int:
        return sum(len(chunk.data) for chunk in self.chunks)

    @property
    def cut(self) -> bool:
        """More went by than was kept."""
        return self.kept < self.size


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    target: str  # as on the wire, latin-1
    version: str = "1.1"
    headers: Headers = Headers()
    body: Body = Body()
    at: float = 0.0  # when its head was complete, in seconds since the exchange began

    @property
    def announces_body(self) -> bool:
        """By its head, whatever has come of the body so far."""
        return "transfer-encoding" in self.headers or self.headers.text("content-length", "0").strip() != "0"


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    reason: str = ""
    version: str = "1.1"
    headers: Headers = Headers()
    body: Body = Body()
    at: float = 0.0  # when its head was complete, in seconds since the exchange began


@dataclass(frozen=True, slots=True)
class Tunnel:
    """What a hijacked or upgraded connection carried after the response head."""

    protocol: (
        str  # "tcp" (Docker's hijack with 101), "raw" (the old one, a bare 200), "h2c", "websocket", ...
    )
    to_server: Body = Body()
    to_client: Body = Body()


@dataclass(frozen=True, slots=True)
class Redaction:
    """One secret that was taken out. The same secret has the same token all through a session."""

    place: str  # "request.header:X-Registry-Auth", "request.query:buildargs", "response.body:$.Config.Env[3]"
    token: str  # what stands there now; "" where all was withheld
    kind: str = ""  # what it was, in the plural: "environment values", "swarm tokens"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and all that came of it."""

    id: int  # counts up from 1 in one session, over all connections
    connection: int  # likewise
    started: float  # Unix seconds, UTC
    client: str  # description of the client: "127.0.0.1:51234", "docker (pid 812)"
    upstream: str  # the daemon's address as dialled
    request: Request
    response: Response | None = None
    tunnel: Tunnel | None = None
    end: End = "open"
    duration: float = 0.0  # seconds from the request's first byte to the end
    problems: tuple[str, ...] = ()  # what went wrong, in sentences
    redactions: tuple[Redaction, ...] = ()  # the secrets that were taken out

    @property
    def streams(self) -> dict[Direction, Body]:
        """All byte streams of this exchange by their direction."""
        found: dict[Direction, Body] = {"request": self.request.body}
        if self.response is not None:
            found["response"] = self.response.body
        if self.tunnel is not None:
            found["to_server"] = self.tunnel.to_server
            found["to_client"] = self.tunnel.to_client
        return found

    def with_stream(self, direction: Direction, body: Body) -> "Exchange":
        """The same exchange with one stream put in place of the old one. Raises KeyError if it has no such stream."""
        if direction == "request":
            return replace(self, request=replace(self.request, body=body))
        if direction == "response" and self.response is not None:
            return replace(self, response=replace(self.response, body=body))
        if direction == "to_server" and self.tunnel is not None:
            return replace(self, tunnel=replace(self.tunnel, to_server=body))
        if direction == "to_client" and self.tunnel is not None:
            return replace(self, tunnel=replace(self.tunnel, to_client=body))
        raise KeyError(direction)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a decoder read in a stream.

    ``span`` is (start, stop) in the stream. A kind ``problem`` says in ``value`` what is wrong at that place.
    """

    kind: str  # "json", "stdout", "stderr", "text", "raw", "problem", ...
    label: str  # what to call it in a sentence
    value: Any  # decoded: a JSON value, str, or bytes where no text was meant
    span: tuple[int, int]
    children: tuple["Item", ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Seen:
    """An item and when it was read, in seconds since the exchange began."""

    at: float
    item: Item
