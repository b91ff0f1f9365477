"""Interprets the words after ``apispy explain``: the first parser that recognizes them decides."""

import difflib
import re
from collections.abc import Callable
from functools import cache

from apispy.engine import OPERATIONS
from apispy.errors import UsageError
from apispy.learn.explain.curl_line import curl_line
from apispy.learn.explain.docker_cli import commands, near_commands
from apispy.learn.explain.docker_line import docker_line
from apispy.learn.explain.pasted import calls_in, raw_request, statuses_in
from apispy.learn.explain.records import Interpretation, Question
from apispy.learn.explain.request_line import METHODS, calls, near_paths, request_line
from apispy.learn.explain.search import search, vocabulary
from apispy.learn.explain.topics import TOPICS, errors_in, topics_about

USAGE = (
    "Type an operation (ContainerList), a request line ('GET /containers/json?all=1'), a curl command, a docker "
    "command (docker ps -a), an error message or a word to search; `apispy explain --list` shows all operations."
)

PATH = re.compile(r"[a-z_]+(?:/[\w.:{}-]+)+(?:\?\S*)?", re.IGNORECASE)
"""A path whose first slash was forgotten."""

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


def _error(text: str) -> Interpretation | None:
    """Explain error messages, and the calls and statuses named beside them."""
    pages = tuple(errors_in(text))
    codes = statuses_in(text)
    pages += tuple(topic for topic in TOPICS if set(topic.words) & set(codes))
    questions = tuple(calls_in(text)) if len(text.split()) > 1 else ()
    if not pages and not (questions and len(text.split()) > 2):
        return None
    return Interpretation("pasted text", questions, topics=pages)


def _path(text: str) -> Interpretation | None:
    """Explain a path without its first slash."""
    if not PATH.fullmatch(text):
        return None
    if found := calls("", f"/{text}"):
        return Interpretation("request line", tuple(Question(call.operation, call) for call in found))
    if near := near_paths(f"/{text}"):
        raise UsageError(
            f"{_short(text)} is no path of the Docker API. Did you mean {' or '.join(near)}? {USAGE}"
        )
    return None


def _search(text: str) -> Interpretation | None:
    topics, hits = topics_about(text), search(text)
    if topics or hits:
        return Interpretation("search", hits=hits, topics=topics)
    meant = _meant(text)
    raise UsageError(
        f"{_short(text)} is not an operation, a command or a topic, and is in no operation, parameter or field name. "
        f"{f'Did you mean {meant}? ' if meant else ''}{USAGE}"
    )


def _meant(text: str) -> str:
    """Return what was probably meant: operations, docker commands, or words that a search finds."""
    words = text[:80].lower().split()
    if difflib.SequenceMatcher(None, words[0], "docker").ratio() >= 0.8:
        corrected = " ".join(["docker", *words[1:]])
        known = corrected in commands() or len(words) == 1 or " ".join(corrected.split()[:2]) in commands()
        return corrected if known else " or ".join(near_commands(corrected))
    near = difflib.get_close_matches("".join(words), _IDS, n=3, cutoff=0.75)
    if near:
        return " or ".join(_IDS[one].id for one in near)
    return " or ".join(dict.fromkeys([*_near_docker(words), *_near_words(words)]))


def _near_docker(words: list[str]) -> list[str]:
    """Return docker commands, typed without "docker"."""
    typed = f"docker {' '.join(words[:2])}"
    return difflib.get_close_matches(typed, _names(), n=2, cutoff=0.85)


@cache
def _names() -> tuple[str, ...]:
    return tuple(commands())


def _near_words(words: list[str]) -> list[str]:
    if len(words) > 1:
        return []
    return difflib.get_close_matches(words[0], vocabulary(), n=2, cutoff=0.75)


PARSERS: tuple[Parser, ...] = (_operation, _request_line, _curl_line, docker_line, _error, _path, _search)
"""Parsers in order. The last one accepts every text, or raises."""


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...")
