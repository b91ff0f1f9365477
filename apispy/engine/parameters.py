"""The parameters of every operation, in path, query and headers, with the versions that have them."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from apispy.engine.facts import earlier_parameters, last_of, operation_facts, value_in_version
from apispy.engine.operations import BY_ID
from apispy.engine.undocumented import UNDOCUMENTED, Place
from apispy.engine.versions import NEWEST, VERSIONS, between, nearest
from apispy.structs import Struct


class Parameter(Struct, frozen=True):
    """A parameter of an operation. Names of headers match regardless of case."""

    place: Place
    name: str
    type: str  # "string", "boolean", "integer", or "array" (of strings: the parameter is repeated)
    first: str  # the first version that has it
    last: str  # the last version that has it
    documented: bool = True
    required: bool = False
    json: bool = False  # whether its value, or each value of an array, is JSON
    enum: tuple[str, ...] = ()  # the allowed values, () for any
    deprecated: str = ""  # the first version that deprecates it; "" if none does


def parameters(operation_id: str) -> tuple[Parameter, ...]:
    """The parameters of all versions, in their latest form; () for an unknown operation.

    A parameter that the daemon still read after it had left the descriptions appears twice, for different versions.
    """
    return _all(operation_id, NEWEST)


def parameters_of(operation_id: str, version: str | None) -> tuple[Parameter, ...]:
    """The parameters of a version (its nearest known one; None: the newest), as that version has them."""
    return _of_version(operation_id, nearest(version))


@cache
def _of_version(operation_id: str, known: str) -> tuple[Parameter, ...]:
    return tuple(row for row in _all(operation_id, known) if between(row.first, known, row.last))


@cache
def _all(operation_id: str, version: str) -> tuple[Parameter, ...]:
    """All parameters, with type and other facts as of a known *version*."""
    if not (row := BY_ID.get(operation_id)):
        return ()
    span = row.first or VERSIONS[0], row.last or NEWEST
    names = re.findall(r"\{(\w+)\}", row.path)
    return (
        *(Parameter("path", name, "string", *span, row.documented, required=True) for name in names),
        *_described(operation_id, version),
        *_gone(operation_id),
        *_undocumented(operation_id),
    )


def _described(operation_id: str, version: str) -> Iterator[Parameter]:
    """The parameters of 1.25 and later. A gap (prune's filters in 1.27) is one of the description only."""
    earlier = earlier_parameters(operation_id)
    for key, history in operation_facts(operation_id).get("parameters", {}).items():
        place, name = _place_and_name(key)
        first, _, _ = earlier.get(key, (history[0][0], None, ""))
        fact = value_in_version([row for row in history if row[1]], version) or history[0][1]
        deprecated = next((since for since, fact in history if fact and "deprecated" in fact), "")
        yield Parameter(
            place,
            name,
            fact["type"],
            first,
            last_of(history),
            required=fact.get("required", False),
            json=fact.get("json", False),
            enum=tuple(fact.get("enum", ())),
            deprecated=deprecated,
        )


def _gone(operation_id: str) -> Iterator[Parameter]:
    """The parameters that no description of 1.25 and later has."""
    for key, (first, last, type_) in earlier_parameters(operation_id).items():
        if last:
            place, name = _place_and_name(key)
            yield Parameter(place, name, type_, first, last)


def _place_and_name(key: Any) -> tuple[Place, str]:
    place, name = key.split(" ")
    return place, name


def _undocumented(operation_id: str) -> Iterator[Parameter]:
    for id_, place, name, type_, first, last, json in UNDOCUMENTED:
        if id_ == operation_id:
            yield Parameter(place, name, type_, first, last or NEWEST, documented=False, json=json)
