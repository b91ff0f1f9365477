"""The generated data of this room, read when first asked for. ``tools/make_shapes.py`` tells its form."""

import json
import re
from functools import cache
from importlib.resources import files
from typing import Any

from apispy.engine.operations import BY_ID, UNKNOWN
from apispy.engine.versions import NEWEST, VERSIONS, between

Facts = dict[str, Any]
History = list[list[Any]]

FIRST_DESCRIBED = "1.25"
"""The first version that Docker describes in a form that machines can read. Of earlier ones no shapes are known."""


@cache
def described() -> Facts:
    """Versions, definitions and operations of API 1.25 and later. Takes about 5 ms, once."""
    return _read("shapes.json")


@cache
def earlier() -> Facts:
    """The parameters that operations had before 1.25."""
    return _read("earlier.json")


def _read(name: str) -> Facts:
    content: Facts = json.loads((files("apispy.engine") / "data" / name).read_text("utf-8"))
    return content


def operation_facts(operation_id: str) -> Facts:
    """What the descriptions say of an operation; {} if they do not have it."""
    return _part(described()["operations"], operation_id)


def earlier_parameters(operation_id: str) -> Facts:
    """Its parameters before 1.25: "query all" -> [first, last or null, type]; {} if it had none."""
    return _part(earlier(), operation_id)


def _part(facts: Facts, operation_id: str) -> Facts:
    """The data know an operation by method and path; its id and the names in the path changed over the versions."""
    row = BY_ID.get(operation_id, UNKNOWN)
    part: Facts = facts.get(f"{row.method} {re.sub('{[^}]*}', '{}', row.path)}", {})
    return part


def value_in_version(history: History, version: str) -> Any:
    """What holds in a known *version*; None if nothing does."""
    return next((fact for first, fact in reversed(history) if between(first, version, NEWEST)), None)


def last_of(history: History) -> str:
    """The last version that has it."""
    since, fact = history[-1]
    return NEWEST if fact is not None else VERSIONS[VERSIONS.index(since) - 1]
