"""JSON as indented lines, in which what is short stays on one line."""

import json
from typing import Any

from apispy.outputs.decoded_values import compact_json
from apispy.outputs.escaping import escape

WIDTH = 72
"""Columns that a line may have to hold a whole object or list."""

MAX_DEPTH = 100
"""Levels that are indented. What is deeper stays on one line."""


def json_lines(value: Any, width: int = WIDTH) -> list[str]:
    """Format a JSON value as escaped lines. An object or list that fits in *width* columns takes one line."""
    return [escape(line) for line in _lines(value, width, 0)]


def _lines(value: Any, width: int, depth: int) -> list[str]:
    if not value or not isinstance(value, dict | list) or depth >= MAX_DEPTH:
        return [compact_json(value)]
    if isinstance(value, dict):
        opening, closing = "{}"
        parts = [
            _after(f"{json.dumps(str(name), ensure_ascii=False)}: ", _lines(one, width - 2, depth + 1))
            for name, one in value.items()
        ]
    else:
        opening, closing = "[]"
        parts = [_lines(one, width - 2, depth + 1) for one in value]
    if all(len(part) == 1 for part in parts):
        together = f"{opening}{', '.join(part[0] for part in parts)}{closing}"
        if len(together) <= width:
            return [together]
    found = [opening]
    for number, part in enumerate(parts, 1):
        found += [f"  {line}" for line in part]
        found[-1] += "," if number < len(parts) else ""
    return [*found, closing]


def _after(prefix: str, lines: list[str]) -> list[str]:
    return [prefix + lines[0], *lines[1:]]
