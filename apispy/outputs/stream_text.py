"""Descriptions of stream items (events, progress, statistics), by the label that the decoder gave them."""

from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any

from apispy import units
from apispy.decoders.build_trace import LABEL as TRACE
from apispy.engine.json_fields import as_dict, value_at
from apispy.model import Item, is_redacted
from apispy.outputs.decoded_values import compact_json

PROGRESS_LABELS = ("layer", "status", "output", "aux", TRACE, "error")
"""Labels of progress items; see apispy.decoders.progress."""


COMPOSE_PLACE = tuple(f"com.docker.compose.{name}" for name in ("project", "service", "container-number"))
"""Labels of Compose that say which of its containers, networks or volumes it is."""

EVENT_ATTRIBUTES = frozenset(
    (
        *("image", "exitCode", "signal", "execID", "execDuration", "oldName", "comment", "container", "type"),
        *("driver", "destination", "propagation", "read/write"),
    )
)
"""Attributes of events that the daemon itself adds. Those of swarm end in ``.old`` and ``.new``.

Source: moby daemon/events.go and libnetwork, the calls of LogContainerEventWithAttributes and its like.
"""

MAX_ATTRIBUTE_LENGTH = 100
"""Characters of an attribute that the line of an event can show."""

MAX_LABELS_LENGTH = 40
"""Characters of labels in the line of an event."""

UNKNOWN = "--"
"""A figure that cannot be known, as `docker stats` writes it."""


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
    """Format an event: "container start demo-web-1 (image=busybox, compose=demo/web/1, 12 more)"."""
    value = item.value
    actor = value_at(value, "Actor.Attributes")
    attributes = {key: units.short_ids(str(text)) for key, text in as_dict(actor).items()}
    identity = units.short_ids(str(value_at(value, "Actor.ID") or value.get("id") or ""))
    name = attributes.pop("name", "") or identity
    details = ", ".join(_attributes(attributes))
    event = f"{value.get('Type', '')} {value.get('Action') or value.get('status') or ''} {name}".strip()
    return f"{event} ({details})" if details else event


def _attributes(attributes: dict[str, str]) -> list[str]:
    """Format what tells events apart, and count the rest, which is mostly labels.

    The daemon mixes both in ``Actor.Attributes``. Its own are shown, and the place in a Compose project; then other
    names without a dot, as long as they are short. Labels of programs have a dot: "org.opencontainers.image.title".
    """
    rest = dict(attributes)
    shown = [f"{key}={rest.pop(key)}" for key, text in attributes.items() if _is_of_event(key, text)]
    if place := [rest.pop(key) for key in COMPOSE_PLACE if key in rest]:
        shown.append(f"compose={'/'.join(place)}")
    room = MAX_LABELS_LENGTH
    for key, text in attributes.items():
        pair = f"{key}={text}"
        if key in rest and "." not in key and len(pair) <= room:
            room -= len(pair)
            shown.append(pair)
            del rest[key]
    return [*shown, f"{len(rest)} more"] if rest else shown


def _is_of_event(key: str, text: str) -> bool:
    return (key in EVENT_ATTRIBUTES or key.endswith((".old", ".new"))) and len(text) <= MAX_ATTRIBUTE_LENGTH


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
    if is_redacted(aux):
        return f"{name or 'data'} (withheld: it cannot be decoded)"
    if isinstance(aux, str):
        return f"{name or 'data'} ({units.size(len(aux) * 3 // 4)}, not shown)"
    for key, label in (("ID", "id"), ("Digest", "digest")):
        if found := value_at(aux, key):
            return f"{label} {found}"
    return f"{name}: {compact_json(aux)}" if name else compact_json(aux)


def _error(item: Item) -> str:
    return str(value_at(item.value, "errorDetail.message") or item.value.get("error") or "").strip()


def _stats(item: Item) -> str:
    """Format statistics in the units of `docker stats`.

    For example: "web: cpu 1.5%, memory 12.3 MiB of 2 GiB (0.6%), network 1.2 kB in, 0 B out, 4 processes".
    """
    figures: dict[str, Any] = {child.label: child.value for child in item.children}
    cpu = UNKNOWN if figures["cpu"] is None else f"{figures['cpu']:.1f}%"
    parts = [f"cpu {cpu}", f"memory {_memory(figures['memory'], figures['limit'])}"]
    parts += _traffic("network", figures["received"], "in", figures["sent"], "out")
    parts += _traffic("disk", figures["read"], "read", figures["written"], "written")
    if figures["processes"]:
        parts.append(units.count(int(figures["processes"]), "processes"))
    name = str(item.value.get("name") or "").removeprefix("/")
    return f"{name}: {', '.join(parts)}" if name else ", ".join(parts)


def _memory(used: float | None, limit: float) -> str:
    if used is None:
        return UNKNOWN
    share = f" of {units.binary_size(limit)} ({used / limit:.1%})" if limit else ""
    return f"{units.binary_size(used)}{share}"


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
    TRACE: ("build", lambda item: ""),  # many of these together are a build
    "error": ("error", _error),
    "stats": ("stats", _stats),
}
"""By the label of a "json" item: the label of its line, and the function that formats it."""
