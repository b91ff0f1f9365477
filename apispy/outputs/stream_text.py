"""Descriptions of stream items (events, progress, statistics), by the label that the decoder gave them."""

from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any

from apispy.model import Item
from apispy.outputs import units
from apispy.outputs.decoded_values import compact_json, value_at

PROGRESS_LABELS = ("layer", "status", "output", "aux", "error")
"""Labels of progress items; see apispy.decoders.progress."""


def describe(item: Item) -> tuple[str, str]:
    """Return the label of the item's line and its text, "" for no line. The item's label is in DESCRIPTIONS."""
    label, format_item = DESCRIPTIONS[item.label]
    return label, format_item(item)


def progress_lines(items: Iterable[Item]) -> list[str]:
    """Summarize progress: one line for each layer with the steps it went through, and one for any other message.

    The labels of *items* are those of PROGRESS_LABELS.
    """
    lines: list[str] = []
    layers: dict[str, tuple[int, list[str]]] = {}  # by ID: index of its line, and its steps
    for label, group in groupby(items, key=lambda item: item.label):
        if label == "output":  # a line may arrive in several pieces
            lines += "".join(str(item.value["stream"]) for item in group).splitlines()
        elif label == "layer":
            for item in group:
                index, steps = layers.setdefault(str(item.value["id"]), (len(lines), []))
                lines += [""] if index == len(lines) else []
                _add_step(steps, _layer(item))
        else:
            lines += [describe(item)[1] for item in group]
    for name, (index, steps) in layers.items():
        lines[index] = f"{name}: {' -> '.join(steps)}"
    return [units.short_ids(line) for line in lines if line]


def _add_step(steps: list[str], text: str) -> None:
    """Add a step unless it repeats the last one; keep the longer text of the two (it has the size)."""
    if steps and text.startswith(steps[-1]):
        steps[-1] = text
    elif not steps or not steps[-1].startswith(text):
        steps.append(text)


def _event(item: Item) -> str:
    """Format an event: "container start web (image=busybox)"."""
    value = item.value
    actor = value_at(value, "Actor.Attributes")
    attributes = dict(actor) if isinstance(actor, dict) else {}
    identity = units.short_ids(str(value_at(value, "Actor.ID") or value.get("id") or ""))
    name = str(attributes.pop("name", "") or identity)
    details = ", ".join(f"{key}={text}" for key, text in attributes.items() if len(str(text)) <= 60)
    event = f"{value.get('Type', '')} {value.get('Action') or value.get('status') or ''} {name}".strip()
    return f"{event} ({details})" if details else event


def _layer(item: Item) -> str:
    """Format a layer: "Downloading 3.0 MB". The bytes done so far are left out: they change constantly."""
    total = value_at(item.value, "progressDetail.total")
    size = f" {units.size(total)}" if isinstance(total, int) and total > 0 else ""
    return f"{item.value['status']}{size}"


def _status(item: Item) -> str:
    return str(item.value["status"])


def _output(item: Item) -> str:
    return str(item.value["stream"]).strip("\n")


def _aux(item: Item) -> str:
    """Format an aux value: "id 62aedd01bd85", "digest sha256:..."; BuildKit's own protocol is only named."""
    aux, name = item.value["aux"], str(item.value.get("id") or "")
    if isinstance(aux, str):
        return f"{name or 'data'} ({units.size(len(aux) * 3 // 4)}, not shown)"
    for key, label in (("ID", "id"), ("Digest", "digest")):
        if found := value_at(aux, key):
            return f"{label} {found}"
    return f"{name}: {compact_json(aux)}" if name else compact_json(aux)


def _error(item: Item) -> str:
    return str(value_at(item.value, "errorDetail.message") or item.value.get("error") or "").strip()


def _stats(item: Item) -> str:
    """Format statistics: "web: cpu 1.5%, memory 12.3 MB of 2.0 GB (0.6%), network 1.2 kB in, 0 B out, 4 processes"."""
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


def _traffic(device: str, first: float, verb: str, second: float, other_verb: str) -> list[str]:
    return (
        [f"{device} {units.size(first)} {verb}, {units.size(second)} {other_verb}"] if first or second else []
    )


DESCRIPTIONS: dict[str, tuple[str, Callable[[Item], str]]] = {
    "event": ("event", _event),
    "layer": ("status", _layer),
    "status": ("status", _status),
    "output": ("status", _output),
    "aux": ("status", _aux),
    "error": ("error", _error),
    "stats": ("stats", _stats),
}
"""By the label of a "json" item: the label of its line, and the function that formats it."""
