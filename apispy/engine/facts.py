"""The generated data of this room, read when first asked for. ``tools/make_shapes.py`` tells its form."""

import json
import re
from functools import cache
from importlib.resources import files
from typing import Any

from apispy.engine.operations import OPERATIONS
from apispy.engine.versions import NEWEST, VERSIONS, between, nearest

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
    """Since when operations and parameters were there before 1.25, and operations never described."""
    return _read("earlier.json")


def _read(name: str) -> Facts:
    content: Facts = json.loads((files("apispy.engine") / "data" / name).read_text("utf-8"))
    return content


_PATHS = {row.id: (row.method, row.path) for row in OPERATIONS}


def path_of(operation_id: str) -> str:
    """The template of its path; "" if it is unknown."""
    return _PATHS.get(operation_id, ("", ""))[1]


def operation_facts(operation_id: str) -> Facts:
    """What the descriptions say of an operation; {} if they do not have it."""
    return _part(described()["operations"], operation_id)


def earlier_facts(operation_id: str) -> Facts:
    """What is known of it from before; {} if nothing is."""
    return _part(earlier(), operation_id)


def _part(facts: Facts, operation_id: str) -> Facts:
    """The data know an operation by method and path; its id and the names in the path changed over the versions."""
    method, path = _PATHS.get(operation_id, ("", ""))
    part: Facts = facts.get(f"{method} {re.sub('{[^}]*}', '{}', path)}", {})
    return part


def at(history: History, version: str) -> Any:
    """What holds in a known *version*; None if nothing does."""
    return next((fact for first, fact in reversed(history) if between(first, version, NEWEST)), None)


def last_of(history: History) -> str:
    """The last version that has it."""
    since, fact = history[-1]
    return NEWEST if fact is not None else VERSIONS[VERSIONS.index(since) - 1]


@cache
def versions_of(operation_id: str) -> tuple[str, str] | None:
    """The first and last version of an operation, None if it is unknown.

    Those whose documents have it; of one that they never had, those whose engines routed it.
    """
    history = operation_facts(operation_id).get("id")
    last = last_of(history) if history else NEWEST
    if before := earlier_facts(operation_id):
        return before["first"], before["last"] or last
    return (history[0][0], last) if history else None


def is_documented(operation_id: str) -> bool:
    """Whether any document has it."""
    return "id" in operation_facts(operation_id) or earlier_facts(operation_id).get("documented", False)


def has_operation(operation_id: str, version: str | None) -> bool:
    """Whether this version has it (the nearest known version; None: the newest)."""
    span = versions_of(operation_id)
    return span is not None and between(span[0], nearest(version), span[1])
