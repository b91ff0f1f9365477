"""What the words after ``apispy explain`` mean: the first reader that knows them says it."""

import difflib
from collections.abc import Callable

from apispy.engine import OPERATIONS
from apispy.errors import UsageError
from apispy.learn.explain.curl_line import curl_line
from apispy.learn.explain.docker_line import docker_line
from apispy.learn.explain.records import Question, Understood
from apispy.learn.explain.request_line import request_line
from apispy.learn.explain.search import search

TYPE = (
    "Type an operation (ContainerList), a request line ('GET /containers/json?all=1'), a curl line, a docker command "
    "(docker ps -a) or a word to search; `apispy explain --list` shows all operations."
)

_IDS = {row.id.lower(): row for row in OPERATIONS}

Reader = Callable[[str], Understood | None]


def understand(text: str) -> Understood:
    """What *text* asks about. Raises UsageError, which says what it was taken for, when there is nothing to say."""
    text = text.strip()
    if not text:
        raise UsageError(f"nothing to explain. {TYPE}")
    return next(understood for reader in READERS if (understood := reader(text)))


def _operation(text: str) -> Understood | None:
    row = _IDS.get(text.lower())
    return Understood("operation", (Question(row),)) if row else None


def _request_line(text: str) -> Understood | None:
    asked = request_line(text)
    if asked == ():
        raise UsageError(f"{_short(text)} is a request line, but no operation of Docker's API has it. {TYPE}")
    return Understood("request line", asked) if asked else None


def _curl_line(text: str) -> Understood | None:
    asked = curl_line(text)
    if asked == ():
        raise UsageError(f"this curl line has no URL of an operation of Docker's API. {TYPE}")
    return Understood("curl line", asked) if asked else None


def _docker_line(text: str) -> Understood | None:
    found = docker_line(text)
    if not found:
        return None
    asked, notes = found
    if not asked:
        name = _short(" ".join(text.split()[:2]))
        raise UsageError(f"{name} ... is a docker command, but none whose calls are known here. {TYPE}")
    return Understood("docker command", asked, notes=notes)


def _search(text: str) -> Understood | None:
    hits = search(text)
    if not hits:
        near = difflib.get_close_matches(text[:60].lower(), _IDS, n=3)
        meant = f"Did you mean {' or '.join(_IDS[one].id for one in near)}? " if near else ""
        raise UsageError(
            f"{_short(text)} is no operation, and no operation, parameter or field has it. {meant}{TYPE}"
        )
    return Understood("search", hits=hits)


READERS: tuple[Reader, ...] = (_operation, _request_line, _curl_line, _docker_line, _search)
"""In the order in which they are asked. The last one knows every text, or raises."""


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...")
