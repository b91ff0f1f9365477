"""What a line of a stream says, in words: events, progress, statistics. By the label that its decoder gave it."""

from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any

from apispy.model import Item
from apispy.outputs import units
from apispy.outputs.reading_values import at_path, compact

PROGRESS = ("layer", "status", "output", "aux", "error")
"""The labels of progress; see apispy.decoders.progress."""


def in_words(item: Item) -> tuple[str, str]:
    """What to call the line, and what it says, "" for nothing. The item's label is one of WORDS."""
    label, words = WORDS[item.label]
    return label, words(item)


def rows(items: Iterable[Item]) -> list[str]:
    """A whole progress in few lines: one for each layer, with the way it went; one for all else that was said.

    The labels of *items* are those of PROGRESS.
    """
    said: list[str] = []
    layers: dict[str, tuple[int, list[str]]] = {}  # by id: the place of its row, and the steps of its way
    for label, group in groupby(items, key=lambda item: item.label):
        if label == "output":  # a line may come in several pieces
            said += "".join(str(item.value["stream"]) for item in group).splitlines()
        elif label == "layer":
            for item in group:
                place, way = layers.setdefault(str(item.value["id"]), (len(said), []))
                said += [""] if place == len(said) else []
                _step(way, _layer(item))
        else:
            said += [in_words(item)[1] for item in group]
    for name, (place, way) in layers.items():
        said[place] = f"{name}: {' -> '.join(way)}"
    return [units.short_ids(line) for line in said if line]


def _step(way: list[str], words: str) -> None:
    """Add a step unless it is the last one again; the longer words of the two stay (they have the size)."""
    if way and words.startswith(way[-1]):
        way[-1] = words
    elif not way or not way[-1].startswith(words):
        way.append(words)


def _event(item: Item) -> str:
    """ "container start web (image=busybox)"."""
    value = item.value
    actor = at_path(value, "Actor.Attributes")
    attributes = dict(actor) if isinstance(actor, dict) else {}
    number = units.short_ids(str(at_path(value, "Actor.ID") or value.get("id") or ""))
    name = str(attributes.pop("name", "") or number)
    details = ", ".join(f"{key}={one}" for key, one in attributes.items() if len(str(one)) <= 60)
    what = f"{value.get('Type', '')} {value.get('Action') or value.get('status') or ''} {name}".strip()
    return f"{what} ({details})" if details else what


def _layer(item: Item) -> str:
    """ "Downloading 3.0 MB"; how much of it is there already would change all the time."""
    total = at_path(item.value, "progressDetail.total")
    size = f" {units.size(total)}" if isinstance(total, int) and total > 0 else ""
    return f"{item.value['status']}{size}"


def _status(item: Item) -> str:
    return str(item.value["status"])


def _output(item: Item) -> str:
    return str(item.value["stream"]).strip("\n")


def _aux(item: Item) -> str:
    """ "id 62aedd01bd85", "digest sha256:..."; BuildKit's own protocol is named only."""
    aux, name = item.value["aux"], str(item.value.get("id") or "")
    if isinstance(aux, str):
        return f"{name or 'data'} ({units.size(len(aux) * 3 // 4)}, not shown)"
    for key, word in (("ID", "id"), ("Digest", "digest")):
        if found := at_path(aux, key):
            return f"{word} {found}"
    return f"{name}: {compact(aux)}" if name else compact(aux)


def _error(item: Item) -> str:
    return str(at_path(item.value, "errorDetail.message") or item.value.get("error") or "").strip()


def _stats(item: Item) -> str:
    """ "web: cpu 1.5%, memory 12.3 MB of 2.0 GB (0.6%), network 1.2 kB in, 0 B out, 4 processes"."""
    figures: dict[str, Any] = {child.label: child.value for child in item.children}
    memory, limit = figures["memory"], figures["limit"]
    share = f" of {units.size(limit)} ({memory / limit:.1%})" if limit else ""
    parts = [f"cpu {figures['cpu']:.1f}%", f"memory {units.size(memory)}{share}"]
    parts += _traffic("network", figures["received"], "in", figures["sent"], "out")
    parts += _traffic("disk", figures["read"], "read", figures["written"], "written")
    if figures["processes"]:
        parts.append(units.count(int(figures["processes"]), "processes"))
    name = str(item.value.get("name") or "").removeprefix("/")
    return f"{name}: {', '.join(parts)}" if name else ", ".join(parts)


def _traffic(what: str, one: float, way: str, other: float, back: str) -> list[str]:
    return [f"{what} {units.size(one)} {way}, {units.size(other)} {back}"] if one or other else []


WORDS: dict[str, tuple[str, Callable[[Item], str]]] = {
    "event": ("event", _event),
    "layer": ("status", _layer),
    "status": ("status", _status),
    "output": ("status", _output),
    "aux": ("status", _aux),
    "error": ("error", _error),
    "stats": ("stats", _stats),
}
"""By the label of an item of kind "json": what to call its line, and what makes its words."""
