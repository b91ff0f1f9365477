"""Suggestions for a name that is not known: "did you mean"."""

import difflib
from collections.abc import Iterable


def most_similar(name: str, known: Iterable[str]) -> str:
    """Return the most similar of the *known* names; "" if none is similar."""
    return next(iter(difflib.get_close_matches(name, list(known), 1)), "")
