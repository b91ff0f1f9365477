"""Interprets the words after ``apispy explain``: the first parser that recognizes them decides."""

import difflib
from collections.abc import Callable

from apispy.engine import OPERATIONS
from apispy.errors import UsageError
from apispy.learn.explain.curl_line import curl_line
from apispy.learn.explain.docker_line import docker_line
from apispy.learn.explain.records import Interpretation, Question
from apispy.learn.explain.request_line import request_line
from apispy.learn.explain.search import search

USAGE = (
    "Type an operation (ContainerList), a request line ('GET /containers/json?all=1'), a curl command, a docker "
    "command (docker ps -a) or a word to search; `apispy explain --list` shows all operations."
)

_IDS = {row.id.lower(): row for row in OPERATIONS}

Parser = Callable[[str], Interpretation | None]


def interpret(text: str) -> Interpretation:
    """Interpret *text*. Raises UsageError, with the kind of text recognized, if there is nothing to explain."""
    text = text.strip()
    if not text:
        raise UsageError(f"nothing to explain. {USAGE}")
    return next(interpretation for parser in PARSERS if (interpretation := parser(text)))


def _operation(text: str) -> Interpretation | None:
    row = _IDS.get(text.lower())
    return Interpretation("operation", (Question(row),)) if row else None


def _request_line(text: str) -> Interpretation | None:
    questions = request_line(text)
    if questions == ():
        raise UsageError(
            f"{_short(text)} is a request line, but no operation of the Docker API matches it. {USAGE}"
        )
    return Interpretation("request line", questions) if questions else None


def _curl_line(text: str) -> Interpretation | None:
    questions = curl_line(text)
    if questions == ():
        raise UsageError(f"this curl command has no URL of a Docker API operation. {USAGE}")
    return Interpretation("curl line", questions) if questions else None


def _docker_line(text: str) -> Interpretation | None:
    found = docker_line(text)
    if not found:
        return None
    questions, notes = found
    if not questions:
        name = _short(" ".join(text.split()[:2]))
        raise UsageError(f"{name} ... is a docker command whose calls are unknown. {USAGE}")
    return Interpretation("docker command", questions, notes=notes)


def _search(text: str) -> Interpretation | None:
    hits = search(text)
    if not hits:
        near = difflib.get_close_matches(text[:60].lower(), _IDS, n=3)
        meant = f"Did you mean {' or '.join(_IDS[one].id for one in near)}? " if near else ""
        raise UsageError(
            f"{_short(text)} is not an operation, and is in no operation, parameter or field name. {meant}{USAGE}"
        )
    return Interpretation("search", hits=hits)


PARSERS: tuple[Parser, ...] = (_operation, _request_line, _curl_line, _docker_line, _search)
"""Parsers in order. The last one accepts every text, or raises."""


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...")
