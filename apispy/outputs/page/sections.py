"""The content of a stream as the page shows it: sections, each of a kind that the script has a view for.

| kind     | what it holds |
|----------|---|
| json     | ``text``; ``rest``: the text with the ``hidden`` fields that are at their defaults; ``about``: lines |
| terminal | ``runs``: [stream, text] of a program's output, with its escape sequences |
| progress | ``lines``; ``layers``: {id, steps: [[time, text], ...]} of a pull or push |
| stats    | ``samples``: [time, the FIGURES ...] |
| events   | ``events``: [time, text] |
| tar      | ``members``: [permissions, size, name, link] |
| lines    | ``lines`` of anything else, as -vv prints them |
| cut      | ``text``: what is missing |
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate, chain, groupby, islice
from typing import Any

from apispy import units
from apispy.decoders.stats import FIGURES
from apispy.engine.json_fields import value_at
from apispy.model import Body, Direction, Item
from apispy.outputs.base import DecodedCall
from apispy.outputs.build_lines import BuildLines
from apispy.outputs.decoded_values import compact_json, item_bytes
from apispy.outputs.default_fields import without_defaults
from apispy.outputs.details import FRAMED, descriptions, item_lines
from apispy.outputs.stream_text import PROGRESS_LABELS, describe, progress_lines

Section = dict[str, Any]

MAX_CHARACTERS = 256 << 10
"""Characters of one stream that the page has, about."""

MAX_ROWS = 5000
"""Rows of one section: samples, events, members, lines."""

MORE = "The page does not have the rest of this stream: apispy show -vv prints all that the capture has."

At = Callable[[Item], float]
"""Gives the time of an item in seconds since the call's first byte."""


def sections(decoded: DecodedCall, direction: Direction) -> list[Section]:
    """Return the sections of a stream whose content is shown."""
    body, items = decoded.exchange.streams[direction], decoded.items.get(direction, ())
    found = _limited(_sections(decoded, direction, items, _clock(body)))
    if body.cut:
        text = f"apispy kept {units.size(body.kept)} of {units.size(body.size)}: --body-limit keeps more."
        found.append({"kind": "cut", "text": text})
    return found


def _limited(found: Iterable[Section]) -> list[Section]:
    """Return sections until they have MAX_CHARACTERS; a section that is longer alone says so."""
    kept: list[Section] = []
    left = MAX_CHARACTERS
    for section in found:
        size = _shorten(section, left)
        kept.append(section)
        left -= size
        if left <= 0:
            kept.append({"kind": "cut", "text": MORE})
            break
    return kept


def _shorten(section: Section, left: int) -> int:
    """Cut a section to about *left* characters, and return how many it had."""
    size = 0
    match section["kind"]:
        case "json":
            size = len(section["text"]) + len(section.get("rest", ""))
            if size > left:
                section.pop("rest", None)
                section.pop("hidden", None)
                section["text"] = section["text"][:left]
                section["whole"] = False
        case "terminal":
            for run in section["runs"]:
                run[1] = run[1][: max(0, left - size)]
                size += len(run[1]) + 1
            section["runs"] = [run for run in section["runs"] if run[1]]
        case _:
            rows = next(value for value in section.values() if isinstance(value, list))
            sizes = list(accumulate(len(str(row)) for row in rows))
            size = sizes[-1] if sizes else 0
            del rows[min(MAX_ROWS, bisect_right(sizes, left)) :]
            if len(rows) < len(sizes):
                size = max(size, left)
    return size


def _clock(body: Body) -> At:
    """Return the time of an item: that of the chunk in which it begins."""
    starts = list(accumulate((len(chunk.data) for chunk in body.chunks), initial=0))[:-1]

    def at(item: Item) -> float:
        place = bisect_right(starts, item.span[0]) - 1
        return round(body.chunks[max(0, place)].at, 6) if body.chunks else 0.0

    return at


def _sections(decoded: DecodedCall, direction: Direction, items: Iterable[Item], at: At) -> Iterator[Section]:
    for kind, group in groupby(items, key=lambda item: _kind(item)):
        found = list(group)
        match kind:
            case "json":
                yield from (_json(decoded, direction, item) for item in found)
            case "progress":
                yield _progress(found, at)
            case "stats":
                yield {"kind": "stats", "samples": [[at(item), *_figures(item)] for item in found]}
            case "event":
                events = [[at(item), decoded.label(describe(item)[1])] for item in found]
                yield {"kind": "events", "events": events}
            case "member":
                yield {"kind": "tar", "members": [_member(item) for item in found]}
            case "output":
                yield from _output(found)
            case _:
                yield {"kind": "lines", "lines": list(islice(item_lines(found), MAX_ROWS + 1))}


def _kind(item: Item) -> str:
    """Return the kind of section that an item belongs to."""
    if item.kind == "json":
        if item.label in PROGRESS_LABELS:
            return "progress"
        return item.label if item.label in ("stats", "event") else "json"
    if item.kind in FRAMED or item.kind in ("raw", "text"):
        return "output"
    return item.kind if item.kind == "member" else "other"


def _json(decoded: DecodedCall, direction: Direction, item: Item) -> Section:
    shown, hidden = without_defaults(decoded.call, direction, item.value)
    found: Section = {"kind": "json", "text": compact_json(shown)}
    if hidden:
        found |= {"hidden": hidden, "rest": compact_json(item.value)}
    about = list(descriptions(decoded, item))
    return found | ({"about": about} if about else {})


def _progress(items: list[Item], at: At) -> Section:
    layers: dict[str, list[list[Any]]] = {}
    for item in items:
        if item.label == "layer":
            steps = layers.setdefault(str(item.value["id"]), [])
            status, total = str(item.value["status"]), value_at(item.value, "progressDetail.total")
            if not steps or steps[-1][1] != status:
                steps.append([at(item), status, 0])
            if isinstance(total, int) and total > 0:
                steps[-1][2] = total
    others = [item for item in items if item.label != "layer"]
    found: Section = {"kind": "progress", "lines": progress_lines(others)}
    shown = [{"id": name, "steps": steps} for name, steps in islice(layers.items(), MAX_ROWS)]
    return found | ({"layers": shown} if shown else {})


def _figures(item: Item) -> list[float | None]:
    figures = {child.label: child.value for child in item.children}
    return [figures.get(name) for name in FIGURES]


def _member(item: Item) -> list[Any]:
    value = item.value
    return [value["permissions"], value["size"], item.label, value["link"]]


def _output(items: list[Item]) -> Iterator[Section]:
    """Yield a program's output, or the lines of data that is not text."""
    runs = [
        (kind if kind in FRAMED else "", b"".join(item_bytes(item) for item in group))
        for kind, group in groupby(items, key=lambda item: item.kind)
    ]
    if any(b"\0" in data for _, data in runs):
        yield {"kind": "lines", "lines": list(islice(item_lines(items), MAX_ROWS + 1))}
        return
    yield {
        "kind": "terminal",
        "runs": [[kind, data.decode("utf-8", "backslashreplace")] for kind, data in runs],
    }


def build_log(decoded: DecodedCall) -> list[tuple[str, str]]:
    """Return what the messages of a BuildKit tunnel say, as the console prints it: (label, line).

    They are in the order of time where that is known, else one direction after the other. The messages are redacted one
    by one, so they are there also where the bytes are withheld.
    """
    tunnel = decoded.exchange.tunnel
    if tunnel is None or tunnel.protocol != "h2c":
        return []
    seen = sorted((*tunnel.to_server.seen, *tunnel.to_client.seen), key=lambda one: one.at)
    items = [one.item for one in seen] or [item for found in decoded.items.values() for item in found]
    log = BuildLines()
    lines = (line for item in items for line in log.lines(item))
    return list(islice(chain(lines, log.close()), MAX_ROWS))
