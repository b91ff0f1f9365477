"""What an open call says while it flows, as lines of text under the call."""

from collections.abc import Iterator
from typing import Any

from apispy.engine.operation import Operation
from apispy.model import Direction, Item
from apispy.outputs import grpc, units
from apispy.outputs.safe import lines
from apispy.outputs.values import ARCHIVE, at_path, bytes_of, compact, member

LONGEST_PART = 4096
"""Bytes of a line without an end that are held before they are shown as they are."""

LABELS = {"systemerr": "daemon"}
"""What to call a kind of item, where it is not its own name."""

RAW_LABELS: dict[Direction, str] = {"request": "sent", "to_server": "stdin", "to_client": "output"}


class Flow:
    """The streams of one open call. Gives pairs of label and line, the line already escaped."""

    def __init__(self, operation: Operation, *, whole: bool = False) -> None:
        """*whole* shows every JSON value as it is; else an answer of one value is left to the end line's words."""
        self._whole = whole
        self._words = None if whole else _WORDS.get(operation.outcome)
        self._silent = operation.response == "json" and not whole
        self._label = ""
        self._part = b""  # the beginning of a line whose end is still to come
        self._last: dict[str, str] = {}

    def shows(self, item: Item) -> bool:
        """Whether *item* is for this view: of HTTP/2's frames, most are for the whole one only."""
        return item.kind != "grpc" and (item.kind != "h2c" or self._whole or grpc.notable(item))

    def item(self, direction: Direction, item: Item) -> Iterator[tuple[str, str]]:
        """The lines that *item* completes."""
        if item.kind == "h2c":
            yield from ((item.kind, text) for text in lines(grpc.line(direction, item, whole=self._whole)))
            return
        if item.kind in ("json", "problem"):
            yield from self.flush()
            yield from self._value(direction, item)
            return
        label = _label(direction, item)
        if item.kind in ARCHIVE:
            yield from ((label, line) for line in lines(member(item)) if line)
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
        elif self._silent:
            return
        elif self._words is None or not isinstance(item.value, dict):
            yield from (("json", line) for line in lines(compact(item.value)))
        else:
            yield from self._worded(*self._words(item.value))

    def _worded(self, label: str, about: str, words: str, detail: str) -> Iterator[tuple[str, str]]:
        """Say something about *about*, unless only its detail (how far it is) has changed."""
        if not words or (about and self._last.get(about) == words):
            return
        if about:
            self._last[about] = words
        name = f"{about}: " if about else ""
        yield from ((label, line) for line in lines(units.short_ids(f"{name}{words}{detail}")))


def _label(direction: Direction, item: Item) -> str:
    if item.kind in ("raw", "text", *ARCHIVE):
        return RAW_LABELS.get(direction, "output")
    return LABELS.get(item.kind, item.kind)


def _character_start(data: bytes, stop: int) -> int:
    """The last place not after *stop* that does not split a UTF-8 character."""
    for back in range(4):
        if data[stop - back] & 0xC0 != 0x80:
            return stop - back
    return stop


def _event(value: dict[str, Any]) -> tuple[str, str, str, str]:
    """ "container start web (image=busybox)"."""
    actor = at_path(value, "Actor.Attributes")
    attributes = dict(actor) if isinstance(actor, dict) else {}
    number = units.short_ids(str(at_path(value, "Actor.ID") or value.get("id") or ""))
    name = str(attributes.pop("name", "") or number)
    details = ", ".join(f"{key}={one}" for key, one in attributes.items() if len(str(one)) <= 60)
    what = f"{value.get('Type', '')} {value.get('Action') or value.get('status') or ''} {name}".strip()
    return "event", "", what, f" ({details})" if details else ""


def _status(value: dict[str, Any]) -> tuple[str, str, str, str]:
    """ "3f4d5e: Downloading 1.2MB/3MB"; a build's output; an error."""
    if error := at_path(value, "errorDetail.message") or value.get("error"):
        return "error", "", str(error).strip(), ""
    if stream := value.get("stream"):
        return "status", "", str(stream).strip("\n"), ""
    if number := at_path(value, "aux.ID") or at_path(value, "aux.Digest"):
        return "status", "", f"id {number}", ""
    detail = at_path(value, "progressDetail")
    how_far = ""
    if isinstance(detail, dict) and isinstance(detail.get("total"), int) and detail["total"] > 0:
        how_far = f" {units.size(detail['total'])}"
    return "status", str(value.get("id") or ""), str(value.get("status") or ""), how_far


def _stats(value: dict[str, Any]) -> tuple[str, str, str, str]:
    """ "web: cpu 1.5%, memory 12.3 MB of 2.0 GB, 4 processes"."""
    memory, limit = at_path(value, "memory_stats.usage"), at_path(value, "memory_stats.limit")
    parts = [f"cpu {_cpu(value):.1f}%"]
    if isinstance(memory, int) and isinstance(limit, int):
        parts.append(f"memory {units.size(memory)} of {units.size(limit)}")
    processes = at_path(value, "pids_stats.current")
    if isinstance(processes, int):
        parts.append(units.count(processes, "processes"))
    name = str(value.get("name") or "").removeprefix("/")
    return "stats", "", f"{name}: {', '.join(parts)}" if name else ", ".join(parts), ""


def _cpu(value: dict[str, Any]) -> float:
    """Per cent of one processor, as `docker stats` computes it."""

    def grown(name: str) -> float:
        now, before = at_path(value, f"cpu_stats.{name}"), at_path(value, f"precpu_stats.{name}")
        return now - before if isinstance(now, int) and isinstance(before, int) else 0.0

    processors = at_path(value, "cpu_stats.online_cpus")
    system = grown("system_cpu_usage")
    used = grown("cpu_usage.total_usage") * (processors if isinstance(processors, int) else 1)
    return used / system * 100 if system > 0 else 0.0


_WORDS = {"events": _event, "progress": _status, "stats": _stats}
