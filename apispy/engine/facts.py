"""The generated data of this package, loaded on first use. ``tools/make_shapes.py`` documents its form."""

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
"""The first version with a machine-readable description. There are no shapes for earlier ones."""


@cache
def described() -> Facts:
    """Versions, definitions and operations of API 1.25 and later. The first call takes about 5 ms."""
    return _read("shapes.json")


@cache
def earlier() -> Facts:
    """The parameters of operations before 1.25."""
    return _read("earlier.json")


def _read(name: str) -> Facts:
    content: Facts = json.loads((files("apispy.engine") / "data" / name).read_text("utf-8"))
    return content


def operation_facts(operation_id: str) -> Facts:
    """The description of an operation; {} if no description has it."""
    return _part(described()["operations"], operation_id)


def earlier_parameters(operation_id: str) -> Facts:
    """The parameters of an operation before 1.25: "query all" -> [first, last or null, type]; {} if it had none."""
    return _part(earlier(), operation_id)


def _part(facts: Facts, operation_id: str) -> Facts:
    """The key of an operation in the data: method and path. IDs and path names changed between versions."""
    row = BY_ID.get(operation_id, UNKNOWN)
    part: Facts = facts.get(f"{row.method} {re.sub('{[^}]*}', '{}', row.path)}", {})
    return part


def value_in_version(history: History, version: str) -> Any:
    """The value in a known *version*; None if there is none."""
    return next((fact for first, fact in reversed(history) if between(first, version, NEWEST)), None)


def last_of(history: History) -> str:
    """The last version with a value."""
    since, fact = history[-1]
    return NEWEST if fact is not None else VERSIONS[VERSIONS.index(since) - 1]
