"""Explains each argument of a pasted call."""

import json
from collections.abc import Iterator
from typing import Any

from apispy.engine.filters import filter_problems
from apispy.engine.parameters import Parameter, parameters, parameters_of
from apispy.engine.undocumented_fields import READ_FIELDS
from apispy.engine.versions import parse
from apispy.learn.explain.body_fields import DESCRIBED, Rows, described, plain_path, rows
from apispy.learn.explain.descriptions import description
from apispy.learn.explain.field_meanings import meaning
from apispy.learn.explain.records import Question, TypedArgument
from apispy.structs import replace

STANDARD_HEADERS = frozenset(
    [
        "host",
        "user-agent",
        "content-type",
        "content-length",
        "connection",
        "upgrade",
        "accept",
        "accept-encoding",
        "expect",
        "transfer-encoding",
        "te",
        "trailer",
        "http2-settings",
        "traceparent",
        "tracestate",
        "baggage",
    ]
)
"""Headers of HTTP itself and of OpenTelemetry, which the daemon's libraries read."""

STANDARD_PREFIXES = ("sec-websocket-", "x-docker-expose-session-", "x-meta-")
"""How headers begin that a WebSocket handshake, a session and a registry (in pull and push) get."""

REFUSED_STATUS = "400, or in Docker Engine 20.10 also 500"
"""How an engine refuses filters: 20.10 answers 500 if they are not JSON of the right form."""


def typed_arguments(question: Question, version: str) -> tuple[TypedArgument, ...]:
    """Explain path arguments, parameters, headers and body fields for a known *version*."""
    call = question.call
    if not call:
        return ()
    found = [_parameter(question, version, "path", name, value) for name, value in call.arguments.items()
             if value != f"{{{name}}}"]  # fmt: skip
    found += [_form(_parameter(question, version, "query", *pair)) for pair in call.form]
    found += [_parameter(question, version, "query", *pair) for pair in call.query]
    found += [_parameter(question, version, "header", name, "") for name in question.headers
              if name.lower() not in STANDARD_HEADERS
             and not name.lower().startswith(STANDARD_PREFIXES)]  # fmt: skip
    return (*found, *_body(question, version))


def _form(row: TypedArgument) -> TypedArgument:
    """Hide the value of an unknown form field: it may be a secret sent in the wrong format."""
    return row if row.type else replace(row, value="")


def _parameter(question: Question, version: str, place: str, name: str, value: str) -> TypedArgument:
    operation_id = question.operation.id
    row = _row(parameters_of(operation_id, version), place, name)
    other = row or _row(_by_distance(parameters(operation_id), version), place, name)
    podman = question.operation.tag == "Podman"  # its parameters are not in the catalogue
    note = "" if row or podman or place == "path" else _availability(other, version)
    decoded = _json(value) if other and other.json else None
    if other and other.json and decoded is None and value:
        note = "invalid JSON"
    if row and name == "filters" and (note := _filter_problems(operation_id, value, version)):
        decoded = None
    words = description(operation_id, other.name, place) if other else ""
    return TypedArgument(
        place, name, value, decoded, other.type if other else "", words, note or _value_problem(row, value)
    )


def _filter_problems(operation_id: str, value: str, version: str) -> str:
    """Say what the daemon refuses or ignores in filters, and with which status; "" for nothing."""
    problems = filter_problems(operation_id, value, version)
    refused = f" ({REFUSED_STATUS})" if any(one.kind == "refused" for one in problems) else ""
    return "; ".join(one.text for one in problems) + refused


def _row(candidates: tuple[Parameter, ...], place: str, name: str) -> Parameter | None:
    """Find a parameter by name; header names ignore case."""
    same = [row for row in candidates if row.place == place]
    if place == "header":
        return next((row for row in same if row.name.lower() == name.lower()), None)
    return next((row for row in same if row.name == name), None)


def _by_distance(rows: tuple[Parameter, ...], version: str) -> tuple[Parameter, ...]:
    """Order parameters: those of later versions, the nearest first, then those of earlier ones, the nearest first."""
    later = sorted((row for row in rows if _later(row.first, version)), key=lambda row: _number(row.first))
    earlier = sorted(
        (row for row in rows if row not in later), key=lambda row: _number(row.last), reverse=True
    )
    return (*later, *earlier)


def _later(one: str, other: str) -> bool:
    return _number(one) > _number(other)


def _number(version: str) -> tuple[int, int]:
    return parse(version) or (0, 0)


def _availability(row: Parameter | None, version: str) -> str:
    if row is None:
        return f"unknown to API {version}, which ignores it"
    word = "documented" if row.documented else "only"
    if _later(row.first, version):
        return f"{word} since API {row.first}"
    return f"{word} until API {row.last}"


def _value_problem(row: Parameter | None, value: str) -> str:
    """Describe an invalid value of a known parameter; "" if valid."""
    if not row or not value:
        return ""
    if row.enum and value not in row.enum:
        return f"expected one of {', '.join(row.enum)}"
    if row.type == "integer" and row.place == "query" and not value.removeprefix("-").isdecimal():
        return "expected an integer"
    if row.type == "boolean":
        return (
            ""
            if value.strip().lower() in ("1", "true", "0", "false", "no", "none")
            else "interpreted as true"
        )
    return ""


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _body(question: Question, version: str) -> Iterator[TypedArgument]:
    """Explain the fields of a JSON body, without their values; unknown ones get a note."""
    value = _json(question.body)
    operation_id = question.operation.id
    known = rows(operation_id, "request", described(version))
    if not (isinstance(value, dict) and known):
        return
    for row in _fields(value, known, "", operation_id, version):
        yield (
            replace(row, note=_misplaced(operation_id, value, row, version) or row.note) if row.note else row
        )


def _misplaced(operation_id: str, body: dict[str, Any], row: TypedArgument, version: str) -> str:
    """Say what engines make of a field of HostConfig at the top level of ContainerCreate; "" for any other."""
    from apispy.learn.notes.top_level import (
        misplaced_field,  # with all notes, which a page without a body needs not
    )

    found = misplaced_field(operation_id, body, row.name, version) if row.name in body else None
    return f"at the top level it {found.effect(None)}" if found else ""


def _fields(
    value: dict[str, Any], known: Rows, before: str, operation_id: str, version: str
) -> Iterator[TypedArgument]:
    by_name = {plain_path(path).lower(): row for path, row in known.items()}
    for key, part in value.items():
        path = f"{before}{key}"
        row = by_name.get(path.lower())
        note = "" if row else _field_availability(operation_id, path, version)
        yield TypedArgument(
            "body", path, "", None, row.type if row else "", meaning(operation_id, path), note
        )
        inside = (
            part if isinstance(part, dict) else next(iter(part), None) if isinstance(part, list) else None
        )
        if row and isinstance(inside, dict) and any(one.startswith(f"{path.lower()}.") for one in by_name):
            if row.type.startswith("map"):
                inside = next((one for one in inside.values() if isinstance(one, dict)), {})
            yield from _fields(inside, known, f"{path}.", operation_id, version)


def _field_availability(operation_id: str, path: str, version: str) -> str:
    """Describe the versions that have a field which *version* does not have."""
    has = [one for one in DESCRIBED if _has(rows(operation_id, "request", one), path)]
    if (operation_id, path.lower()) in READ_FIELDS:
        return "not in the reference; the daemon uses it"
    if not has:
        return f"unknown to API {version}, which ignores it"
    span = f"since API {has[0]}" if _later(has[0], version) else f"until API {has[-1]}"
    return f"documented {span}"


def _has(known: Rows, path: str) -> bool:
    return any(plain_path(one).lower() == path.lower() for one in known)
