"""What differs between two runs of the very same commands, and says nothing: the one table of it."""

import re

VALUES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"<redacted:[0-9a-f]{8}>"), "<redacted>"),  # each session has its own tokens
    (re.compile(r"\b(?:sha256:)?[0-9a-f]{64}\b"), "<id>"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "<uuid>"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z| ?[+-]\d\d:?\d\d)?"), "<time>"),
    (
        re.compile(r"\b1[4-9]\d{8}(?:\.\d+|\d{9})?\b"),
        "<time>",
    ),  # Unix seconds from 2014 to 2033, or nanoseconds
    (
        re.compile(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{12,40}\b"),
        "<id>",
    ),  # the CLI's short one, Git's
    (re.compile(r"\b(?=[0-9a-z]*\d)[0-9a-z]{25}\b"), "<id>"),  # swarm's
    (
        re.compile(r"(?<=[-_])(?=[0-9a-f]*\d)[0-9a-f]{6,11}\b"),
        "<random>",
    ),  # a name made up by a client: web-3f9a1c
    (re.compile(r"(?<=127\.0\.0\.1:)\d{5}\b|(?<=localhost:)\d{5}\b"), "<port>"),
)
"""In the values of parameters and bodies, in this order. What looks so is the same on both sides."""

RANDOM_NAME = re.compile(r"[a-z]+_[a-z]+\d?")
"""Names that Docker makes up for a container: "focused_curie". Only whole arguments are compared with it."""

QUERY = frozenset(("h", "w", "buildid", "session"))
"""Parameters that are as a terminal is, or made up for each run."""

FIELDS = frozenset(("ConsoleSize", "progress", "progressDetail", "AuthConfig"))
"""Names of JSON fields, at any depth: the terminal's size, how fast a pull was."""

REQUEST_HEADERS = ("content-type", "upgrade", "x-registry-auth", "x-registry-config")
"""The headers that matter in a request; any other is the client's way. Of credentials only that there are some."""

RESPONSE_HEADERS = ("content-type",)

CREDENTIALS = frozenset(("x-registry-auth", "x-registry-config"))

EMPTY: tuple[object, ...] = (None, "", False, 0, [], {})
"""What stands in a request's body like this may as well be left out: to Docker's Go both are the zero value."""

EMPTY_QUERY = frozenset(("", "{}", "[]", "null"))
"""Likewise in a query, and 0 of a parameter that is a number. A boolean may be true by default, so its 0 counts."""


def settled(text: str) -> str:
    """*text* with a word in place of each volatile part."""
    for pattern, word in VALUES:
        text = pattern.sub(word, text)
    return text
