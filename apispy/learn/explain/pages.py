"""What ``apispy explain`` says: a page for each way to ask, of which either form can be had."""

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
from apispy.learn.explain.interpretation import understand
from apispy.learn.explain.layout import BLANK, Line
from apispy.learn.explain.overview import calls_lines, hits_lines, list_lines, listed
from apispy.learn.explain.records import Explanation


@dataclass(frozen=True, slots=True)
class Page:
    """What is to be printed. What the user typed may stand in it: escape it before it reaches a terminal."""

    lines: list[Line]
    value: Callable[[], Json]  # the whole as JSON, made when it is asked for


def question_page(
    text: str, api: str | None = None, *, width: int = 80, every_field: bool = False, only: str | None = None
) -> Page:
    """On what *text* asks about, as of API version *api*; of the fields only those called *only*. Raises UsageError."""
    api = check_version(api) if api is not None else None
    understood = understand(text)
    if understood.hits:
        return Page(hits_lines(text, understood, width), lambda: as_json.found_json(understood))
    pages = [explain(one, api) for one in understood.asked]

    def value() -> Json:
        return as_json.explanations_json(understood, pages)

    if only is not None:
        return Page(_fields(pages, only, width), value)
    several = len(pages) > 1
    parts = (
        [explanation_lines(page, width, every_field) for page in pages] if every_field or not several else []
    )
    return Page(_joined([calls_lines(understood, width), *parts] if several else parts), value)


def _fields(pages: list[Explanation], only: str, width: int) -> list[Line]:
    """Of the operations that have such a field. Raises UsageError if none has."""
    having = [page for page in pages if has_field(page, only)]
    return _joined([field_lines(page, only, width) for page in having or pages])


def _joined(parts: list[list[Line]]) -> list[Line]:
    """One after the other, with a blank line in between."""
    return [line for part in parts for line in (BLANK, *part)][1:]


def list_page(api: str | None = None, *, width: int = 80) -> Page:
    """All operations, or those of one version. Raises UsageError."""
    rows = listed(nearest(check_version(api)) if api is not None else None)
    return Page(
        list_lines(rows, width), lambda: {"operations": [as_json.operation_json(row) for row in rows]}
    )


def difference_page(one: str, other: str, *, width: int = 80) -> Page:
    """What changed between two versions, in either order. Raises UsageError."""
    older, newer = sorted(
        (check_version(one), check_version(other)), key=lambda version: parse(version) or (0, 0)
    )
    known = nearest(older), nearest(newer)
    notes = [f"API {typed} is not known here; the nearest is {near}."
             for typed, near in zip((older, newer), known, strict=True) if typed != near]  # fmt: skip
    if older not in DESCRIBED and newer in DESCRIBED:
        notes.append(f"Bodies and statuses are known from API {DESCRIBED[0]} on, and compared from there.")
    if older != one.removeprefix("v"):
        notes.append(f"{older} is the older one: it is told what {newer} changed.")
    changes = difference(*known)
    lines = difference_lines(changes, *known, tuple(notes), width)
    return Page(lines, lambda: as_json.difference_json(*known, notes, changes))
