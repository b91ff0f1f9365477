"""Versions of the API. A version is text, "1.41"."""

import re

NEWEST = "1.55"
"""The newest version that is known here."""

_FORM = re.compile(r"v?(\d{1,4})\.(\d{1,4})")


def parse(text: str) -> tuple[int, int] | None:
    """(1, 9) of "1.9", to compare by. None of any other text."""
    found = _FORM.fullmatch(text)
    return (int(found[1]), int(found[2])) if found else None


VERSIONS: tuple[str, ...] = tuple(f"1.{minor}" for minor in range((parse(NEWEST) or (1, 0))[1] + 1))
"""All known versions, "1.0" first."""


def nearest(version: str | None) -> str:
    """The known version that serves best for *version*, any text. Of one too new, of none, of garbage: the newest."""
    parsed = parse(version or "")
    if parsed is None or parsed > (1, len(VERSIONS) - 1):
        return NEWEST
    return f"1.{parsed[1]}" if parsed[0] == 1 else VERSIONS[0]
