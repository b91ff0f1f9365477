"""The filter language as JSON, for a program in another language: its grammar, and what each field reads in a call.

So the page's script only parses and compares; what a field means is written once, in ``fields.py``.
"""

import math
from typing import Any

from apispy.filters import value_types
from apispy.filters.fields import TABLE, WORD
from apispy.filters.parser import MAX_DEPTH
from apispy.filters.subject import Subject

KINDS = {
    "glob": value_types.GLOB,
    "text": value_types.TEXT,
    "number": value_types.NUMBER,
    "duration": value_types.DURATION,
    "size": value_types.SIZE,
    "version": value_types.VERSION,
    "time": value_types.TIME,
}

FLAG = "!"
"""After a field's name: the key of its flag."""


def grammar() -> dict[str, Any]:
    """Return the fields, the types of their values, and the units."""
    names = {id(kind): name for name, kind in KINDS.items()}
    return {
        "fields": [
            {
                "name": one.name,
                "alias": one.alias,
                "kind": names[id(one.kind)],
                "flag": one.flag is not None,
                "does": one.does,
                "example": one.example,
            }
            for one in TABLE
        ],
        "kinds": {
            name: {"expects": kind.expects, "operators": list(kind.operators)} for name, kind in KINDS.items()
        },
        "seconds": value_types.SECONDS,
        "bytes": value_types.BYTES,
        "depth": MAX_DEPTH,
    }


def field_values(subject: Subject) -> dict[str, Any]:
    """Return what the fields read in a call, by their names; of a flag, whether it holds. What is empty is left out.

    A number that JSON cannot have is text: "inf", "nan". The key of a bare word is "".
    """
    found: dict[str, Any] = {}
    for one in (*TABLE, WORD):
        if values := [_as_json(value) for value in dict.fromkeys(one.values(subject))]:
            found[one.name] = values
        if one.flag is not None and one.flag(subject):
            found[one.name + FLAG] = True
    return found


def _as_json(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
