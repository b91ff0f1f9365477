"""API versions and the engine releases that introduced them. A version is text: "1.41"."""

import re
from functools import cache, lru_cache

Releases = tuple[tuple[str, str], ...]

# A release and the highest API version of it and its successors. From the release tags of moby/moby.
ENGINES: Releases = (
    ("1.0", "1.12"),
    ("1.1", "1.13"),
    ("1.2", "1.14"),
    ("1.3", "1.15"),
    ("1.4", "1.16"),
    ("1.5", "1.17"),
    ("1.6", "1.18"),
    ("1.7", "1.19"),
    ("1.8", "1.20"),
    ("1.9", "1.21"),
    ("1.10", "1.22"),
    ("1.11", "1.23"),
    ("1.12", "1.24"),
    ("1.13", "1.25"),
    ("17.03", "1.26"),
    ("17.04", "1.28"),
    ("17.05", "1.29"),
    ("17.06", "1.30"),
    ("17.07", "1.31"),
    ("17.09", "1.32"),
    ("17.10", "1.33"),
    ("17.11", "1.34"),
    ("17.12", "1.35"),
    ("18.02", "1.36"),
    ("18.03", "1.37"),
    ("18.06", "1.38"),
    ("18.09", "1.39"),
    ("19.03", "1.40"),
    ("20.10", "1.41"),
    ("23.0", "1.42"),
    ("24.0", "1.43"),
    ("25.0", "1.44"),
    ("26.0", "1.45"),
    ("27.0", "1.46"),
    ("27.2", "1.47"),
    ("28.0", "1.48"),
    ("28.1", "1.49"),
    ("28.2", "1.50"),
    ("28.3", "1.51"),
    ("29.0", "1.52"),
    ("29.2", "1.53"),
    ("29.3", "1.54"),
    ("29.6", "1.55"),
)
# The lowest API version that releases accept by default.
LOWEST: Releases = (("1.0", "1.12"), ("25.0", "1.24"), ("29.0", "1.44"), ("29.3", "1.40"))

NEWEST = ENGINES[-1][1]
"""The newest known version."""

_FORM = re.compile(r"v?(\d{1,4})\.(\d{1,4})")


def parse(text: str) -> tuple[int, int] | None:
    """Parse "1.9" or "v1.9" to (1, 9), to compare by: "1.9" is before "1.10". None for any other text."""
    return _parse_cached(text) if len(text) <= MAX_LENGTH else None


MAX_CACHED, MAX_LENGTH = 1024, len("v1234.1234")
"""The size of the cache of versions, and the characters of the longest one."""


@lru_cache(MAX_CACHED)
def _parse_cached(text: str) -> tuple[int, int] | None:
    found = _FORM.fullmatch(text)
    return (int(found[1]), int(found[2])) if found else None


VERSIONS: tuple[str, ...] = tuple(f"1.{minor}" for minor in range(int(NEWEST.removeprefix("1.")) + 1))
"""All known versions, "1.0" first."""


def nearest(version: str | None) -> str:
    """The known version nearest to *version*, any text. The newest for a newer one, for none and for invalid text."""
    parsed = parse(version or "")
    if parsed is None or parsed > (1, len(VERSIONS) - 1):
        return NEWEST
    return f"1.{parsed[1]}" if parsed[0] == 1 else VERSIONS[0]


def between(first: str, version: str, last: str) -> bool:
    """Whether *version* is within *first* and *last*, inclusive. All three must be known versions."""
    return VERSIONS.index(first) <= VERSIONS.index(version) <= VERSIONS.index(last)


def api_of_engine(release: str) -> str | None:
    """The highest API version of an engine release: "1.50" for "28.2.2". None before API 1.0 and for other text.

    *release* is what the daemon calls itself ("20.10.24+dfsg1", "v29.0.0-rc.1", "17.06.2-ce"). One that is newer than
    all that are known is taken for the newest.
    """
    return _find(ENGINES, release)


def lowest_of_engine(release: str) -> str | None:
    """The lowest API version that an engine accepts by default. None as for ``api_of_engine``."""
    return _find(LOWEST, release)


def engines_of_api(version: str) -> str | None:
    """The first engine release with *version*: "28.2" for "1.50". None if no release is known, or *version* is invalid.

    "1.0" stands for all versions until 1.12: the releases before are not known here.
    """
    wanted = parse(version)
    return next((release for release, api in ENGINES if wanted and wanted <= _parsed(api)), None)


def _find(releases: Releases, release: str) -> str | None:
    found = _FORM.match(release)
    if not found or 1 < int(found[1]) < 17:  # 1.13 was followed by 17.03
        return None
    wanted = (int(found[1]), int(found[2]))
    return next((version for first, version in reversed(releases) if _parsed(first) <= wanted), None)


@cache  # of the versions in the tables
def _parsed(known: str) -> tuple[int, int]:
    major, minor = known.split(".")
    return int(major), int(minor)
