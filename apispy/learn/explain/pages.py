"""The pages of ``apispy explain``, as text and as JSON.

What only some pages need is imported on first use, so that the others start faster.
"""

from collections.abc import Callable
from types import ModuleType

from apispy.engine.versions import NEWEST, nearest, parse
from apispy.errors import UsageError
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
from apispy.learn.explain.records import Explanation, Interpretation, Json
from apispy.structs import Struct


class Page(Struct, frozen=True):
    """A page to print. It may contain text that the user typed: escape it before it reaches a terminal."""

    lines: list[Line]
    value: Callable[[], Json]  # returns the whole page as JSON


def _as_json() -> ModuleType:
    from apispy.learn.explain import as_json

    return as_json


def check_version(text: str) -> str:
    """Return the version *text* without its "v". Raises UsageError if it is not a version."""
    if parse(text) is None:
        raise UsageError(
            f"{text!r} is not an API version: expected one like 1.41; the newest known version is {NEWEST}"
        )
    return text.removeprefix("v")


def question_page(
    text: str, api: str | None = None, *, width: int = 80, every_field: bool = False, only: str | None = None
) -> Page:
    """Explain *text* for API version *api*; *only* limits it to fields with that name. Raises UsageError."""
    api = check_version(api) if api is not None else None
    interpretation = interpret(text)
    about = topic_lines(interpretation.topics, width)
    if interpretation.kind == "search":
        parts = [part for part in (about, hits_lines(text, interpretation, width)) if part]
        return Page(_joined(parts), lambda: _as_json().found_json(interpretation))
    questions = interpretation.questions

    def explained() -> list[Explanation]:
        from apispy.learn.explain.explanation import explain

        return [explain(question, api) for question in questions]

    def value() -> Json:
        page: Json = _as_json().explanations_json(interpretation, explained())
        return page

    if only is not None:
        return Page(_fields(explained(), only, width), value)
    pages = explained() if every_field or len(questions) == 1 else []
    return Page(
        _joined([*([about] if about else []), *_calls(interpretation, pages, width, every_field)]), value
    )


def _calls(
    interpretation: Interpretation, pages: list[Explanation], width: int, every_field: bool
) -> list[list[Line]]:
    """Format the calls: one in full; of several the list, followed by *pages*, which explain each."""
    parts = []
    if pages:
        from apispy.learn.explain.explanation_text import explanation_lines

        parts = [explanation_lines(page, width, every_field) for page in pages]
    if len(interpretation.questions) > 1:
        return [calls_lines(interpretation, width), *parts]
    notes = [line for note in interpretation.notes for line in paragraph(note, width)]
    return [part for part in (notes, flag_lines(interpretation.flags, width), *parts) if part]


def _fields(pages: list[Explanation], only: str, width: int) -> list[Line]:
    """Format the fields named *only* of the operations that have them. Raises UsageError if none has."""
    from apispy.learn.explain.explanation_text import field_lines, has_field

    having = [page for page in pages if has_field(page, only)]
    return _joined([field_lines(page, only, width) for page in having or pages])


def _joined(parts: list[list[Line]]) -> list[Line]:
    """Join parts with a blank line in between."""
    return [line for part in parts for line in (BLANK, *part)][1:]


def list_page(api: str | None = None, *, width: int = 80) -> Page:
    """List all operations, or those of one version. Raises UsageError."""
    rows = operations_by_tag(nearest(check_version(api)) if api is not None else None)
    return Page(
        list_lines(rows, width), lambda: {"operations": [_as_json().operation_json(row) for row in rows]}
    )


def difference_page(first: str, second: str, *, width: int = 80) -> Page:
    """Show what changed between two versions, given in either order. Raises UsageError."""
    from apispy.learn.explain.body_fields import DESCRIBED
    from apispy.learn.explain.changes import difference
    from apispy.learn.explain.changes_text import difference_lines

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
    return Page(lines, lambda: _as_json().difference_json(*known, notes, changes))
