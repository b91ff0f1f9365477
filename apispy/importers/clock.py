"""Times of logs that have the time of day only (curl --trace-time), or none."""

import re
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

from apispy.importers.formats import END_OF_TIME

TIME = rb"(?:(\d\d):(\d\d):(\d\d)\.(\d{1,6}) )?"
"""The time at the beginning of a line, local. Four groups."""

FIRST, LAST = 2 * 86400.0, 32_503_000_000.0
"""Unix seconds whose days Windows can express in every time zone: from 1970 to the end of 2999."""

_DATE = re.compile(rb"^(?:\S+ )?date: ([\w, :]{10,40}GMT)", re.MULTILINE | re.IGNORECASE)


def when_recorded(path: Path, log: bytes) -> float:
    """The Unix seconds of a log: of its first ``Date`` header, or of the last change of the file.

    A time outside of FIRST and LAST becomes the nearest of them: a damaged file system has any.
    """
    found = _DATE.search(log)
    try:
        seconds = parsedate_to_datetime(found[1].decode()).timestamp() if found else -1.0
    except (ValueError, OverflowError):
        seconds = -1.0
    return min(max(seconds if 0 <= seconds < END_OF_TIME else path.stat().st_mtime, FIRST), LAST)


class Clock:
    """Unix seconds of the lines of the log at *path*, whose content is *log*."""

    def __init__(self, path: Path, log: bytes) -> None:
        self._recorded = when_recorded(path, log)
        moment = datetime.fromtimestamp(self._recorded)
        self._day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        self._at = 0.0

    def read(self, line: re.Match[bytes]) -> float:
        """The time of a line, which begins with TIME; never before that of the line before it."""
        if line[1] is None:
            return self._at or self._recorded
        hour, minute, second = (int(line[group]) for group in (1, 2, 3))
        fraction = int(line[4].ljust(6, b"0"))
        into_day = timedelta(hours=hour, minutes=minute, seconds=second, microseconds=fraction)
        self._at = max(self._at, (self._day + into_day).timestamp())
        return self._at
