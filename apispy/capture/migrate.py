"""Makes lines of older formats into lines of the present one."""

from collections.abc import Callable
from typing import Any

from apispy.capture.format import FORMAT
from apispy.capture.validation import Malformed, Newer

Migration = Callable[[dict[str, Any]], dict[str, Any]]

MIGRATIONS: dict[int, Migration] = {}
"""By a format's number the function that makes one of its lines, of any kind, into one of the next format."""


def check(version: Any) -> int:
    """The number of a format that can be read. Raises Malformed."""
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise Malformed(f"format: expected a number from 1 to {FORMAT}, found {str(version)[:60]!r}")
    if version > FORMAT:
        raise Newer(
            f"format: this apispy reads captures up to format {FORMAT}, found {version}; please upgrade apispy"
        )
    return version


def migrate(line: dict[str, Any], version: int) -> dict[str, Any]:
    """*line*, of the format *version*, as it is written now. Raises Malformed."""
    while version < FORMAT:
        try:
            line = MIGRATIONS[version](line)
        except (LookupError, TypeError, AttributeError, ValueError) as error:
            raise Malformed(
                f"expected a line of format {version}, found one that is not: {error!r}"
            ) from None
        version += 1
    return line
