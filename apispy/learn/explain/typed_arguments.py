"""What is to be said of each thing that a pasted call holds."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from apispy.engine.parameters import Parameter, parameters, parameters_of
from apispy.engine.versions import parse
from apispy.learn.explain.body_fields import DESCRIBED, Rows, described, plain, rows
from apispy.learn.explain.descriptions import description
from apispy.learn.explain.records import Given, Question

CLIENTS_OWN = frozenset(
    [
        "host",
        "user-agent",
        "content-type",
        "content-length",
        "connection",
        "upgrade",
        "accept",
        "accept-encoding",
    ]
)
"""Headers that any HTTP client sends."""


def given(asked: Question, version: str) -> tuple[Given, ...]:
    """Path arguments, parameters, headers and body fields, as the known *version* has them."""
    call = asked.call
    if not call:
        return ()
    found = [_parameter(asked, version, "path", *pair) for pair in call.arguments.items()]
    found += [_form(_parameter(asked, version, "query", *pair)) for pair in call.form]
    found += [_parameter(asked, version, "query", *pair) for pair in call.query]
    found += [_parameter(asked, version, "header", name, "") for name in asked.headers
              if name.lower() not in CLIENTS_OWN]  # fmt: skip
    return (*found, *_body(asked, version))


def _form(row: Given) -> Given:
    """What is no parameter, in a body, may be a secret that was sent in the wrong form."""
    return row if row.type else replace(row, value="")


def _parameter(asked: Question, version: str, place: str, name: str, value: str) -> Given:
    operation_id = asked.operation.id
    row = _row(parameters_of(operation_id, version), place, name)
    elsewhen = row or _row(_by_distance(parameters(operation_id), version), place, name)
    note = "" if row or place == "path" else _when(elsewhen, version)
    decoded = _json(value) if elsewhen and elsewhen.json else None
    if elsewhen and elsewhen.json and decoded is None and value:
        note = "no valid JSON"
    words = description(operation_id, elsewhen.name) if elsewhen else ""
    return Given(
        place, name, value, decoded, elsewhen.type if elsewhen else "", words, note or _value(row, value)
    )


def _row(candidates: tuple[Parameter, ...], place: str, name: str) -> Parameter | None:
    """Names of headers have no case."""
    same = [row for row in candidates if row.place == place]
    if place == "header":
        return next((row for row in same if row.name.lower() == name.lower()), None)
    return next((row for row in same if row.name == name), None)


def _by_distance(rows: tuple[Parameter, ...], version: str) -> tuple[Parameter, ...]:
    """Those of later versions, the next first, then those of earlier ones, the last first."""
    later = sorted((row for row in rows if _later(row.first, version)), key=lambda row: _number(row.first))
    earlier = sorted(
        (row for row in rows if row not in later), key=lambda row: _number(row.last), reverse=True
    )
    return (*later, *earlier)


def _later(one: str, other: str) -> bool:
    return _number(one) > _number(other)


def _number(version: str) -> tuple[int, int]:
    return parse(version) or (0, 0)


def _when(row: Parameter | None, version: str) -> str:
    if row is None:
        return f"unknown to API {version}, which ignores it"
    if _later(row.first, version):
        return f"only since API {row.first}"
    return f"only until API {row.last}"


def _value(row: Parameter | None, value: str) -> str:
    """What is wrong with a value of a known parameter."""
    if not row or not value:
        return ""
    if row.enum and value not in row.enum:
        return f"expected one of {', '.join(row.enum)}"
    if row.type == "integer" and row.place == "query" and not value.removeprefix("-").isdecimal():
        return "expected a whole number"
    if row.type == "boolean":
        return "" if value.strip().lower() in ("1", "true", "0", "false", "no", "none") else "means true"
    return ""


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _body(asked: Question, version: str) -> Iterator[Given]:
    """The fields of a JSON body, without their values. Those that Docker's descriptions do not have are told so."""
    value = _json(asked.body)
    known = rows(asked.operation.id, "request", described(version))
    if isinstance(value, dict) and known:
        yield from _fields(value, known, "", asked.operation.id, version)


def _fields(
    value: dict[str, Any], known: Rows, before: str, operation_id: str, version: str
) -> Iterator[Given]:
    by_name = {plain(path).lower(): row for path, row in known.items()}
    for key, part in value.items():
        path = f"{before}{key}"
        row = by_name.get(path.lower())
        note = "" if row else _field_when(operation_id, path, version)
        yield Given("body", path, "", None, row.type if row else "", "", note)
        inside = (
            part if isinstance(part, dict) else next(iter(part), None) if isinstance(part, list) else None
        )
        if row and isinstance(inside, dict) and any(one.startswith(f"{path.lower()}.") for one in by_name):
            if row.type.startswith("map"):
                inside = next((one for one in inside.values() if isinstance(one, dict)), {})
            yield from _fields(inside, known, f"{path}.", operation_id, version)


def _field_when(operation_id: str, path: str, version: str) -> str:
    """When an unknown field was known, or will be."""
    has = [one for one in DESCRIBED if _has(rows(operation_id, "request", one), path)]
    if not has:
        return f"unknown to API {version}, which ignores it"
    return f"only since API {has[0]}" if _later(has[0], version) else f"only until API {has[-1]}"


def _has(known: Rows, path: str) -> bool:
    return any(plain(one).lower() == path.lower() for one in known)
