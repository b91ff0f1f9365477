"""Migration of lines in older formats to the current format."""

from collections.abc import Callable
from typing import Any

from apispy.capture.format import FORMAT
from apispy.capture.validation import Malformed, NewerFormat

Migration = Callable[[dict[str, Any]], dict[str, Any]]

MIGRATIONS: dict[int, Migration] = {}
"""By format version, the function that converts a line of any kind from that version to the next one."""


def check_format(version: Any) -> int:
    """Return *version* if this apispy can read it. Raises Malformed."""
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise Malformed(f"format: expected a number from 1 to {FORMAT}, found {str(version)[:60]!r}")
    if version > FORMAT:
        raise NewerFormat(
            f"format: this apispy reads captures up to format {FORMAT}, found {version}; please upgrade apispy"
        )
    return version


def migrate(line: dict[str, Any], version: int) -> dict[str, Any]:
    """Convert *line* from format *version* to the current format. Raises Malformed."""
    while version < FORMAT:
        try:
            line = MIGRATIONS[version](line)
        except (LookupError, TypeError, AttributeError, ValueError) as error:
            raise Malformed(
                f"expected a line of format {version}, found one that is not: {error!r}"
            ) from None
        version += 1
    return line
