"""Interprets text that is not a call or a command: error messages, paths, topics, words to search for."""

import difflib
import re
from functools import cache

from apispy.engine import OPERATIONS
from apispy.errors import UsageError
from apispy.learn.explain.docker_cli import commands, near_commands
from apispy.learn.explain.grpc_methods import topics_named
from apispy.learn.explain.pasted import calls_in, statuses_in
from apispy.learn.explain.records import Interpretation, Question
from apispy.learn.explain.request_line import calls, near_paths
from apispy.learn.explain.search import search, vocabulary
from apispy.learn.explain.topics import TOPICS, errors_in, topics_about

PATH = re.compile(r"[a-z_]+(?:/[\w.:{}-]+)+(?:\?\S*)?", re.IGNORECASE)
"""A path whose first slash was forgotten."""

_IDS = {row.id.lower(): row for row in OPERATIONS}


def free_text(text: str, usage: str) -> Interpretation:
    """Interpret *text*. Raises UsageError, which ends with *usage*, if nothing is found."""
    return _error(text) or _path(text, usage) or _search(text, usage)


def _error(text: str) -> Interpretation | None:
    """Explain error messages, and the calls and statuses named beside them."""
    pages = tuple(errors_in(text))
    codes = statuses_in(text)
    pages += tuple(topic for topic in TOPICS if set(topic.words) & set(codes))
    questions = tuple(calls_in(text)) if len(text.split()) > 1 else ()
    if not pages and not (questions and len(text.split()) > 2):
        return None
    return Interpretation("pasted text", questions, topics=pages)


def _path(text: str, usage: str) -> Interpretation | None:
    """Explain a path without its first slash."""
    if not PATH.fullmatch(text):
        return None
    if found := calls("", f"/{text}"):
        return Interpretation("request line", tuple(Question(call.operation, call) for call in found))
    if near := near_paths(f"/{text}"):
        raise UsageError(
            f"{_short(text)} is not a path of the Docker API. Did you mean {' or '.join(near)}? {usage}"
        )
    return None


def _search(text: str, usage: str) -> Interpretation:
    topics, hits = topics_about(text), search(text)
    topics = topics or (() if hits else topics_named(text))
    if topics or hits:
        return Interpretation("search", hits=hits, topics=topics)
    meant = _meant(text)
    raise UsageError(
        f"{_short(text)} is not an operation, a command or a topic, and is in no operation, parameter or field name. "
        f"{f'Did you mean {meant}? ' if meant else ''}{usage}"
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


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...")
