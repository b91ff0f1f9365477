"""The fields of a JSON body that clients or daemons always write, although they are at their defaults.

The docker CLI and Compose send a whole ContainerCreate, seventy fields of which are null, empty, 0 or false. Such a
value usually means that the field is not set; ``FOLDED`` has the operations where it does, and the exceptions. The
operations of swarm are not among them: there 0 replicas, a parallelism of 0 or an empty ``Global`` have a meaning.

Source: moby api/types and daemon (pointers in Go distinguish null from 0), tried with engines 20.10 and 28.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from apispy.engine.operation import Call
from apispy.engine.shapes import Shape, request_shape, response_shape
from apispy.model import Direction

MIN_FOLDED = 5
"""Fields at their defaults that a body needs for them to be left out."""


@dataclass(frozen=True)
class Fold:
    """Which fields of a body are at their defaults. Paths are dotted.

    ``within``: fields of the top level in which fields are left out; none means all. ``meaningful``: values that look
    like none and are some. ``usual``: other values that are the default.
    """

    within: tuple[str, ...] = ()
    meaningful: tuple[tuple[str, Any], ...] = ()
    usual: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def kept(self) -> frozenset[tuple[str, str]]:
        return frozenset((path, repr(value)) for path, value in self.meaningful)

    def is_default(self, path: str, value: Any) -> bool:
        """Whether *value* is the default of a field that is neither an object nor a map with content."""
        if path in self.usual and value == self.usual[path]:
            return True
        return _is_empty(value) and (path, repr(value)) not in self.kept


HOST_MEANINGFUL: tuple[tuple[str, Any], ...] = (
    ("HostConfig.Init", False),  # overrides `dockerd --init`
    ("HostConfig.MemorySwappiness", 0),  # avoids swapping
    ("HostConfig.MaskedPaths", []),  # masks nothing; null masks the usual paths
    ("HostConfig.ReadonlyPaths", []),
)
HOST_USUAL = {
    "HostConfig.MemorySwappiness": -1,
    "HostConfig.NetworkMode": "default",
    "HostConfig.RestartPolicy.Name": "no",
}
CONFIG_MEANINGFUL: tuple[tuple[str, Any], ...] = (
    ("Entrypoint", []),  # removes the image's
    ("StopTimeout", 0),  # kills at once
)

FOLDED: dict[tuple[str, Direction], Fold] = {
    ("ContainerCreate", "request"): Fold((), (*HOST_MEANINGFUL, *CONFIG_MEANINGFUL), HOST_USUAL),
    ("ContainerInspect", "response"): Fold(
        ("HostConfig", "Config"),
        (*HOST_MEANINGFUL, *((f"Config.{path}", value) for path, value in CONFIG_MEANINGFUL)),
        HOST_USUAL,
    ),
    ("ContainerUpdate", "request"): Fold(
        (), (("PidsLimit", 0), ("MemorySwappiness", 0), ("Init", False))
    ),  # 0 processes: no limit; null: as before
    ("ContainerExec", "request"): Fold(),
    ("NetworkCreate", "request"): Fold(
        (), (("EnableIPv4", False), ("EnableIPv6", False)), {"IPAM.Driver": "default"}
    ),
}


def without_defaults(call: Call, direction: Direction, value: Any) -> tuple[Any, int]:
    """Return a body without its fields at their defaults, and how many those are: 0 unless MIN_FOLDED or more.

    Only described fields are left out, never elements of lists or keys that the user chose.
    """
    fold = FOLDED.get((call.operation.id, direction))
    if fold is None or not isinstance(value, dict):
        return value, 0
    shape = _shape(call, direction)
    if shape is None:
        return value, 0
    found, left_out = _object(fold, shape, value, "")
    return (found, left_out) if left_out >= MIN_FOLDED else (value, 0)


def _shape(call: Call, direction: Direction) -> Shape | None:
    """The shape of the body; that of the newest version for versions that are not described."""
    for version in (call.version, None):
        name = call.operation.id
        shape = request_shape(name, version) if direction == "request" else response_shape(name, 200, version)
        if shape is not None:
            return shape
    return None


def _object(fold: Fold, shape: Shape, value: dict[str, Any], path: str) -> tuple[dict[str, Any], int]:
    found, total = {}, 0
    for name, one in value.items():
        place = f"{path}.{name}" if path else name
        described = shape.field(name)
        if described is None or not (path or not fold.within or name in fold.within):
            found[name] = one
            continue
        shown, left_out = _field(fold, described.shape, one, place)
        total += left_out
        if left_out == 0 or shown:
            found[name] = shown
    return found, total


def _field(fold: Fold, shape: Shape, value: Any, path: str) -> tuple[Any, int]:
    """Return what is shown of a field's value, and how many fields are left out; nothing and 1 or more: all of it."""
    if fold.is_default(path, value):
        return None, 1
    if isinstance(value, dict) and shape.kind == "object" and shape.fields:
        return _object(fold, shape, value, path)
    if isinstance(value, dict) and shape.kind == "map" and (items := shape.items) and items.fields:
        pairs = {
            name: _object(fold, items, one, path) if isinstance(one, dict) else (one, 0)
            for name, one in value.items()
        }
        return {name: shown for name, (shown, _) in pairs.items()}, sum(count for _, count in pairs.values())
    return value, 0


def _is_empty(value: Any) -> bool:
    return not value or (isinstance(value, list) and all(type(one) is int and not one for one in value))
