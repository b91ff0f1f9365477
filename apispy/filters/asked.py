"""What the body of a request asks for, as values of fields; see ``engine.requested_access``."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from apispy.decoders.json import first_json
from apispy.engine import Call, requested_access
from apispy.engine.requested_builds import may_use_any_image
from apispy.filters.subject import Subject

Values = Callable[[Subject], Iterable[Any]]

YES = "yes"
"""The value of a field that is yes or nothing."""


def _body(subject: Subject) -> Any:
    return first_json(subject.items.get("request", ()))


def listed(read: Callable[[Call, Any], Iterable[str]]) -> Values:
    """Make the values of a field of what *read* finds in a call and its body."""
    return lambda subject: read(subject.call, _body(subject))


def yes_if(read: Callable[[Call, Any], bool]) -> Values:
    return lambda subject: (YES,) if read(subject.call, _body(subject)) else ()


def namespaces(kind: str) -> Values:
    return lambda subject: requested_access.namespaces(subject.call, _body(subject), kind)


def users(subject: Subject) -> Iterator[str]:
    """The user of the program that the request describes, without its group; "root" for 0."""
    if found := requested_access.user(subject.call, _body(subject)):
        name = found.partition(":")[0]
        yield "root" if name.strip().lstrip("0") == "" and name.strip() else name


def one_by_one(read: Callable[[Call, Any], list[list[str]]]) -> Callable[[Subject], list[list[str]]]:
    """Make the names of each thing of what *read* finds."""
    return lambda subject: read(subject.call, _body(subject))


# -- what a request includes without naming it, for rules that refuse --


def includes_capability(subject: Subject, pattern: str) -> bool:
    """Whether all capabilities are asked for."""
    call, body = subject.call, _body(subject)
    return "ALL" in requested_access.capabilities(call, body) or requested_access.is_privileged(call, body)


def includes_device(subject: Subject, pattern: str) -> bool:
    """Whether all devices are asked for."""
    return requested_access.is_privileged(subject.call, _body(subject))


def includes_image(subject: Subject, pattern: str) -> bool:
    """Whether images may be used that the request does not name."""
    return may_use_any_image(subject.call, _body(subject))


def includes_path(subject: Subject, pattern: str) -> bool:
    """Whether a directory is mounted in which something may have the *pattern*."""
    fixed = pattern.replace("?", "*").partition("*")[0].lower()
    mounted = requested_access.host_paths(subject.call, _body(subject))
    return any(fixed.startswith(path.lower().rstrip("/") + "/") for path in mounted)


def includes_user(subject: Subject, pattern: str) -> bool:
    """Whether the image or the container decides about the user, so that it may be any."""
    return requested_access.user(subject.call, _body(subject)) == ""
