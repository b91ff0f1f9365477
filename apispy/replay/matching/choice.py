"""Which matchers to use, as a user types it."""

from apispy.errors import UsageError
from apispy.replay.matching.base import MATCHERS, Matcher

ALWAYS = "operation"
"""A request of another operation is another request."""


def choose(text: str | None) -> tuple[Matcher, ...]:
    """``path,query``: those and no others; ``-body,-headers``: all but those; None: all. Raises UsageError."""
    words = [word.strip() for word in (text or "").split(",") if word.strip()]
    for word in words:
        if word.removeprefix("-") not in MATCHERS:
            raise UsageError(
                f"--match {text}: there is no matcher {word!r}. There are: {', '.join(MATCHERS)}."
            )
    left_out = {word[1:] for word in words if word.startswith("-")}
    named = {word for word in words if not word.startswith("-")}
    if left_out and named:
        raise UsageError(
            f"--match {text}: name those to be used, or with - before each those to be left out, not both."
        )
    if ALWAYS in left_out:
        raise UsageError(
            f"--match {text}: {ALWAYS} cannot be left out: another operation is another request."
        )
    return tuple(
        one
        for one in MATCHERS.values()
        if one.name == ALWAYS or (one.name in named if named else one.name not in left_out)
    )
