"""Lines of exchanges as apispy usually writes them, parsed and checked in one step by their types.

``read_typed`` accepts only what ``format.from_json`` accepts. It gives up on anything wrong or merely rare, and
``from_json``, which names the place of a fault, then decides which of the two it is. A law compares both
(tests/laws/test_fast_stats_laws.py).
"""

from typing import Annotated, Any, Literal, NotRequired, TypedDict

from apispy import json_codec
from apispy.capture.content import decode_content
from apispy.capture.validation import MAX_INTEGER, MAX_SECONDS, JsonObject
from apispy.json_codec import Document, Raw, bounds
from apispy.model import Body, Chunk, End, Exchange, Headers, Redaction, Request, Response, Tunnel
from apispy.recent import SizedMemory

Size = Annotated[int, bounds(0, MAX_INTEGER)]
Seconds = Annotated[float, bounds(0, MAX_SECONDS)]
Fields = list[tuple[str, str]]


class TypedBody[C](TypedDict):
    """A body, whose content is of type C: Any, or Raw if it is not parsed."""

    size: Size
    ended_at: Seconds | None
    chunks: NotRequired[list[tuple[Seconds, Size]]]
    encoding: NotRequired[Literal["json", "text", "base64"]]
    content: NotRequired[C]
    tail: NotRequired[str]
    sha256: NotRequired[str]
    shown: NotRequired[bool]
    trailers: NotRequired[Fields]
    seen: NotRequired[None]  # any value makes the line rare


class TypedRequest[C](TypedDict):
    method: str
    target: str
    version: str
    at: Seconds
    headers: Fields
    body: TypedBody[C]


class TypedResponse[C](TypedDict):
    status: Size
    reason: str
    version: str
    at: Seconds
    headers: Fields
    body: TypedBody[C]


class TypedTunnel[C](TypedDict):
    protocol: str
    to_server: TypedBody[C]
    to_client: TypedBody[C]


class TypedRedaction(TypedDict):
    place: str
    token: str
    kind: str


class TypedLine[C](TypedDict):
    """The line of an exchange, without ``derived``, which is never read back."""

    exchange: Annotated[int, bounds(1, MAX_INTEGER)]
    connection: Size
    started: Seconds
    duration: Seconds
    client: str
    upstream: str
    end: End
    problems: list[str]
    redactions: list[TypedRedaction]
    request: TypedRequest[C]
    response: TypedResponse[C] | None
    tunnel: TypedTunnel[C] | None
    capture: NotRequired[None]  # the field of a header; any value makes the line rare


_read_line = json_codec.typed_reader(TypedLine[Any])
_read_outline = json_codec.typed_reader(TypedLine[Raw])

MAX_BRACKETS = 4000
"""Brackets in a line that is certainly not nested too deep to be read whole."""


class Rare(Exception):
    """The line is wrong, or right but rare."""


MAX_CONTENTS, MAX_CONTENT_BYTES, MAX_BYTES = 256, 16 << 10, 1 << 20
"""Contents that are remembered, the bytes of each, and of all together."""


class Contents:
    """The contents of recent bodies of a capture, by their JSON in its lines: clients poll, so most repeat."""

    def __init__(self) -> None:
        self._known: SizedMemory[tuple[str, bytes, str], Document] = SizedMemory(MAX_CONTENTS, MAX_BYTES)

    def document(self, body: TypedBody[Raw]) -> Document:
        """The content of a body. Raises KeyError, ValueError or RecursionError if it is wrong."""
        content = bytes(body["content"])
        key = body["encoding"], content, body.get("tail", "")
        document = self._known.get(key)
        if document is None:
            document = _parsed(body, content)
            if len(content) <= MAX_CONTENT_BYTES:
                self._known.add(key, document, len(content))
        return document


def _parsed(body: TypedBody[Raw], content: bytes) -> Document:
    value = json_codec.read(content)
    data = _data({**body, "content": value})
    return Document(data, value) if body["encoding"] == "json" else Document(data)


def read_typed(data: bytes, contents: Contents | None = None) -> Exchange | None:
    """Read the exchange on a line of the current format; None if it is wrong or merely rare.

    With *contents*, those of the capture, its bodies share the parsed JSON, so that they are not parsed again.
    """
    read = _read_line if contents is None else _read_outline
    line: TypedLine[Any] | None = read(data) if _is_plain(data) else None
    if line is None or "capture" in line:
        return None
    try:
        return _exchange(line, contents)
    except (Rare, KeyError, ValueError, RecursionError):
        return None


def read_outline(data: bytes) -> TypedLine[Raw] | None:
    """Read the same without parsing the contents of bodies, and without decoding header fields."""
    line: TypedLine[Raw] | None = _read_outline(data) if _is_plain(data) else None
    return None if line is None or "capture" in line else line


def _is_plain(data: bytes) -> bool:
    """Whether *data* is ASCII, and not nested too deeply: what the types skip is not checked for these."""
    return data.isascii() and data.count(b"[") <= MAX_BRACKETS and data.count(b"{") <= MAX_BRACKETS


def _exchange(line: TypedLine[Any], contents: Contents | None) -> Exchange:
    """Raises Rare, or KeyError, ValueError or RecursionError for what the types do not say."""
    request, response, tunnel = line["request"], line["response"], line["tunnel"]
    return Exchange(
        line["exchange"],
        line["connection"],
        line["started"],
        line["client"],
        line["upstream"],
        Request(
            request["method"],
            request["target"],
            request["version"],
            _headers(request["headers"]),
            _body(request["body"], contents),
            request["at"],
        ),
        response
        and Response(
            response["status"],
            response["reason"],
            response["version"],
            _headers(response["headers"]),
            _body(response["body"], contents),
            response["at"],
        ),
        tunnel
        and Tunnel(
            tunnel["protocol"], _body(tunnel["to_server"], contents), _body(tunnel["to_client"], contents)
        ),
        line["end"],
        line["duration"],
        tuple(line["problems"]),
        tuple([Redaction(one["place"], one["token"], one["kind"]) for one in line["redactions"]]),
    )


def _headers(fields: Fields) -> Headers:
    return Headers(tuple([(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]))


NO_TRAILERS = Headers()


def _body(body: TypedBody[Any], contents: Contents | None) -> Body:
    if "seen" in body:
        raise Rare
    trailers = body.get("trailers")
    edges = body.get("chunks")
    document = contents.document(body) if contents is not None and edges else None
    found = Body(
        _chunks(_data(body) if document is None else document.data, edges) if edges else (),
        body["size"],
        _headers(trailers) if trailers else NO_TRAILERS,
        body["ended_at"],
        body.get("shown", True),
        body.get("sha256", ""),
    )
    return found if document is None else found.with_document_of(document)


def _data(body: TypedBody[Any]) -> bytes:
    if body["encoding"] == "json" and "tail" not in body:
        return json_codec.write(body["content"])
    return decode_content(JsonObject(body))


def _chunks(data: bytes, edges: list[tuple[float, int]]) -> tuple[Chunk, ...]:
    if len(edges) == 1:
        [(at, length)] = edges
        if length != len(data):
            raise Rare
        return (Chunk(at, data),)
    start, chunks = 0, []
    for at, length in edges:
        chunks.append(Chunk(at, data[start : start + length]))
        start += length
    if start != len(data):
        raise Rare
    return tuple(chunks)
