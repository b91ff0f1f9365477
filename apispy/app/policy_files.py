"""Files with rules about requests."""

from pathlib import Path

from apispy.errors import UsageError
from apispy.filters.policy import Rule, parse_policy

MAX_SIZE = 1 << 20
"""Bytes of the largest file that is read."""


def read_policy(path: Path) -> list[Rule]:
    """Read the rules of a file. Raises UsageError, with the name of the file and the number of the line."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_SIZE + 1)
    except OSError as error:
        raise UsageError(
            f"--policy {path}: expected a file with rules, found none that can be read: {error.strerror}"
        ) from None
    if len(data) > MAX_SIZE:
        raise UsageError(f"--policy {path}: it is larger than 1 MiB")
    try:
        return parse_policy(data.decode("utf-8"))
    except UnicodeDecodeError:
        raise UsageError(f"--policy {path}: it is not UTF-8 text") from None
    except UsageError as error:
        raise UsageError(f"--policy {path}: {error}") from None
