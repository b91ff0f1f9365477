"""The pages of ``apispy explain``, as text and as JSON."""

from collections.abc import Callable
from dataclasses import dataclass

from apispy.engine.versions import nearest, parse
from apispy.learn.explain import as_json
from apispy.learn.explain.as_json import Json
from apispy.learn.explain.body_fields import DESCRIBED
from apispy.learn.explain.changes import difference
from apispy.learn.explain.changes_text import difference_lines
from apispy.learn.explain.explanation import check_version, explain
from apispy.learn.explain.explanation_text import explanation_lines, field_lines, has_field
from apispy.learn.explain.interpretation import interpret
from apispy.learn.explain.layout import BLANK, Line, paragraph
from apispy.learn.explain.overview import (
    calls_lines,
    flag_lines,
    hits_lines,
    list_lines,
    operations_by_tag,
    topic_lines,
)
from apispy.learn.explain.records import Explanation, Interpretation


@dataclass(frozen=True, slots=True)
class Page:
    """A page to print. It may contain text that the user typed: escape it before it reaches a terminal."""

    lines: list[Line]
    value: Callable[[], Json]  # returns the whole page as JSON


def question_page(
    text: str, api: str | None = None, *, width: int = 80, every_field: bool = False, only: str | None = None
) -> Page:
    """Explain *text* for API version *api*; *only* limits it to fields with that name. Raises UsageError."""
    api = check_version(api) if api is not None else None
    interpretation = interpret(text)
    about = topic_lines(interpretation.topics, width)
    if interpretation.kind == "search":
        parts = [part for part in (about, hits_lines(text, interpretation, width)) if part]
        return Page(_joined(parts), lambda: as_json.found_json(interpretation))
    pages = [explain(question, api) for question in interpretation.questions]

    def value() -> Json:
        return as_json.explanations_json(interpretation, pages)

    if only is not None:
        return Page(_fields(pages, only, width), value)
    return Page(
        _joined([*([about] if about else []), *_calls(interpretation, pages, width, every_field)]), value
    )


def _calls(
    interpretation: Interpretation, pages: list[Explanation], width: int, every_field: bool
) -> list[list[Line]]:
    """Format the calls: one in full; of several the list, and with *every_field* each in full."""
    if not pages:
        return (
            [[line for note in interpretation.notes for line in paragraph(note, width)]]
            if interpretation.notes
            else []
        )
    parts = [explanation_lines(page, width, every_field) for page in pages]
    if len(pages) > 1:
        return [calls_lines(interpretation, width), *(parts if every_field else [])]
    before = [line for note in interpretation.notes for line in paragraph(note, width)]
    return [
        *([before] if before else []),
        *([flags] if (flags := flag_lines(interpretation.flags, width)) else []),
        *parts,
    ]


def _fields(pages: list[Explanation], only: str, width: int) -> list[Line]:
    """Format the fields named *only* of the operations that have them. Raises UsageError if none has."""
    having = [page for page in pages if has_field(page, only)]
    return _joined([field_lines(page, only, width) for page in having or pages])


def _joined(parts: list[list[Line]]) -> list[Line]:
    """Join parts with a blank line in between."""
    return [line for part in parts for line in (BLANK, *part)][1:]


def list_page(api: str | None = None, *, width: int = 80) -> Page:
    """List all operations, or those of one version. Raises UsageError."""
    rows = operations_by_tag(nearest(check_version(api)) if api is not None else None)
    return Page(
        list_lines(rows, width), lambda: {"operations": [as_json.operation_json(row) for row in rows]}
    )


def difference_page(first: str, second: str, *, width: int = 80) -> Page:
    """Show what changed between two versions, given in either order. Raises UsageError."""
    older, newer = sorted(
        (check_version(first), check_version(second)), key=lambda version: parse(version) or (0, 0)
    )
    known = nearest(older), nearest(newer)
    notes = [f"API {typed} is unknown; the nearest known version is {near}."
             for typed, near in zip((older, newer), known, strict=True) if typed != near]  # fmt: skip
    if older not in DESCRIBED and newer in DESCRIBED:
        notes.append(f"Bodies and statuses are documented since API {DESCRIBED[0]}, and compared from there.")
    if older != first.removeprefix("v"):
        notes.append(f"{older} is the older version, so these are the changes in {newer}.")
    changes = difference(*known)
    lines = difference_lines(changes, *known, tuple(notes), width)
    return Page(lines, lambda: as_json.difference_json(*known, notes, changes))
