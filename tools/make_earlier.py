#!/usr/bin/env python3
"""Make apispy/engine/data/earlier.json from ops.json, a list of all operations in all versions and releases.

    .venv/bin/python tools/make_earlier.py FOLDER/ops.json

It adds to shapes.json what the descriptions of API 1.25 and later do not contain: in which earlier version a parameter
appeared, and parameters that were removed before 1.25. None of that changes any more.

Output: {"GET /images/json": {"query all": [first, last, type]}}; last is null if 1.25 still has the parameter (its type
is in shapes.json).
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

from apispy.engine.operations import OPERATIONS

TARGET = Path(__file__).parents[1] / "apispy/engine/data/earlier.json"
BOOLEAN = ("all", "force", "details")
"""Boolean parameters among those removed before 1.25; the others are strings. The old documents name no types."""

Facts = dict[str, Any]


def main(source: str) -> None:
    TARGET.write_text(format_json(facts(Path(source))), encoding="utf-8")


def facts(source: Path) -> Facts:
    routes = {f"{row.method} {re.sub('{[^}]*}', '{}', row.path)}" for row in OPERATIONS}
    result: Facts = {}
    for row in json.loads(source.read_text(encoding="utf-8"))["ops"]:
        route = f"{row['method']} {row['key'].rstrip('/')}"
        parameters = {
            f"{parameter['loc']} {parameter['name']}": _parameter(parameter)
            for parameter in row["params"]
            if parameter["loc"] in ("query", "header") and _is_earlier(parameter["first"])
        }
        if route in routes and parameters:
            result[route] = parameters
    return result


def _parameter(row: Facts) -> list[Any]:
    last = _last(row["last"])
    return [row["first"], last, "" if last is None else "boolean" if row["name"] in BOOLEAN else "string"]


def _last(version: str) -> str | None:
    return version if _is_earlier(version) else None


def _is_earlier(version: str) -> bool:
    """Return whether a version precedes 1.25, the first one in shapes.json."""
    return int(version.removeprefix("1.")) < 25


def format_json(facts: Facts) -> str:
    """Format as JSON, one line per operation."""
    lines = (f"{json.dumps(route)}: {json.dumps(fact)}" for route, fact in sorted(facts.items()))
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
