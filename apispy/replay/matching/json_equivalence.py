"""Compares JSON values as Docker does: key order, white space and empty fields mean nothing."""

from collections.abc import Iterator
from typing import Any

from apispy.replay.matching import ignored_differences
from apispy.replay.matching.matcher import Difference
from apispy.replay.variables import FIRST_EPHEMERAL_PORT, Unifier

POINTER_FIELDS = frozenset((
    "Init", "OomKillDisable", "PidsLimit", "MemorySwappiness", "StopTimeout", "Signal", "Timeout", "Replicas",
    "EnableIPv4", "EnableIPv6", "Attachable", "Ingress",
))  # fmt: skip
"""Fields for which Docker distinguishes zero from absent, because they are pointers in its Go code."""

PORT_FIELDS = frozenset(("HostPort", "PublicPort", "PublishedPort"))
"""Fields whose value may be an ephemeral port, which was free when the client chose it."""

MAX_DEPTH = 200
"""Levels that are compared field by field; deeper values must be equal."""

EMPTY: tuple[Any, ...] = (None, "", [], {})


def compare_json(
    unifier: Unifier, recorded: Any, live: Any, place: str, depth: int = 0
) -> Iterator[Difference]:
    """The differences, each with its place: ``body $.HostConfig.Memory``."""
    if depth > MAX_DEPTH:
        if recorded != live:
            yield Difference(place, recorded, live)
    elif isinstance(recorded, dict) and isinstance(live, dict):
        yield from _compare_objects(unifier, recorded, live, place, depth)
    elif isinstance(recorded, list) and isinstance(live, list) and len(recorded) == len(live):
        for number, (one, other) in enumerate(zip(recorded, live, strict=True)):
            yield from compare_json(unifier, one, other, f"{place}[{number}]", depth + 1)
    elif not _same_value(unifier, recorded, live):
        yield Difference(place, recorded, live)


def _compare_objects(
    unifier: Unifier, recorded: dict[str, Any], live: dict[str, Any], place: str, depth: int
) -> Iterator[Difference]:
    added = {name: value for name, value in live.items() if name not in recorded}
    for name, value in recorded.items():
        below = f"{place}.{name}"
        if name in ignored_differences.TERMINAL_SIZE_FIELDS:
            added.pop(name, None)
        elif name in live:
            if not _is_ephemeral_port(unifier, name, value, live[name]):
                yield from compare_json(unifier, value, live[name], below, depth + 1)
        elif (other := _live_key(unifier, name, added)) is not None:
            yield from compare_json(unifier, value, added.pop(other), f"{place}.{other}", depth + 1)
        elif not _means_absent(name, value):
            yield Difference(below, value, None)
    for name, value in added.items():
        if name not in ignored_differences.TERMINAL_SIZE_FIELDS and not _means_absent(name, value):
            yield Difference(f"{place}.{name}", None, value)


def _live_key(unifier: Unifier, name: str, live: dict[str, Any]) -> str | None:
    """The live key that matches a recorded key with a variable in it."""
    if not unifier.variables.spans(name):
        return None
    return next((other for other in live if unifier.matches(name, other)), None)


def _is_ephemeral_port(unifier: Unifier, name: str, recorded: Any, live: Any) -> bool:
    """Whether the values are an ephemeral port and the live port that it is bound to."""
    if name not in PORT_FIELDS:
        return False
    one, other = str(recorded), str(live)
    if (
        one.isdigit()
        and int(one[:9]) >= FIRST_EPHEMERAL_PORT
        and other.isdigit()
        and 0 < int(other[:9]) < 65536
    ):
        return unifier.bind_value("port", one, other)
    return False


def _means_absent(name: str, value: Any) -> bool:
    """Whether a field with that value means the same as no field: both are the zero value in Docker's Go code."""
    if any(value is empty or (type(value) is type(empty) and value == empty) for empty in EMPTY):
        return True
    if isinstance(value, dict):  # an object of absent fields
        return name not in ("Labels", "Options") and all(
            _means_absent(key, one) for key, one in value.items()
        )
    return name not in POINTER_FIELDS and type(value) in (bool, int, float) and not value


def _same_value(unifier: Unifier, recorded: Any, live: Any) -> bool:
    if isinstance(recorded, str):
        if isinstance(live, str):
            return unifier.matches(recorded, live)
        has_variables = type(live) is int and bool(unifier.variables.spans(recorded))
        return has_variables and unifier.matches(recorded, str(live))
    if recorded in EMPTY and live in EMPTY:  # null and an empty list, say
        return True
    return type(recorded) is type(live) and bool(recorded == live)
