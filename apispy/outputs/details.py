"""What -v, -vv and -vvv add under a call: heads, query, bodies, and what was read where."""

import json
from collections.abc import Iterator
from itertools import groupby, islice

from apispy.decoders import decode_header, decode_parameter
from apispy.model import Body, Direction, Headers, Item
from apispy.outputs import units
from apispy.outputs.base import Reading
from apispy.outputs.escaping import escape, lines
from apispy.outputs.reading_values import REMARKS, bytes_of, compact, remark
from apispy.outputs.stream_text import PROGRESS, rows

ARROWS: dict[Direction, str] = {"request": ">", "to_server": ">", "response": "<", "to_client": "<"}

FRAMED = ("stdin", "stdout", "stderr", "systemerr")
UNFRAMED = ("raw", "text")
FRAME_LABELS = ("text", "binary")
"""The labels of raw bytes that came in frames of a WebSocket: the stream holds more than they."""

WITHHELD = "(withheld: contains secrets; --show-secrets shows it)"


def request_head(reading: Reading) -> Iterator[str]:
    """The request line and headers, each followed by what it means if it is coded; then the query decoded."""
    request = reading.exchange.request
    yield f"> {escape(request.method)} {escape(request.target)} HTTP/{escape(request.version)}"
    yield from _fields(">", request.headers)
    for name, value in reading.call.query:
        yield f"? {escape(name)} = {escape(_meaning(decode_parameter(name, value)) or value)}"


def response_head(reading: Reading) -> Iterator[str]:
    response = reading.exchange.response
    if response is not None:
        yield f"< HTTP/{escape(response.version)} {response.status} {escape(response.reason)}".rstrip()
        yield from _fields("<", response.headers)


def _fields(arrow: str, headers: Headers) -> Iterator[str]:
    for name, value in headers:
        yield f"{arrow} {escape(name)}: {escape(value)}".rstrip()
        if meaning := _meaning(decode_header(name, value)):
            yield f"? {escape(name)} = {escape(meaning)}"


def _meaning(item: Item | None) -> str:
    """The words of a decoded value; what is wrong with one that cannot be decoded stands after what it is."""
    if item is None:
        return ""
    return item.label if item.kind == "value" else f"({item.value})"


def body(reading: Reading, direction: Direction, limit: int, *, whole: bool = False) -> Iterator[str]:
    """One stream in readable form, about *limit* characters of it; it says what is not shown.

    Progress is told in one line for each layer; *whole* gives its JSON as it came.
    """
    stream = reading.exchange.streams[direction]
    if not stream.size:
        return
    arrow = ARROWS[direction]
    yield arrow
    if not stream.shown:
        yield f"{arrow} {WITHHELD}"
        return
    left = limit
    rendered = _rendered(reading.items.get(direction, ()), stream, whole=whole)
    for line in rendered:
        if len(line) > left:
            yield f"{arrow} {line[:left]}"
            yield f"{arrow} ({_rest(line, left, rendered)} more not shown; --body-limit shows more)"
            break
        left -= len(line) + 1
        yield f"{arrow} {line}".rstrip()
    if stream.cut:
        yield f"{arrow} ({units.size(stream.kept)} of {units.size(stream.size)} were kept)"
    yield from _fields(arrow, stream.trailers)


def _rest(line: str, shown: int, rendered: Iterator[str]) -> str:
    return units.size(len(line) - shown + sum(len(more) + 1 for more in rendered))


def _rendered(items: tuple[Item, ...], stream: Body, *, whole: bool) -> Iterator[str]:
    if all(item.kind == "text" or (item.kind == "raw" and item.label not in FRAME_LABELS) for item in items):
        yield from _raw(stream.data)
        return
    alone = sum(item.kind not in REMARKS for item in items) == 1
    for kind, group in groupby(items, key=lambda item: _kind(item, whole=whole)):
        if kind == "progress":
            yield from map(escape, rows(group))
        elif kind in FRAMED or kind in UNFRAMED:  # a line may come in several pieces
            data = b"".join(bytes_of(item) for item in group)
            yield from (f"{kind}| {line}" for line in lines(data)) if kind in FRAMED else _raw(data)
        else:
            for item in group:
                yield from _item(item, alone=alone)


def _kind(item: Item, *, whole: bool) -> str:
    return "progress" if item.kind == "json" and item.label in PROGRESS and not whole else item.kind


def _item(item: Item, *, alone: bool) -> Iterator[str]:
    if item.kind == "json" and alone:
        yield from lines(json.dumps(item.value, indent=2, ensure_ascii=False, default=repr))
    elif item.kind == "json":
        yield escape(compact(item.value))
    elif item.kind in REMARKS:
        yield from (line for line in lines(remark(item)) if line)
    else:
        text = item.value if isinstance(item.value, str) else compact(item.value)
        yield from (f"{escape(item.label or item.kind)}: {line}" for line in lines(text))


def _raw(data: bytes) -> Iterator[str]:
    """Text as text; anything else as a few lines of hexadecimal."""
    if _is_text(data):
        yield from lines(data)
        return
    for start in range(0, len(data), 16):
        row = data[start : start + 16]
        shown = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)
        yield f"{start:08x}  {row.hex(' '):47}  {shown}"


def _is_text(data: bytes) -> bool:
    """Whether nearly all of its beginning is printable."""
    head = data[:1000].decode("utf-8", "replace")
    odd = sum(not (char.isprintable() or char in "\t\r\n") or char == "\ufffd" for char in head)
    return odd * 10 <= len(head)


PREVIEW = 96  # bytes of a chunk


def chunk(direction: Direction, offset: int, at: float, data: bytes) -> str:
    """ "> request 0..88 (88 B) +0.045 s {"Image":...": one chunk as it came."""
    preview = escape(data[:PREVIEW])
    more = f" ...(+{len(data) - PREVIEW})" if len(data) > PREVIEW else ""
    place = f"{offset}..{offset + len(data)}"
    return f"{ARROWS[direction]} {direction} {place} ({units.size(len(data))}) +{at:.3f} s  {preview}{more}"


def frame(direction: Direction, item: Item) -> str:
    """ "< frame 0..15 stdout: ...": where an item stood in its stream."""
    start, stop = item.span
    label = "" if item.label == item.kind else f" {escape(item.label)}"
    return f"{ARROWS[direction]} {direction} {start}..{stop} is {escape(item.kind)}{label}"


def frames(reading: Reading, most: int = 1000) -> Iterator[str]:
    """Where everything was that was read in the streams of a finished call."""
    found = (
        frame(direction, item)
        for direction, items in reading.items.items()
        if len(items) > 1
        for item in items
    )
    yield from islice(found, most)
