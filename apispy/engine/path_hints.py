"""What a request line that no operation has is likely to mean: another method, another spelling of the path.

The daemon answers all of them with 404 "page not found".
"""

import difflib
import re
from collections.abc import Iterator

from apispy.engine.lookup import lookup
from apispy.engine.operation import Call
from apispy.engine.operations import OPERATIONS

METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD")

_VERSION = re.compile(r"/+(?:V(\d+\.\d+)|v?(\d+\.\d+))(?=/)")

WORDS: tuple[str, ...] = tuple(
    dict.fromkeys(word for row in OPERATIONS for word in row.path.split("/") if word and "{" not in word)
)
"""The fixed parts of all paths."""


def path_hint(method: str, target: str) -> str:
    """Say what a request line without an operation is likely to mean, as a sentence; "" for no idea. Never raises."""
    call = lookup(method, target)
    if call.known:
        return ""
    return next(_hints(method, target, call.path), "")


def slash_hint(call: Call) -> str:
    """Say that the path of a known call ends in a slash, which most routes of the daemon do not; "" if it does not."""
    if not call.path.endswith("/") or call.path.strip("/") in ("", "networks"):
        return ""
    return f"the path ends in a slash, which is another path to Docker; {call.operation.id} has none"


def _hints(method: str, target: str, path: str) -> Iterator[str]:
    if method != method.upper() and (found := lookup(method.upper(), target)).known:
        yield f"methods are in upper case: {_named(found)}"
    if version := _VERSION.match(target):
        number = version[1] or version[2]
        right = f"/v{number}{target[version.end() :]}"
        if not target.startswith(f"/v{number}/") and (found := lookup(method, right)).known:
            yield f"an API version in a path begins with a small v: /v{number}, for {found.operation.id}"
    others = [found for other in METHODS if other != method and (found := lookup(other, path)).known]
    for found in others:
        if not found.operation.path.endswith("}"):  # a name at the end may be anything
            yield f"Docker has no {_word(method)} of this path; did you mean {_named(found)}?"
    for corrected in _corrections(path):
        if (found := lookup(method, corrected)).known:
            yield f"no operation has this path; did you mean {_named(found)}?"
    found = lookup(method, f"{path.rstrip('/')}/json")
    if found.known and _is_simple(found):
        yield f"no operation has this path; did you mean {_named(found)}?"
    for found in filter(_is_simple, others):
        yield f"Docker has no {_word(method)} of this path; did you mean {_named(found)}?"


def _corrections(path: str) -> Iterator[str]:
    """Yield *path* in lower case, then with each of its parts replaced by a similar fixed part of a path."""
    parts = path.split("/")
    yield "/".join(part.lower() if part.lower() in WORDS else part for part in parts)
    for index, part in enumerate(parts):
        for word in difflib.get_close_matches(part.lower(), WORDS, 2, 0.75):
            if word != part:
                yield "/".join((*parts[:index], word, *parts[index + 1 :]))


def _is_simple(call: Call) -> bool:
    """Whether no name in the path has a slash, though many may."""
    return not any("/" in name for name in call.arguments.values())


def _named(call: Call) -> str:
    """The method and the path template of a call: what was sent is not repeated."""
    return f"{call.operation.method} {call.operation.path} ({call.operation.id})"


def _word(method: str) -> str:
    return method if method in METHODS else "such method"
