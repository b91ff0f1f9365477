"""The details that -v, -vv and -vvv add below a call: heads, query, bodies, and the offsets of decoded items."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import groupby, islice
from typing import Any

from apispy import units
from apispy.decoders import decode_header, decode_parameter
from apispy.decoders.build import build_of
from apispy.decoders.grpc_messages import messages_of
from apispy.model import Direction, Headers, Item
from apispy.outputs.base import DecodedCall
from apispy.outputs.build_lines import summary_lines
from apispy.outputs.decoded_values import ANNOTATION_KINDS, annotation, compact_json, item_bytes
from apispy.outputs.default_fields import without_defaults
from apispy.outputs.escaping import escape, escape_lines
from apispy.outputs.json_text import json_lines
from apispy.outputs.stream_text import DESCRIPTIONS, PROGRESS_LABELS, describe, progress_lines

ARROWS: dict[Direction, str] = {"request": ">", "to_server": ">", "response": "<", "to_client": "<"}

FRAMED = ("stdin", "stdout", "stderr", "systemerr")
UNFRAMED = ("raw", "text")
FRAME_LABELS = ("text", "binary")
"""Labels of raw bytes from WebSocket frames: the stream also holds the frame headers."""

WITHHELD = "(withheld: contains secrets; --show-secrets shows it)"


def request_head(decoded: DecodedCall) -> Iterator[str]:
    """Yield the request line and headers, each followed by its decoded value if it has one; then the decoded query."""
    request = decoded.exchange.request
    yield f"> {escape(request.method)} {escape(request.target)} HTTP/{escape(request.version)}"
    yield from _fields(">", request.headers)
    for name, value in decoded.call.query:
        yield f"? {escape(name)} = {escape(_meaning(decode_parameter(name, value)) or value)}"


def response_head(decoded: DecodedCall) -> Iterator[str]:
    response = decoded.exchange.response
    if response is not None:
        yield f"< HTTP/{escape(response.version)} {response.status} {escape(response.reason)}".rstrip()
        yield from _fields("<", response.headers)


def _fields(arrow: str, headers: Headers) -> Iterator[str]:
    for name, value in headers:
        yield f"{arrow} {escape(name)}: {escape(value)}".rstrip()
        if meaning := _meaning(decode_header(name, value)):
            yield f"? {escape(name)} = {escape(meaning)}"


def _meaning(item: Item | None) -> str:
    """Describe a decoded value, or in parentheses why it cannot be decoded."""
    if item is None:
        return ""
    return item.label if item.kind == "value" else f"({item.value})"


def body(decoded: DecodedCall, direction: Direction, limit: int, *, whole: bool = False) -> Iterator[str]:
    """Yield one stream in readable form, about *limit* characters of it, and what is not shown.

    Progress takes one line for each layer, and fields at their defaults are left out; *whole* adds both.
    """
    stream = decoded.exchange.streams[direction]
    arrow = ARROWS[direction]
    if stream.size or stream.trailers:
        yield arrow
    if not stream.shown and stream.size:
        yield f"{arrow} {WITHHELD}"
    elif stream.size:
        yield from _content(decoded, direction, limit, whole=whole)
    yield from _fields(arrow, stream.trailers)


def _content(decoded: DecodedCall, direction: Direction, limit: int, *, whole: bool) -> Iterator[str]:
    """Yield the content of a stream that is shown."""
    stream, arrow = decoded.exchange.streams[direction], ARROWS[direction]
    left = limit
    items = decoded.items.get(direction, ())
    rendered = _rendered(
        items, stream.data, partial(_json_item, decoded, direction, whole=whole), whole=whole
    )
    for line in rendered:
        if len(line) > left:
            yield f"{arrow} {line[:left]}"
            yield f"{arrow} ({_rest(line, left, rendered)} more not shown; raise --body-limit to see it)"
            break
        left -= len(line) + 1
        yield f"{arrow} {line}".rstrip()
    if stream.cut:
        yield f"{arrow} ({units.size(stream.kept)} of {units.size(stream.size)} kept)"


def body_lines(decoded: DecodedCall, direction: Direction) -> Iterator[str]:
    """Yield one stream in readable form, all of it, without arrows."""
    stream, items = decoded.exchange.streams[direction], decoded.items.get(direction, ())
    json_item = partial(_json_item, decoded, direction, whole=True)
    yield from _rendered(items, stream.data, json_item, whole=False) if stream.shown else [WITHHELD]
    if stream.cut:
        yield f"({units.size(stream.kept)} of {units.size(stream.size)} kept)"


def item_lines(items: Sequence[Item]) -> Iterable[str]:
    """Yield items of a stream in readable form; undecoded bytes as text or a hex dump."""
    return _rendered(
        items, b"".join(map(item_bytes, items)), lambda item: json_lines(item.value), whole=False
    )


def _rest(line: str, shown: int, rendered: Iterator[str]) -> str:
    return units.size(len(line) - shown + sum(len(more) + 1 for more in rendered))


def _rendered(
    items: Sequence[Item], data: bytes, json_item: Callable[[Item], Iterable[str]], *, whole: bool
) -> Iterator[str]:
    """Yield the lines for *items*, which were decoded from *data*. *json_item* yields those of a JSON value."""
    if all(item.kind == "text" or (item.kind == "raw" and item.label not in FRAME_LABELS) for item in items):
        yield from _raw(data)
        return
    for kind, group in groupby(items, key=_kind):
        if kind == "progress":
            yield from _progress(list(group), whole=whole)
        elif kind == "json":
            for item in group:
                yield from json_item(item)
        elif kind in FRAMED or kind in UNFRAMED:  # a line may arrive in several pieces
            joined = b"".join(item_bytes(item) for item in group)
            yield from (
                (f"{kind}| {line}" for line in escape_lines(joined)) if kind in FRAMED else _raw(joined)
            )
        else:
            for item in group:
                yield from _item(item)


def _kind(item: Item) -> str:
    return "progress" if item.kind == "json" and item.label in PROGRESS_LABELS else item.kind


def _progress(items: list[Item], *, whole: bool) -> Iterator[str]:
    yield from map(escape, progress_lines(items))
    yield from summary_lines(build_of(items))
    if whole:
        yield from (line for item in items for line in json_lines(_value(item)))


def _value(item: Item) -> Any:
    """The value of an item; that of its message, if it has one in base64."""
    return next((message["message"] for message in messages_of(item)), item.value)


def descriptions(decoded: DecodedCall, item: Item) -> Iterator[str]:
    """Yield the line that describes a JSON value, if there is one."""
    if item.label in DESCRIPTIONS and (text := describe(item)[1]):
        yield from escape_lines(decoded.label(text))


def _json_item(decoded: DecodedCall, direction: Direction, item: Item, *, whole: bool) -> Iterator[str]:
    yield from descriptions(decoded, item)
    shown, left_out = (item.value, 0) if whole else without_defaults(decoded.call, direction, item.value)
    yield from json_lines(shown)
    if left_out:
        yield f"({units.count(left_out, 'fields')} at their defaults not shown; -vvv shows them)"


def _item(item: Item) -> Iterator[str]:
    if item.kind in ANNOTATION_KINDS:
        yield from (line for line in escape_lines(annotation(item)) if line)
    else:
        text = item.value if isinstance(item.value, str) else compact_json(item.value)
        yield from (f"{escape(item.label or item.kind)}: {line}" for line in escape_lines(text))


def _raw(data: bytes) -> Iterator[str]:
    """Yield text as lines, anything else as a hex dump."""
    if _is_text(data):
        yield from escape_lines(data)
        return
    for start in range(0, len(data), 16):
        row = data[start : start + 16]
        shown = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)
        yield f"{start:08x}  {row.hex(' '):47}  {shown}"


def _is_text(data: bytes) -> bool:
    """Whether at least 90 % of the first 1000 bytes are printable."""
    head = data[:1000].decode("utf-8", "replace")
    odd = sum(not (char.isprintable() or char in "\t\r\n") or char == "\ufffd" for char in head)
    return odd * 10 <= len(head)


PREVIEW = 96  # bytes of a chunk


def chunk(direction: Direction, offset: int, at: float, data: bytes) -> str:
    """Format a raw chunk: "> request 0..88 (88 B) +0.045 s {"Image":..."."""
    preview = escape(data[:PREVIEW])
    more = f" ...(+{len(data) - PREVIEW})" if len(data) > PREVIEW else ""
    place = f"{offset}..{offset + len(data)}"
    return f"{ARROWS[direction]} {direction} {place} ({units.size(len(data))}) +{at:.3f} s  {preview}{more}"


def frame(direction: Direction, item: Item) -> str:
    """Format the position of an item in its stream: "< response 0..15 is stdout"."""
    start, stop = item.span
    label = "" if item.label == item.kind else f" {escape(item.label)}"
    return f"{ARROWS[direction]} {direction} {start}..{stop} is {escape(item.kind)}{label}"


def frames(decoded: DecodedCall, most: int = 1000) -> Iterator[str]:
    """Yield the positions of all items in the streams of a finished call, at most *most* of them."""
    found = (
        frame(direction, item)
        for direction, items in decoded.items.items()
        if len(items) > 1
        for item in items
    )
    yield from islice(found, most)
