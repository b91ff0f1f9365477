"""Searches operations by words in IDs, commands, descriptions, paths, and names of parameters and fields."""

import re
from collections.abc import Iterator
from functools import cache

from apispy.engine import OPERATIONS, Operation
from apispy.engine.parameters import parameters
from apispy.engine.versions import NEWEST
from apispy.learn.explain.body_fields import plain_path, rows
from apispy.learn.explain.records import Hit
from apispy.learn.explain.topics import TOPICS

MAX_PLACES = 3
"""Places listed for each operation."""


def search(text: str) -> tuple[Hit, ...]:
    """Return operations that have all words of *text*, ignoring case, the most relevant first."""
    words = text.lower().split()
    found = [(min(rank), Hit(row, tuple(places))) for row in OPERATIONS
             for rank, places in [_places(row, words)] if rank]  # fmt: skip
    return tuple(hit for _, hit in sorted(found, key=lambda pair: pair[0]))


def _places(row: Operation, words: list[str]) -> tuple[list[int], list[str]]:
    """Return the ranks of the places that have all words, and the names of those places."""
    ranks: list[int] = []
    places: list[str] = []
    for rank, name, content in _texts(row):
        if words and all(word in content.lower() for word in words):
            ranks.append(rank)
            if name and len(places) < MAX_PLACES:
                places.append(name)
    return ranks, places


def _texts(row: Operation) -> Iterator[tuple[int, str, str]]:
    """Yield rank, name and text of each place."""
    yield 0, "", row.id
    for command in row.commands:
        yield 1, command, command
    yield 2, f"{row.method} {row.path}", row.path
    yield 2, "", row.does
    for parameter in parameters(row.id):
        if parameter.place != "path":
            yield 3, f"{parameter.place} {parameter.name}", parameter.name
    for path in rows(row.id, "request", NEWEST):
        yield 4, f"body {path}", plain_path(path).rpartition(".")[2]
    for path in rows(row.id, "response", NEWEST):
        yield 5, f"response {path}", plain_path(path).rpartition(".")[2]


@cache
def vocabulary() -> tuple[str, ...]:
    """Return the words that a search can find, in lower case."""
    words: set[str] = set()
    for row in OPERATIONS:
        for _, _, content in _texts(row):
            words |= {word for word in re.findall(r"[A-Za-z]{4,}", content) if word.isascii()}
    for topic in TOPICS:
        words |= set(topic.words)
    return tuple(sorted({word.lower() for word in words}))
