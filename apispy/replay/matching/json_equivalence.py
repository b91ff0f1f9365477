"""Compares JSON values: order of keys and white space mean nothing, and to Docker nor do null and what is not there."""

from collections.abc import Iterator
from typing import Any

from apispy.replay.matching import ignored_differences
from apispy.replay.matching.base import Difference
from apispy.replay.variables import EPHEMERAL, Unifier

POINTERS = frozenset((
    "Init", "OomKillDisable", "PidsLimit", "MemorySwappiness", "StopTimeout", "Signal", "Timeout", "Replicas",
    "EnableIPv4", "EnableIPv6", "Attachable", "Ingress",
))  # fmt: skip
"""Fields of which Docker tells zero from nothing: they are pointers in its Go."""

PORTS = frozenset(("HostPort", "PublicPort", "PublishedPort"))
"""Fields whose value may be a port that was free when the client asked."""

DEEPEST = 200
"""Levels that are compared one by one; what is below must be equal."""

NOTHING: tuple[Any, ...] = (None, "", [], {})


def unify(unifier: Unifier, recorded: Any, live: Any, place: str, depth: int = 0) -> Iterator[Difference]:
    """What differs, each with its place: ``body $.HostConfig.Memory``."""
    if depth > DEEPEST:
        if recorded != live:
            yield Difference(place, recorded, live)
    elif isinstance(recorded, dict) and isinstance(live, dict):
        yield from _objects(unifier, recorded, live, place, depth)
    elif isinstance(recorded, list) and isinstance(live, list) and len(recorded) == len(live):
        for number, (one, other) in enumerate(zip(recorded, live, strict=True)):
            yield from unify(unifier, one, other, f"{place}[{number}]", depth + 1)
    elif not _same(unifier, recorded, live):
        yield Difference(place, recorded, live)


def _objects(
    unifier: Unifier, recorded: dict[str, Any], live: dict[str, Any], place: str, depth: int
) -> Iterator[Difference]:
    left = {name: value for name, value in live.items() if name not in recorded}
    for name, value in recorded.items():
        below = f"{place}.{name}"
        if name in ignored_differences.FIELDS:
            left.pop(name, None)
        elif name in live:
            if not _by_name(unifier, name, value, live[name]):
                yield from unify(unifier, value, live[name], below, depth + 1)
        elif (other := _renamed(unifier, name, left)) is not None:
            yield from unify(unifier, value, left.pop(other), f"{place}.{other}", depth + 1)
        elif not _is_nothing(name, value):
            yield Difference(below, value, None)
    for name, value in left.items():
        if name not in ignored_differences.FIELDS and not _is_nothing(name, value):
            yield Difference(f"{place}.{name}", None, value)


def _renamed(unifier: Unifier, name: str, left: dict[str, Any]) -> str | None:
    """The live key that stands for a recorded one in which there is a variable."""
    if not unifier.variables.spans(name):
        return None
    return next((other for other in left if unifier.same(name, other)), None)


def _by_name(unifier: Unifier, name: str, recorded: Any, live: Any) -> bool:
    """Whether the value may be another because of what its field is."""
    if name not in PORTS:
        return False
    one, other = str(recorded), str(live)
    if one.isdigit() and int(one[:9]) >= EPHEMERAL and other.isdigit() and 0 < int(other[:9]) < 65536:
        return unifier.stands_for("port", one, other)
    return False


def _is_nothing(name: str, value: Any) -> bool:
    """Whether a field with that value may as well be left out: to Docker's Go both are the zero value."""
    if any(value is nothing or (type(value) is type(nothing) and value == nothing) for nothing in NOTHING):
        return True
    if isinstance(value, dict):  # an object of nothings is one too
        return name not in ("Labels", "Options") and all(_is_nothing(key, one) for key, one in value.items())
    return name not in POINTERS and type(value) in (bool, int, float) and not value


def _same(unifier: Unifier, recorded: Any, live: Any) -> bool:
    if isinstance(recorded, str):
        if isinstance(live, str):
            return unifier.same(recorded, live)
        return (
            _is_number(live) and bool(unifier.variables.spans(recorded)) and unifier.same(recorded, str(live))
        )
    if recorded in NOTHING and live in NOTHING:  # null and an empty list, say
        return True
    return type(recorded) is type(live) and bool(recorded == live)


def _is_number(value: Any) -> bool:
    return type(value) is int
