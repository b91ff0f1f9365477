"""Whether an answer that was given in one version of the API is right in another one."""

from collections.abc import Iterator
from typing import Any

from apispy.engine import versions
from apispy.engine.parameters import parameters_of
from apispy.engine.shapes import Shape, response_shape
from apispy.replay.matching.base import Question


def why_not_valid(question: Question) -> str:
    """Why the recorded answer must not be given to the live client's version, in a sentence; "" if it may be.

    It may if both versions have the operation and all parameters of the request, and describe the answer alike.
    """
    recorded, live = question.recorded.call, question.live.call
    ours, theirs = (call.version or versions.NEWEST for call in (recorded, live))
    operation = recorded.operation
    if not operation.id:
        return "the operation is not known, so nothing is known of its versions"
    for version in (ours, theirs):
        if not operation.exists_in(version):
            return f"API {version} does not have {operation.id}"
    for version in (ours, theirs):
        known = {row.name for row in parameters_of(operation.id, version) if row.place == "query"}
        if missing := sorted({name for name, _ in live.parameters} - known):
            return f"API {version} does not have the parameter {missing[0]} of {operation.id}"
    status = question.status or 200
    first, second = (response_shape(operation.id, status, version) for version in (ours, theirs))
    place = next(_unlike(first, second, "$", 0), None) if first and second else None
    return f"{operation.id} answers otherwise in API {theirs}: {place}" if place else ""


def _unlike(one: Shape, other: Shape, place: str, depth: int) -> Iterator[str]:
    """Where two descriptions contradict each other. That one knows more fields is no contradiction."""
    if "any" in (one.kind, other.kind) or depth > 6:
        return
    if one.kind != other.kind:
        yield f"{place} is {one.kind} in one and {other.kind} in the other"
        return
    theirs: dict[str, Any] = {field.name: field.shape for field in other.fields}
    for field in one.fields:
        if field.name in theirs:
            yield from _unlike(field.shape, theirs[field.name], f"{place}.{field.name}", depth + 1)
    if one.items and other.items:
        yield from _unlike(one.items, other.items, f"{place}[]", depth + 1)
