"""What an open call says while it flows, as lines of text under the call."""

from collections.abc import Callable, Iterator

from apispy.engine.operation import Operation
from apispy.model import Direction, Item
from apispy.outputs import grpc, units
from apispy.outputs.escaping import lines
from apispy.outputs.reading_values import REMARKS, bytes_of, compact, remark
from apispy.outputs.stream_text import PROGRESS, WORDS, in_words

LONGEST_PART = 4096
"""Bytes of a line without an end that are held before they are shown as they are."""

SAID = ("json", "events", "progress", "stats")
"""Formats of answers of which the words say all."""

LAYERS = 1000
"""Layers whose state is remembered; with more of them something may be said twice."""

LABELS = {"systemerr": "daemon"}
"""What to call a kind of item, where it is not its own name."""

RAW_LABELS: dict[Direction, str] = {"request": "sent", "to_server": "stdin", "to_client": "output"}


class StreamLines:
    """The streams of one open call. Gives pairs of label and line, the line already escaped."""

    def __init__(
        self, operation: Operation, verbosity: int = 0, named: Callable[[str], str] = units.short_ids
    ) -> None:
        """*verbosity*: from 2 on JSON values are shown as they are, those of progress (they are many) from 3 on.

        Below that an answer of one value, like an error, is left to the end line's words. *named* puts names to ids.
        """
        self._verbosity = verbosity
        self._named = named
        self._silent = operation.response in SAID and verbosity < 2
        self._label = ""
        self._part = b""  # the beginning of a line whose end is still to come
        self._last: dict[str, str] = {}  # what was said of a layer, by its id

    def shows(self, item: Item) -> bool:
        """Whether *item* is for this view: of HTTP/2's frames, most are for the whole one only."""
        return item.kind != "grpc" and (item.kind != "h2c" or self._verbosity > 1 or grpc.notable(item))

    def item(self, direction: Direction, item: Item) -> Iterator[tuple[str, str]]:
        """The lines that *item* completes."""
        if item.kind == "h2c":
            yield from (
                (item.kind, text) for text in lines(grpc.line(direction, item, whole=self._verbosity > 1))
            )
            return
        if item.kind in ("json", "problem"):
            yield from self.flush()
            yield from self._value(direction, item)
            return
        label = _label(direction, item)
        if item.kind in REMARKS:
            yield from ((label, line) for line in lines(remark(item)) if line)
            return
        if label != self._label:
            yield from self.flush()
        yield from self._text(label, bytes_of(item))

    def flush(self) -> Iterator[tuple[str, str]]:
        """The line that was begun and not ended, if there is one."""
        part, self._part = self._part, b""
        if part:
            yield from ((self._label, line) for line in lines(part))

    def _text(self, label: str, data: bytes) -> Iterator[tuple[str, str]]:
        self._label = label
        if b"\0" in data:  # no text, not even for a terminal
            yield from self.flush()
            yield label, f"({units.size(len(data))} of binary data)"
            return
        *whole, self._part = (self._part + data).split(b"\n")
        for line in whole:
            yield from ((label, text) for text in lines(line))
        while len(self._part) > LONGEST_PART:
            stop = _character_start(self._part, LONGEST_PART)
            part, self._part = self._part[:stop], self._part[stop:]
            yield from ((label, text) for text in lines(part))

    def _value(self, direction: Direction, item: Item) -> Iterator[tuple[str, str]]:
        if item.kind == "problem":
            yield from (("problem", line) for line in lines(str(item.value)))
        elif item.label in WORDS and self._verbosity < (3 if item.label in PROGRESS else 2):
            yield from self._worded(item)
        elif not self._silent:
            yield from (("json", line) for line in lines(compact(item.value)))

    def _worded(self, item: Item) -> Iterator[tuple[str, str]]:
        """What an item says, unless it says of a layer what was said before (only how far it is has changed)."""
        label, words = in_words(item)
        layer = str(item.value["id"]) if item.label == "layer" else ""
        if not words or (layer and self._last.get(layer) == words):
            return
        if layer:
            self._remember(layer, words)
            words = f"{layer}: {words}"
        yield from ((label, line) for line in lines(self._named(words)))

    def _remember(self, layer: str, words: str) -> None:
        if len(self._last) >= LAYERS:
            self._last.clear()
        self._last[layer] = words


def _label(direction: Direction, item: Item) -> str:
    if item.kind in ("raw", "text", *REMARKS):
        return RAW_LABELS.get(direction, "output")
    return LABELS.get(item.kind, item.kind)


def _character_start(data: bytes, stop: int) -> int:
    """The last place not after *stop* that does not split a UTF-8 character."""
    for back in range(4):
        if data[stop - back] & 0xC0 != 0x80:
            return stop - back
    return stop
