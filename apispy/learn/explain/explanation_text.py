"""An explanation as lines of text."""

from apispy.engine.operations import FOREIGN_TAGS
from apispy.engine.parameters import Parameter
from apispy.engine.versions import NEWEST
from apispy.errors import UsageError
from apispy.learn.explain.body_fields import fields_named, plain_path, top_level
from apispy.learn.explain.changes_text import history_lines
from apispy.learn.explain.descriptions import description
from apispy.learn.explain.layout import BLANK, MAX_COLUMN_WIDTH, Line, Style, paragraph, table
from apispy.learn.explain.records import Explanation, FieldRow, ResponseInfo, TypedArgument


def explanation_lines(explanation: Explanation, width: int, every_field: bool = False) -> list[Line]:
    """Format all sections; of bodies the top-level fields, or with *every_field* all of them."""
    sections = [
        _typed(explanation, width),
        _parameters(explanation, width),
        _body(explanation, width, every_field),
        _response(explanation, width, every_field),
        history_lines(explanation.changes, width),
        _references(explanation, width),
    ]
    lines = _head(explanation, width)
    for section in sections:
        lines += [BLANK, *section] if section else []
    return lines


def has_field(explanation: Explanation, name: str) -> bool:
    return bool(fields_named(name, (*explanation.body, *_response_fields(explanation))))


def field_lines(explanation: Explanation, name: str, width: int) -> list[Line]:
    """Format the fields named *name* and everything inside them. Raises UsageError if there are none."""
    if not has_field(explanation, name):
        tops = ", ".join(row.path for row in top_level((*explanation.body, *_response_fields(explanation))))
        known = f"Top-level fields: {tops}" if tops else "Its bodies have no documented fields."
        raise UsageError(
            f"{explanation.operation.id} has no field {name!r} in API {explanation.api}. {known}"
        )
    lines = [
        Line(
            f"{explanation.operation.id}  {explanation.operation.method} {explanation.operation.path}", "bold"
        )
    ]
    for title, rows in (("Body", explanation.body), ("Response", _response_fields(explanation))):
        found = fields_named(name, rows)
        lines += [BLANK, Line(title, "bold"), *_tree(found, width, 2)] if found else []
    return lines


def _response_fields(explanation: Explanation) -> tuple[FieldRow, ...]:
    return tuple(field for response in explanation.responses for field in response.fields)


def version_range(first: str, last: str) -> str:
    """Describe a range of versions: "since 1.12", "until 1.24", "1.12 to 1.24"; "" for all versions."""
    if first and last:
        return f"only {first}" if first == last else f"{first} to {last}"
    return f"since {first}" if first else f"until {last}" if last else ""


def _head(explanation: Explanation, width: int) -> list[Line]:
    row = explanation.operation
    first = "" if row.first == "1.0" else row.first
    span = version_range(first, row.last) or "every version"
    lines = [Line(f"{row.id}  {row.method or 'any method'} {row.path}", "bold"), *paragraph(row.does, width)]
    versions = f"{row.tag}; API: {span}. Shown for API {explanation.api}, {explanation.engines}."
    lines += paragraph(
        f"{row.tag}; not part of the Docker API." if row.tag in FOREIGN_TAGS else versions, width, style="dim"
    )
    for note in explanation.notes:
        lines += paragraph(note, width, style="warn")
    return lines


def _typed(explanation: Explanation, width: int) -> list[Line]:
    if not explanation.typed:
        return []
    size = min(MAX_COLUMN_WIDTH, max(len(_typed_name(row)) for row in explanation.typed))
    lines = [Line("Typed arguments", "bold")]
    for row in explanation.typed:
        style: Style = "warn" if row.note else ""
        lines += table([(f"{_typed_name(row):{size}}", _typed_text(row))], width, style=style)
    return lines


def _typed_name(row: TypedArgument) -> str:
    name = {"path": f"{{{row.name}}}", "header": f"{row.name}:", "body": f"body {row.name}"}.get(
        row.place, row.name
    )
    return f"{name}={row.value}" if row.place in ("path", "query") else name


def _typed_text(row: TypedArgument) -> str:
    filters = _filters(row.decoded) if row.name == "filters" else ""
    return "; ".join(part for part in (row.type, filters or row.meaning, row.note) if part)


def _filters(decoded: object) -> str:
    """Format ``{"label": {"a=b": true}}`` as "only label=a=b"."""
    if not isinstance(decoded, dict) or not decoded:
        return ""
    return "only " + ", ".join(f"{name}={value}" for name, values in decoded.items()
                               for value in (values if isinstance(values, dict | list) else [values]))  # fmt: skip


def _parameters(explanation: Explanation, width: int) -> list[Line]:
    if not explanation.parameters:
        return []
    rows = [
        (row.name, row.place, row.type, _parameter_text(explanation, row)) for row in explanation.parameters
    ]
    return [Line("Parameters", "bold"), *table(rows, width)]


def _parameter_text(explanation: Explanation, row: Parameter) -> str:
    words = [
        "required" if row.required and row.place != "path" else "",
        version_range(*_own_versions(explanation, row)),
        f"one of {', '.join(row.enum)}" if row.enum else "",
        f"deprecated since {row.deprecated}" if row.deprecated else "",
        "" if row.documented or not explanation.operation.documented else "not in the reference",
        description(explanation.operation.id, row.name),
    ]
    return "; ".join(word for word in words if word)


def _own_versions(explanation: Explanation, row: Parameter) -> tuple[str, str]:
    """Return first and last version, where they differ from those of the operation."""
    first = "" if row.first == (explanation.operation.first or "1.0") else row.first
    return first, "" if row.last == (explanation.operation.last or NEWEST) else row.last


def _body(explanation: Explanation, width: int, every_field: bool) -> list[Line]:
    lines = [Line("Body", "bold"), *paragraph(explanation.request_framing, width, 2)]
    return lines + _fields(explanation.body, width, 2, every_field)


def _response(explanation: Explanation, width: int, every_field: bool) -> list[Line]:
    lines = [Line("Response", "bold"), *paragraph(explanation.response_framing, width, 2)]
    for response in explanation.responses:
        if response.status < 400:
            lines += paragraph(f"{response.status} {response.phrase}: {response.type or 'no JSON'}", width, 2)
            lines += _fields(response.fields, width, 4, every_field)
    return lines + _errors(explanation.responses, width)


def _errors(responses: tuple[ResponseInfo, ...], width: int) -> list[Line]:
    errors = [f"{response.status} {response.phrase}" for response in responses if response.status >= 400]
    return paragraph(f"Errors: {', '.join(errors)}", width, 2) if errors else []


def _fields(rows: tuple[FieldRow, ...], width: int, indent: int, every_field: bool) -> list[Line]:
    if every_field:
        return _tree(rows, width, indent)
    cells = []
    for row in top_level(rows):
        inside = sum(1 for other in rows if plain_path(other.path).startswith(f"{plain_path(row.path)}."))
        count = f"{inside} field{'s' if inside > 1 else ''} inside" if inside else ""
        cells.append((row.path, row.type, _field_text(row, count)))
    return table(cells, width, indent)


def _tree(rows: tuple[FieldRow, ...], width: int, indent: int) -> list[Line]:
    """Format fields indented below their parent; a field without its parent has its full path."""
    cells = []
    depths: dict[str, int] = {}
    for row in rows:
        parent, _, name = row.path.rpartition(".")
        parent = parent.rstrip("[]{}")
        depth = depths[row.path] = depths[parent] + 1 if parent in depths else 0
        cells.append(("  " * depth + (name if depth else row.path), row.type, _field_text(row)))
    return table(cells, width, indent)


def _field_text(row: FieldRow, inside: str = "") -> str:
    words = [
        "required" if row.required else "",
        version_range(row.first, row.last),
        f"one of {', '.join(value or '(empty)' for value in row.enum)}" if row.enum else "",
        "or null" if row.nullable else "",
        "secret" if row.secret else "",
        inside,
    ]
    return "; ".join(word for word in words if word)


def _references(explanation: Explanation, width: int) -> list[Line]:
    """Format commands, secrets, link and curl. The curl command is never wrapped, so that it can be pasted."""
    row = explanation.operation
    rows = [("docker", ", ".join(row.commands) or "no docker command makes this call")]
    if row.secrets:
        rows.append(
            ("secrets", f"{', '.join(row.secrets)}: redacted by apispy unless --show-secrets is given")
        )
    if explanation.link:
        rows.append(("link", explanation.link))
    size = max(len(name) for name, _ in rows) + 2
    return [*table(rows, width, indent=0), Line(f"{'curl':{size}}{explanation.curl}")]
