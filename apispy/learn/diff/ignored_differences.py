"""Differences that the comparison ignores, because they occur between two runs of the same commands."""

import re

from apispy.engine.generated_names import GENERATED_AFTER_A_WORD, ID, UUID, WORD_END, WORD_START

VOLATILE: tuple[tuple[re.Pattern[str], str], ...] = (
    # each session has its own tokens
    (re.compile(r"<redacted:[0-9a-f]{8}>"), "<redacted>"),
    (re.compile(rf"{WORD_START}(?:sha256:)?[0-9a-f]{{64}}{WORD_END}"), "<id>"),
    (UUID, "<uuid>"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z| ?[+-]\d\d:?\d\d)?"), "<time>"),
    # Unix seconds from 2014 to 2033, or nanoseconds
    (re.compile(r"\b1[4-9]\d{8}(?:\.\d+|\d{9})?\b"), "<time>"),
    (GENERATED_AFTER_A_WORD, "<random>"),
    (ID, "<id>"),
    (re.compile(r"(?<=127\.0\.0\.1:)\d{5}\b|(?<=localhost:)\d{5}\b"), "<port>"),
)
"""Replacements in values of parameters and bodies, applied in this order on both sides."""

RANDOM_NAME = re.compile(r"[a-z]+_[a-z]+\d?")
"""Container names that Docker generates: "focused_curie". Only matched against whole arguments."""

IGNORED_QUERY = frozenset(("h", "w", "buildid", "session"))
"""Parameters that depend on the terminal or are generated for each run."""

IGNORED_FIELDS = frozenset(("ConsoleSize", "progress", "progressDetail", "AuthConfig"))
"""JSON field names, at any depth: terminal size, pull progress, credentials."""

REQUEST_HEADERS = ("content-type", "upgrade", "x-registry-auth", "x-registry-config")
"""Request headers that are compared; all others depend on the client. Only the presence of credentials is compared."""

RESPONSE_HEADERS = ("content-type",)

CREDENTIALS = frozenset(("x-registry-auth", "x-registry-config"))

EMPTY: tuple[object, ...] = (None, "", False, 0, [], {})
"""Request body values that equal a missing field: for Docker's Go code, both are the zero value."""

EMPTY_QUERY = frozenset(("", "{}", "[]", "null"))
"""The same for query values, and 0 for integers. The 0 of a boolean is compared: some booleans default to true."""


def normalized(text: str) -> str:
    """Replace each volatile part of *text* by a fixed word."""
    for pattern, word in VOLATILE:
        text = pattern.sub(word, text)
    return text
