"""Interprets the words after ``apispy explain``: the first parser that recognizes them decides."""

from collections.abc import Callable

from apispy.engine import OPERATIONS
from apispy.engine.versions import parse
from apispy.errors import UsageError
from apispy.learn.explain.curl_line import curl_line
from apispy.learn.explain.docker_line import docker_line
from apispy.learn.explain.grpc_methods import grpc_methods
from apispy.learn.explain.pasted import raw_request
from apispy.learn.explain.records import Interpretation, Question
from apispy.learn.explain.request_line import METHODS, calls, near_paths, request_line

USAGE = (
    "Type an operation (ContainerList), a request line ('GET /containers/json?all=1'), a curl command, a docker "
    "command (docker ps -a), an error message or a word to search; `apispy explain --list` shows all operations."
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
    name, _, version = text.partition("@")
    row = _IDS.get(name.lower())
    if row is None or (version and parse(version) is None):
        return None
    return Interpretation("operation", (Question(row, version=version.removeprefix("v") or None),))


def _request_line(text: str) -> Interpretation | None:
    questions = raw_request(text)
    if questions is None:
        questions = request_line(text)
    if questions == ():
        raise UsageError(
            f"{_short(text)} is a request line, but no operation of the Docker API matches it. "
            f"{_meant_request(text)}{USAGE}"
        )
    return Interpretation("request line", questions) if questions else None


def _meant_request(text: str) -> str:
    """Say which method the path has, or which paths are similar."""
    words = text.split()
    method, target = (
        (words[0].upper(), words[1]) if len(words) > 1 and words[0].upper() in METHODS else ("", words[0])
    )
    others = [call.operation for call in calls("", target)] if method else []
    if others:
        return f"Its path has another method: {' or '.join(f'{row.method} ({row.id})' for row in others)}. "
    near = near_paths(target)
    return f"Did you mean {' or '.join(near)}? " if near else ""


def _curl_line(text: str) -> Interpretation | None:
    questions = curl_line(text)
    if questions == ():
        raise UsageError(f"this curl command has no URL of a Docker API operation. {USAGE}")
    return Interpretation("curl line", questions) if questions else None


def _free_text(text: str) -> Interpretation:
    from apispy.learn.explain.free_text import free_text  # most commands do not need it: they start faster

    return free_text(text, USAGE)


PARSERS: tuple[Parser, ...] = (grpc_methods, _operation, _request_line, _curl_line, docker_line, _free_text)
"""Parsers in order. The last one accepts every text, or raises."""


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...")
