"""Header fields and bodies as JSON, and back."""

from typing import Any

from apispy.capture.content import content, data_of
from apispy.capture.fields import Malformed, Record, malformed, pair, seconds, text_pair, whole
from apispy.capture.items import seen_json, seen_of
from apispy.model import Body, Chunk, Headers


def headers_json(headers: Headers) -> list[list[str]]:
    return [[name.decode("latin-1"), value.decode("latin-1")] for name, value in headers]


def headers_of(record: Record, name: str) -> Headers:
    pairs = [(text_pair(one, place), place) for one, place in record.items(name)]
    return Headers(tuple((_latin(key, place), _latin(value, place)) for (key, value), place in pairs))


def _latin(text: str, place: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        raise malformed(place, "characters that stand for one byte each", text) from None


def body_json(body: Body) -> dict[str, Any]:
    """What is as it mostly is, is left out."""
    found: dict[str, Any] = {"size": body.size, "ended_at": body.ended_at}
    if body.chunks:
        found["chunks"] = [[chunk.at, len(chunk.data)] for chunk in body.chunks]
        found |= content(body.data)
    if body.trailers:
        found["trailers"] = headers_json(body.trailers)
    if not body.shown:
        found["shown"] = False
    if body.digest:
        found["sha256"] = body.digest
    if body.seen:
        found["seen"] = [seen_json(one) for one in body.seen]
    return found


def body_of(record: Record) -> Body:
    chunks = _chunks(record)
    size = record.whole("size")
    if (kept := sum(len(chunk.data) for chunk in chunks)) > size:
        raise Malformed(f"{record.place}.size: expected no less than what was kept, {kept}; found {size}")
    ended = record.seconds("ended_at") if record.given("ended_at") else None
    return Body(
        chunks=chunks,
        size=size,
        trailers=headers_of(record, "trailers"),
        ended_at=ended,
        shown=record.flag("shown", True),
        digest=record.text("sha256", ""),
        seen=tuple(seen_of(one, place) for one, place in record.items("seen")),
    )


def _chunks(record: Record) -> tuple[Chunk, ...]:
    edges = [_edge(one, place) for one, place in record.items("chunks")]
    data = data_of(record) if edges else b""
    if sum(length for _, length in edges) != len(data):
        found = sum(length for _, length in edges)
        raise Malformed(f"{record.place}.chunks: expected lengths that come to {len(data)}, found {found}")
    start, chunks = 0, []
    for at, length in edges:
        chunks.append(Chunk(at, data[start : start + length]))
        start += length
    return tuple(chunks)


def _edge(value: Any, place: str) -> tuple[float, int]:
    at, length = pair(value, place)
    return seconds(at, place), whole(length, place)
