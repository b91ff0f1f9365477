#!/usr/bin/env python3
"""Make apispy/engine/data/earlier.json from ops.json, a list of all operations over all versions and releases.

    .venv/bin/python tools/make_earlier.py FOLDER/ops.json

It adds to shapes.json what the descriptions of API 1.25 and later cannot tell: since when parameters were there before,
and those that were gone by then. None of that changes.

What is written: {"GET /images/json": {"query all": [first, last, type]}}; a last of null means that it goes on (and its
type is in shapes.json).
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

from apispy.engine.operations import OPERATIONS

TARGET = Path(__file__).parents[1] / "apispy/engine/data/earlier.json"
BOOLEAN = ("all", "force", "details")
"""Of the parameters that were gone by 1.25, those that are no strings: the documents named no types then."""

Facts = dict[str, Any]


def main(source: str) -> None:
    TARGET.write_text(written(facts(Path(source))), encoding="utf-8")


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
    """Than what shapes.json begins with."""
    return int(version.removeprefix("1.")) < 25


def written(facts: Facts) -> str:
    """As JSON, a line for each operation."""
    lines = (f"{json.dumps(route)}: {json.dumps(fact)}" for route, fact in sorted(facts.items()))
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
