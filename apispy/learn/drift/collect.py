"""Differences between responses and their descriptions: grouped, counted, with one example, in bounded memory."""

import json
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Literal

from apispy.engine import Call
from apispy.engine.facts import FIRST_DESCRIBED
from apispy.engine.operations import FOREIGN_TAGS
from apispy.engine.shapes import response_shape, statuses
from apispy.engine.versions import NEWEST, VERSIONS, between
from apispy.learn.notes.bodies import EXPECTED_DIFFERENCES
from apispy.learn.notes.schema_check import FieldPath, SchemaDifference, differences
from apispy.learn.read_call import ReadCall
from apispy.structs import Struct

MAX_DIFFERENCES = 2000
"""Differences that are kept; more are counted."""

MAX_EXAMPLE = 80
"""Characters of an example, and of a name that the description does not have."""

Kind = Literal["operation", "status", "unknown", "missing", "type", "value"]
"""An operation or status that is not described; a field that is not described, or missing though it is required; a type
or a value that the description does not allow."""

KNOWN_STATUSES = frozenset((("ExecStart", 101),))
"""Operations and statuses that every Docker daemon sends, and no description has."""

_shape = lru_cache(1024)(response_shape)


class Difference(Struct):
    """A difference that one or more calls show."""

    operation: str
    version: str
    kind: Kind
    place: str  # the status, the dotted path of a field; "" for an operation
    expected: str
    found: str
    example: str  # JSON of the value in the first call
    first: str
    known: bool  # every real daemon shows it: Docker's description is wrong there
    calls: int = 0


class Drift:
    """Compares responses with their descriptions, one call at a time."""

    def __init__(self) -> None:
        self.calls = 0
        self.compared: Counter[str] = Counter()  # calls that could be compared, by API version
        self.beyond = 0  # differences beyond MAX_DIFFERENCES
        self._found: dict[tuple[str, ...], Difference] = {}

    @property
    def differences(self) -> list[Difference]:
        """The differences that are not known, by operation."""
        return [one for one in self._sorted() if not one.known]

    @property
    def known(self) -> list[Difference]:
        """The differences that every real daemon shows."""
        return [one for one in self._sorted() if one.known]

    def add(self, decoded: ReadCall, source: str = "") -> None:
        """Compare a call. *source* is the name of its file if there are several."""
        self.calls += 1
        call, response = decoded.call, decoded.exchange.response
        version = _version(decoded)
        if response is None or not version or call.operation.tag in FOREIGN_TAGS:
            return
        self.compared[version] += 1
        number = f"{source} #{decoded.exchange.id}".lstrip()
        for found, example in dict(_differences(decoded, version, response.status)).items():
            self._note(call, version, found, example, number)

    def _note(
        self, call: Call, version: str, found: SchemaDifference | str, example: str, number: str
    ) -> None:
        name = call.operation.id or _cut(call.path)
        if isinstance(found, SchemaDifference):
            kind: Kind = found.kind
            place, expected, seen = _cut(found.field), found.expected, _cut(found.found)
            known = (found.kind, found.field) in EXPECTED_DIFFERENCES.get(name, ())
        else:
            kind = "status" if found else "operation"
            place, expected, seen = found, "", ""
            known = (
                (name, int(found)) in KNOWN_STATUSES
                if found
                else call.known and not call.operation.documented
            )
        key = name, version, kind, place, seen
        if key not in self._found and len(self._found) >= MAX_DIFFERENCES:
            self.beyond += 1
            return
        new = Difference(name, version, kind, place, expected, seen, example, number, known)
        self._found.setdefault(key, new).calls += 1

    def _sorted(self) -> list[Difference]:
        return sorted(self._found.values(), key=lambda one: (one.operation, VERSIONS.index(one.version)))


def _version(decoded: ReadCall) -> str:
    """Return the version whose description applies: the one in the path, else the daemon's own; "" if unknown."""
    response = decoded.exchange.response
    version = decoded.call.version or (response.headers.text("Api-Version") if response else "")
    known = version in VERSIONS and between(FIRST_DESCRIBED, version, NEWEST)
    return version if known else ""


def _differences(
    decoded: ReadCall, version: str, status: int
) -> Iterator[tuple[SchemaDifference | str, str]]:
    """Yield differences with an example. A text is a status that is not described; "" stands for the operation."""
    call = decoded.call
    if not call.known:
        if status not in (404, 405, 501):
            yield "", ""
        return
    described = statuses(call.operation.id, version)
    if not call.operation.documented or not described:
        yield "", ""
        return
    if status not in described:
        yield str(status), ""
        return
    shape = _shape(call.operation.id, status, version)
    if shape is None:
        return
    for item in decoded.items.get("response", ()):
        if item.kind == "json":
            for found in differences(item.value, shape):
                yield found, _example(item.value, found.path)


def _example(value: Any, path: FieldPath) -> str:
    """Return the JSON of the first value at *path*; "" if there is none."""
    values = list(_values(value, path))
    return _cut(json.dumps(values[0], ensure_ascii=False)) if values else ""


def _values(value: Any, path: FieldPath) -> Iterator[Any]:
    if not path:
        yield value
        return
    name, *rest = path
    if name == "[]" and isinstance(value, list):
        parts = value
    elif name == "{}" and isinstance(value, dict):
        parts = list(value.values())
    elif isinstance(value, dict):
        parts = [part for key, part in value.items() if key.lower() == name.lower()]
    else:
        return
    for part in parts:
        yield from _values(part, tuple(rest))


def _cut(text: str) -> str:
    return text if len(text) <= MAX_EXAMPLE else f"{text[:MAX_EXAMPLE]}..."
