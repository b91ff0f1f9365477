"""The lines of a Dockerfile that a client prints with an error, or with the warnings of a check.

Redaction searches them one by one, like the names of steps. Lines in which it could miss a secret are empty: comments,
and lines that continue an instruction other than RUN. A Dockerfile with a here-document, which may hold any file, has
no excerpt.
"""

import base64
import binascii
from collections.abc import Iterable
from typing import Any

AROUND = 4
"""Lines before and after those that an error is about; buildx prints no more."""

MAX_LINES = 50
"""Lines that an error may be about."""

MAX_NUMBER = 1_000_000
"""Lines of a Dockerfile."""

MAX_LINE_SIZE = 500
"""Characters of a line."""

CONTINUED = ("\\", "`")
"""How a line ends that the next one continues: the escape characters that a Dockerfile may choose from."""


def excerpt_of(source: Any) -> dict[str, Any]:
    """Return {"first", "end", "lines"} of a Source of BuildKit: the number of the first line, that of the last one that
    the error is about, and the lines; {} if there is no excerpt.
    """
    try:
        found = source["ranges"][0]
        start, end = found["start"]["line"], found["end"]["line"]
        data = base64.b64decode(source["info"]["data"], validate=True)
    except (LookupError, TypeError, ValueError, binascii.Error):
        return {}
    lines = data.decode("utf-8", "backslashreplace").split("\n")
    if type(start) is not int or type(end) is not int or not 1 <= start <= end <= min(len(lines), MAX_NUMBER):
        return {}
    first, last = max(1, start - AROUND), min(len(lines), end + AROUND)
    if end - start >= MAX_LINES or _has_document(lines[:last]):
        return {}
    return {"first": first, "end": end, "lines": [_line(lines, at) for at in range(first - 1, last)]}


def is_excerpt(value: Any) -> bool:
    """Whether *value* is what ``excerpt_of`` returns; an edited capture may have anything."""
    if not isinstance(value, dict):
        return False
    first, end, lines = value.get("first"), value.get("end"), value.get("lines")
    if type(first) is not int or type(end) is not int or not isinstance(lines, list):
        return False
    return 0 < first <= MAX_NUMBER and 0 < end <= MAX_NUMBER and all(isinstance(one, str) for one in lines)


def source_with(file: str, line: int, excerpt: dict[str, Any]) -> dict[str, Any]:
    """Return a Source of which a client prints the same, and of which ``excerpt_of`` returns the same.

    Empty lines precede the excerpt, and the beginning of a RUN instruction, which its first line may continue.
    """
    before = "\n" * (excerpt["first"] - 2) + "RUN \\\n" if excerpt["first"] > 1 else ""
    text = before + "\n".join(excerpt["lines"])
    data = base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()
    lines = {"start": {"line": line}, "end": {"line": excerpt["end"]}}
    return {"info": {"filename": file, "data": data}, "ranges": [lines]}


def lines_around(data: bytes, places: Iterable[tuple[int, int]], at_most: int) -> list[str]:
    """Return the first *at_most* lines of a Dockerfile, and empty ones in place of those that a client does not print.

    *places*: the numbers of the first and the last line of each warning. If the Dockerfile has a here-document, all are
    empty.
    """
    lines = data.decode("utf-8", "backslashreplace").split("\n")
    printed = {
        at
        for start, end in places
        if 1 <= start <= end <= len(lines) and end - start < MAX_LINES
        for at in range(max(1, start - AROUND) - 1, min(len(lines), end + AROUND))
    }
    if _has_document(lines[: max(printed, default=-1) + 1]):
        printed.clear()
    return [_line(lines, at) if at in printed else "" for at in range(min(len(lines), at_most))]


def _has_document(lines: list[str]) -> bool:
    """Whether there is a here-document in *lines*, which are those from the first on."""
    return any("<<" in line for line in lines)


def _line(lines: list[str], at: int) -> str:
    start = at
    while start and lines[start - 1].rstrip().endswith(CONTINUED):
        start -= 1
    is_run = lines[start].split(None, 1)[:1] in (["RUN"], ["run"], ["Run"])
    if lines[at].lstrip().startswith("#") or (start < at and not is_run):
        return ""
    return lines[at][:MAX_LINE_SIZE]
