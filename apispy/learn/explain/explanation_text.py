"""An explanation as lines of text."""

from apispy.engine.parameters import Parameter
from apispy.engine.versions import NEWEST
from apispy.errors import UsageError
from apispy.learn.explain.body_fields import below, plain, top
from apispy.learn.explain.changes_text import history_lines
from apispy.learn.explain.descriptions import description
from apispy.learn.explain.layout import BLANK, WIDEST, Line, Style, paragraph, table
from apispy.learn.explain.records import Answer, Explanation, FieldRow, Given


def explanation_lines(one: Explanation, width: int, every_field: bool = False) -> list[Line]:
    """All sections; of bodies only the fields at the top, or *every_field*."""
    sections = [
        _given(one, width),
        _parameters(one, width),
        _body(one, width, every_field),
        _answer(one, width, every_field),
        history_lines(one.changes, width),
        _elsewhere(one, width),
    ]
    lines = _head(one, width)
    for section in sections:
        lines += [BLANK, *section] if section else []
    return lines


def has_field(one: Explanation, name: str) -> bool:
    return bool(below(name, (*one.body, *_answer_fields(one))))


def field_lines(one: Explanation, name: str, width: int) -> list[Line]:
    """Only the fields called *name*, and all that is in them. Raises UsageError if there is none."""
    if not has_field(one, name):
        tops = ", ".join(row.path for row in top((*one.body, *_answer_fields(one))))
        there = f"At the top there are: {tops}" if tops else "Its bodies have no fields that are known here."
        raise UsageError(f"{one.operation.id} has no field {name!r} in API {one.api}. {there}")
    lines = [Line(f"{one.operation.id}  {one.operation.method} {one.operation.path}", "bold")]
    for title, rows in (("Body", one.body), ("Answer", _answer_fields(one))):
        found = below(name, rows)
        lines += [BLANK, Line(title, "bold"), *_tree(found, width, 2)] if found else []
    return lines


def _answer_fields(one: Explanation) -> tuple[FieldRow, ...]:
    return tuple(field for answer in one.answers for field in answer.fields)


def versions_words(first: str, last: str) -> str:
    """ "since 1.12", "until 1.24", "1.12 to 1.24"; "" for from the beginning to this day."""
    if first and last:
        return f"only {first}" if first == last else f"{first} to {last}"
    return f"since {first}" if first else f"until {last}" if last else ""


def _head(one: Explanation, width: int) -> list[Line]:
    row = one.operation
    first = "" if row.first == "1.0" else row.first
    span = versions_words(first, row.last) or "every version"
    lines = [Line(f"{row.id}  {row.method or 'any method'} {row.path}", "bold"), *paragraph(row.does, width)]
    of = f"{row.tag}; API: {span}. Here as of {one.api}, {one.engines}."
    lines += paragraph("Podman, beside Docker's API." if row.tag == "Podman" else of, width, style="dim")
    for note in one.notes:
        lines += paragraph(note, width, style="warn")
    return lines


def _given(one: Explanation, width: int) -> list[Line]:
    if not one.given:
        return []
    size = min(WIDEST, max(len(_given_name(row)) for row in one.given))
    lines = [Line("What was typed", "bold")]
    for row in one.given:
        style: Style = "warn" if row.note else ""
        lines += table([(f"{_given_name(row):{size}}", _given_words(row))], width, style=style)
    return lines


def _given_name(row: Given) -> str:
    name = {"path": f"{{{row.name}}}", "header": f"{row.name}:", "body": f"body {row.name}"}.get(
        row.place, row.name
    )
    return f"{name}={row.value}" if row.place in ("path", "query") else name


def _given_words(row: Given) -> str:
    filters = _filters(row.decoded) if row.name == "filters" else ""
    return "; ".join(part for part in (row.type, filters or row.meaning, row.note) if part)


def _filters(decoded: object) -> str:
    """``{"label": {"a=b": true}}`` as "only label=a=b"."""
    if not isinstance(decoded, dict) or not decoded:
        return ""
    return "only " + ", ".join(f"{name}={value}" for name, values in decoded.items()
                               for value in (values if isinstance(values, dict | list) else [values]))  # fmt: skip


def _parameters(one: Explanation, width: int) -> list[Line]:
    if not one.parameters:
        return []
    rows = [(row.name, row.place, row.type, _parameter_words(one, row)) for row in one.parameters]
    return [Line("Parameters", "bold"), *table(rows, width)]


def _parameter_words(one: Explanation, row: Parameter) -> str:
    words = [
        "required" if row.required and row.place != "path" else "",
        versions_words(*_within(one, row)),
        f"one of {', '.join(row.enum)}" if row.enum else "",
        f"deprecated since {row.deprecated}" if row.deprecated else "",
        "" if row.documented or not one.operation.documented else "not in the reference",
        description(one.operation.id, row.name),
    ]
    return "; ".join(word for word in words if word)


def _within(one: Explanation, row: Parameter) -> tuple[str, str]:
    """First and last version, where they are not those of the operation."""
    first = "" if row.first == (one.operation.first or "1.0") else row.first
    return first, "" if row.last == (one.operation.last or NEWEST) else row.last


def _body(one: Explanation, width: int, every_field: bool) -> list[Line]:
    lines = [Line("Body", "bold"), *paragraph(one.request_framing, width, 2)]
    return lines + _fields(one.body, width, 2, every_field)


def _answer(one: Explanation, width: int, every_field: bool) -> list[Line]:
    lines = [Line("Answer", "bold"), *paragraph(one.response_framing, width, 2)]
    for answer in one.answers:
        if answer.status < 400:
            lines += paragraph(f"{answer.status} {answer.phrase}: {answer.type or 'no JSON'}", width, 2)
            lines += _fields(answer.fields, width, 4, every_field)
    return lines + _errors(one.answers, width)


def _errors(answers: tuple[Answer, ...], width: int) -> list[Line]:
    errors = [f"{answer.status} {answer.phrase}" for answer in answers if answer.status >= 400]
    return paragraph(f"Errors: {', '.join(errors)}", width, 2) if errors else []


def _fields(rows: tuple[FieldRow, ...], width: int, indent: int, every_field: bool) -> list[Line]:
    if every_field:
        return _tree(rows, width, indent)
    cells = []
    for row in top(rows):
        inside = sum(1 for other in rows if plain(other.path).startswith(f"{plain(row.path)}."))
        count = f"{inside} field{'s' if inside > 1 else ''} inside" if inside else ""
        cells.append((row.path, row.type, _field_words(row, count)))
    return table(cells, width, indent)


def _tree(rows: tuple[FieldRow, ...], width: int, indent: int) -> list[Line]:
    """Each below the one that it is in, and further to the right; one whose owner is not there by its whole path."""
    cells = []
    depths: dict[str, int] = {}
    for row in rows:
        parent, _, name = row.path.rpartition(".")
        parent = parent.rstrip("[]{}")
        depth = depths[row.path] = depths[parent] + 1 if parent in depths else 0
        cells.append(("  " * depth + (name if depth else row.path), row.type, _field_words(row)))
    return table(cells, width, indent)


def _field_words(row: FieldRow, inside: str = "") -> str:
    words = [
        "required" if row.required else "",
        versions_words(row.first, row.last),
        f"one of {', '.join(value or '(empty)' for value in row.enum)}" if row.enum else "",
        "or null" if row.nullable else "",
        "secret" if row.secret else "",
        inside,
    ]
    return "; ".join(word for word in words if word)


def _elsewhere(one: Explanation, width: int) -> list[Line]:
    """Commands, curl, secrets, link. The curl line is never broken, so that it can be pasted."""
    row = one.operation
    rows = [("docker", ", ".join(row.commands) or "no docker command makes this call")]
    if row.secrets:
        rows.append(("secrets", f"{', '.join(row.secrets)}: hidden by apispy unless --show-secrets is given"))
    if one.link:
        rows.append(("link", one.link))
    size = max(len(name) for name, _ in rows) + 2
    return [*table(rows, width, indent=0), Line(f"{'curl':{size}}{one.curl}")]
