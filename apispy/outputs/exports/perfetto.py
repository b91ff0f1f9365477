"""Chrome's trace-event JSON, which ui.perfetto.dev opens, and chrome://tracing in the browsers that have it.

A container is a process, and each of its connections a thread, so each has a track of its own. Complete events of one
thread must nest, or a viewer draws them wrongly (https://perfetto.dev/docs/faq): calls of one connection that overlap,
as in HTTP/2, are on separate threads. Times are Unix microseconds.

Format: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
"""

from bisect import bisect_right, insort
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import apispy
from apispy.decoders.build import build_of
from apispy.outputs.base import DecodedCall
from apispy.outputs.decoded_values import ascii_json, item_bytes
from apispy.outputs.escaping import escape
from apispy.outputs.exports.base import exporter
from apispy.outputs.exports.causes import Causes
from apispy.outputs.exports.columns import row, unix_micros
from apispy.outputs.exports.containers import container_of
from apispy.outputs.exports.stream_marks import OUTPUT, Mark, stream_marks
from apispy.outputs.stream_text import DESCRIPTIONS, describe
from apispy.recent import remember
from apispy.structs import Struct

MAX_MARKS = 1000
"""Marks of one call that are drawn, and steps of one build."""

MAX_TRACKS = 10_000
"""Processes, and connections in them, that are remembered. One that comes again after that gets another track."""

MAX_TEXT = 200
"""Characters of output and events in the details of a mark."""

BUILDS = "builds"
OTHERS = "calls on no container"

Event = dict[str, Any]


class _Slice(Struct, frozen=True):
    """A call as it is drawn: where, from when to when."""

    process: int
    thread: int
    start: int
    end: int


@exporter(
    "perfetto",
    suffix=".trace.json",
    description="a trace for ui.perfetto.dev, and chrome://tracing where it exists",
)
def export(decoded_calls: Iterable[DecodedCall]) -> Iterator[str]:
    about = ascii_json({"recorded by": "apispy", "version": apispy.__version__})
    yield f'{{"displayTimeUnit": "ms", "otherData": {about}, "traceEvents": ['
    trace, comma = _Trace(), ""
    for decoded in decoded_calls:
        for event in trace.events(decoded):
            yield f"{comma}\n{ascii_json(event)}"
            comma = ","
    yield "\n]}\n"


class _Trace:
    """The tracks and arrows of one file."""

    def __init__(self) -> None:
        self._tracks = _Tracks()
        self._causes = Causes[_Slice]()
        self._arrows = 0

    def events(self, decoded: DecodedCall) -> Iterator[Event]:
        """Yield the events of one call: what it is on, itself, its marks, the arrows from and to it."""
        exchange = decoded.exchange
        start, end = unix_micros(exchange.started), unix_micros(exchange.started + exchange.duration)
        process, made = self._tracks.process(*_process(decoded))
        yield from made
        title = f"connection {exchange.connection}, {exchange.client}"
        thread, made = self._tracks.thread(process, (exchange.client, exchange.connection), title, start, end)
        yield from made
        place = {"pid": process, "tid": thread}
        yield _call(decoded, start, end) | place
        for mark in islice(stream_marks(decoded), MAX_MARKS):
            yield _instant(decoded, mark) | place
        for cause, effect in self._causes.add(decoded, _Slice(process, thread, start, end)):
            self._arrows += 1
            yield from _arrow(self._arrows, cause, effect)
        yield from self._build_steps(decoded, process)

    def _build_steps(self, decoded: DecodedCall, process: int) -> Iterator[Event]:
        """Yield the steps of a build that a tunnel of BuildKit reported, on threads of their own."""
        build = build_of(item for items in decoded.items.values() for item in items)
        runs = (
            (step, unix_micros(began), unix_micros(max(began, ended)))
            for step in build.ordered_steps()
            for began, ended in sorted(step.runs.items())
        )
        for step, start, end in islice(runs, MAX_MARKS):
            thread, made = self._tracks.thread(process, ("steps", 0), "steps of builds", start, end)
            yield from made
            about = {"cached": step.cached, "error": step.error, "call": decoded.exchange.id}
            yield _complete(step.name or "?", "build step", start, end, about) | {
                "pid": process,
                "tid": thread,
            }


class _Tracks:
    """Numbers processes and threads. Every new one begins with a metadata event that names it."""

    def __init__(self) -> None:
        self._numbers = 0
        self._processes: OrderedDict[str, int] = OrderedDict()
        self._threads: OrderedDict[tuple[int, str, int], list[tuple[int, int]]] = OrderedDict()

    def process(self, key: str, title: str) -> tuple[int, list[Event]]:
        """Return the number of a process, with its metadata if it is new."""
        number, made = self._processes.get(key), list[Event]()
        if number is None:
            number = self._numbers = self._numbers + 1
            made = [_named("process", title) | {"pid": number}]
        remember(self._processes, key, number, MAX_TRACKS)
        return number, made

    def thread(
        self, process: int, of: tuple[str, int], title: str, start: int, end: int
    ) -> tuple[int, list[Event]]:
        """Return the thread of *process* for *of* that is free from *start* on, with its metadata if it is new.

        A thread is remembered by the end of its last call, and takes a call that begins no earlier. So calls never
        overlap on it, in whatever order they come.
        """
        key = (process, *of)
        lanes = self._threads.get(key, [])  # (end of its last call, number), in order
        free = bisect_right(lanes, start, key=lambda lane: lane[0]) - 1
        made: list[Event] = []
        if free >= 0:
            number = lanes.pop(free)[1]
        else:
            self._numbers += 1
            number = self._numbers
            name = f"{title} ({len(lanes) + 1})" if lanes else title
            made = [_named("thread", name) | {"pid": process, "tid": number}]
        insort(lanes, (end, number))
        remember(self._threads, key, lanes, MAX_TRACKS)
        return number, made


def _process(decoded: DecodedCall) -> tuple[str, str]:
    """Return the key and the title of the process of a call."""
    if container := container_of(decoded):
        return f"container {container.id or container.name}", f"container {container.title}"
    is_build = decoded.call.operation.tag in ("Session", "gRPC") or decoded.call.operation.id == "ImageBuild"
    return (BUILDS, BUILDS) if is_build else (OTHERS, OTHERS)


def _named(what: str, title: str) -> Event:
    return {"ph": "M", "name": f"{what}_name", "args": {"name": title}}


def _complete(name: str, category: str, start: int, end: int, args: Event) -> Event:
    known = {key: value for key, value in args.items() if value not in (None, "")}
    return {"ph": "X", "name": name, "cat": category, "ts": start, "dur": end - start, "args": known}


def _call(decoded: DecodedCall, start: int, end: int) -> Event:
    operation, request = decoded.call.operation, decoded.exchange.request
    name = operation.id or f"{request.method} {decoded.call.path}"
    redactions = ", ".join(one.place for one in decoded.exchange.redactions)
    event = _complete(name, operation.tag or "call", start, end, row(decoded) | {"redactions": redactions})
    return event | ({"cname": "terrible"} if decoded.failed else {})  # red, in chrome://tracing


def _instant(decoded: DecodedCall, mark: Mark) -> Event:
    at = unix_micros(decoded.exchange.started + mark.at)
    text = {"text": shown} if (shown := _text(decoded, mark)) else {}
    args = {"bytes": mark.size, "stream": mark.direction} | text
    return {"ph": "i", "s": "t", "name": mark.name, "cat": "stream", "ts": at, "args": args}


def _text(decoded: DecodedCall, mark: Mark) -> str:
    if mark.item.kind in OUTPUT:
        return escape(item_bytes(mark.item)[: MAX_TEXT * 4].decode("utf-8", "replace")[:MAX_TEXT])
    if mark.item.label in DESCRIPTIONS:
        return decoded.label(describe(mark.item)[1])[:MAX_TEXT]
    return ""


def _arrow(number: int, cause: _Slice, effect: _Slice) -> Iterator[Event]:
    """Yield an arrow from the start of the cause to the effect at that time, or to its start if that is later."""
    arrow = {"name": "causes", "cat": "cause", "id": number}
    at = min(max(cause.start, effect.start), effect.end)
    yield arrow | {"ph": "s", "ts": cause.start, "pid": cause.process, "tid": cause.thread}
    yield arrow | {"ph": "f", "bp": "e", "ts": at, "pid": effect.process, "tid": effect.thread}
