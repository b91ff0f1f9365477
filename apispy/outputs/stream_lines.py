"""The live content of an open call's streams, as lines of text below the call."""

from collections.abc import Callable, Iterator

from apispy import units
from apispy.decoders.build_trace import LABEL as TRACE
from apispy.decoders.grpc_messages import CARRIERS, label_of, messages_of
from apispy.engine.operation import Operation
from apispy.model import Direction, Item
from apispy.outputs import grpc
from apispy.outputs.build_lines import BuildLines
from apispy.outputs.decoded_values import ANNOTATION_KINDS, annotation, item_bytes
from apispy.outputs.escaping import escape_lines
from apispy.outputs.json_text import json_lines
from apispy.outputs.stream_text import DESCRIPTIONS, PROGRESS_LABELS, describe

MAX_PARTIAL_LINE = 4096
"""Bytes of an unfinished line that are buffered before they are shown without its end."""

DESCRIBED_FORMATS = ("json", "events", "progress", "stats")
"""Response formats whose descriptions say everything."""

MAX_LAYERS = 1000
"""Layers whose state is remembered; with more of them something may be lines twice."""

LABELS = {"systemerr": "daemon"}
"""Labels of item kinds that differ from the kind."""

RAW_LABELS: dict[Direction, str] = {"request": "sent", "to_server": "stdin", "to_client": "output"}


class StreamLines:
    """Turns the stream items of one open call into pairs (label, line); lines are escaped."""

    def __init__(
        self, operation: Operation, verbosity: int = 0, label: Callable[[str], str] = units.short_ids
    ) -> None:
        """*verbosity*: 2 adds the JSON values below their descriptions, 3 also those of progress, which are many.

        Below 2, a response of a single value, such as an error, is described by the final line only. *label* adds
        names to IDs.
        """
        self._verbosity = verbosity
        self._add_names = label
        self._described_only = operation.response in DESCRIBED_FORMATS and verbosity < 2
        self._label = ""
        self._part = b""  # the start of an unfinished line
        self._build = BuildLines()
        self._last: dict[str, str] = {}  # last text shown for a layer, by its ID

    def shows(self, item: Item) -> bool:
        """Whether this view shows *item*: most HTTP/2 frames, and gRPC messages that are only measured, are for -vv."""
        if item.kind in CARRIERS:
            return bool(item.children) or self._shows_carrier(item)
        return item.kind != "grpc"

    def _shows_carrier(self, item: Item) -> bool:
        return self._verbosity > 1 or (item.kind == "h2c" and grpc.is_notable(item))

    def item(self, direction: Direction, item: Item) -> Iterator[tuple[str, str]]:
        """Yield the lines that *item* completes."""
        if item.kind in CARRIERS:
            yield from self._carrier(direction, item)
            return
        if item.kind in ("json", "problem"):
            yield from self.flush()
            is_trace = item.label == TRACE and item.children
            yield from self._messages(item) if is_trace else self._value(direction, item)
            return
        label = _label(direction, item)
        if item.kind in ANNOTATION_KINDS:
            yield from ((label, line) for line in escape_lines(annotation(item)) if line)
            return
        if label != self._label:
            yield from self.flush()
        yield from self._text(label, item_bytes(item))

    def _carrier(self, direction: Direction, item: Item) -> Iterator[tuple[str, str]]:
        """Yield the line of an HTTP/2 frame or of a message, the messages in it, and what they say about a build."""
        if self._shows_carrier(item):
            if item.kind == "h2c":
                line = grpc.frame_line(direction, item, whole=self._verbosity > 1)
            else:
                line = grpc.message_line(direction, item)
            yield from ((item.kind.partition("-")[0], text) for text in escape_lines(line))
        yield from self._messages(item)

    def _messages(self, item: Item) -> Iterator[tuple[str, str]]:
        """Yield the messages in an item, and what they say about a build."""
        for message in messages_of(item) if self._verbosity > 1 else ():
            yield from (("json", line) for line in json_lines({label_of(message): message["message"]}))
        yield from self._build.lines(item)

    def flush(self) -> Iterator[tuple[str, str]]:
        """Yield the unfinished line, if there is one."""
        part, self._part = self._part, b""
        if part:
            yield from ((self._label, line) for line in escape_lines(part))

    def close(self) -> Iterator[tuple[str, str]]:
        """Yield what is left when the call ends."""
        yield from self.flush()
        yield from self._build.close()

    def _text(self, label: str, data: bytes) -> Iterator[tuple[str, str]]:
        self._label = label
        if b"\0" in data:  # not text, not even for a terminal
            yield from self.flush()
            yield label, f"({units.size(len(data))} of binary data)"
            return
        *whole, self._part = (self._part + data).split(b"\n")
        for line in whole:
            yield from ((label, text) for text in escape_lines(line))
        while len(self._part) > MAX_PARTIAL_LINE:
            stop = _character_start(self._part, MAX_PARTIAL_LINE)
            part, self._part = self._part[:stop], self._part[stop:]
            yield from ((label, text) for text in escape_lines(part))

    def _value(self, direction: Direction, item: Item) -> Iterator[tuple[str, str]]:
        if item.kind == "problem":
            yield from (("problem", line) for line in escape_lines(str(item.value)))
            return
        is_described = item.label in DESCRIPTIONS
        if is_described:
            yield from self._described(item)
        enough = 3 if item.label in PROGRESS_LABELS else 2
        if self._verbosity >= enough if is_described else not self._described_only:
            yield from (("json", line) for line in json_lines(item.value))

    def _described(self, item: Item) -> Iterator[tuple[str, str]]:
        """Describe an item; skip a layer whose text has not changed (only its progress has)."""
        label, text = describe(item)
        layer = str(item.value["id"]) if item.label == "layer" else ""
        if not text or (layer and self._last.get(layer) == text):
            return
        if layer:
            self._remember(layer, text)
            text = f"{layer}: {text}"
        yield from ((label, line) for line in escape_lines(self._add_names(text)))

    def _remember(self, layer: str, text: str) -> None:
        if len(self._last) >= MAX_LAYERS:
            self._last.clear()
        self._last[layer] = text


def _label(direction: Direction, item: Item) -> str:
    if item.kind in ("raw", "text", *ANNOTATION_KINDS):
        return RAW_LABELS.get(direction, "output")
    return LABELS.get(item.kind, item.kind)


def _character_start(data: bytes, stop: int) -> int:
    """Return the last position up to *stop* that does not split a UTF-8 character."""
    for back in range(4):
        if data[stop - back] & 0xC0 != 0x80:
            return stop - back
    return stop
