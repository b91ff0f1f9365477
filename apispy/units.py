"""Human-readable sizes, durations, counts and IDs; and times that cannot fail."""

import re
import time
from datetime import UTC, datetime, timedelta

_SIZES = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
_BINARY_SIZES = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
_LONG_ID = re.compile(r"(?:sha256:)?\b([0-9a-f]{12})[0-9a-f]{52}\b")


def size(count: float) -> str:
    """Format bytes in the decimal units that Docker uses: "88 B", "4.1 kB", "1.2 GB"."""
    if count < 1000:
        return f"{count:.0f} B"
    power = 0
    while count >= 999.95 and power < len(_SIZES) - 1:
        count /= 1000
        power += 1
    return f"{count:.1f} {_SIZES[power]}"


def binary_size(count: float) -> str:
    """Format bytes as `docker stats` shows memory, in units of 1024: "512 B", "4.246 MiB", "2 GiB".

    Source: docker/go-units, BytesSize: four significant digits.
    """
    power = 0
    while count >= 1024 and power < len(_BINARY_SIZES) - 1:
        count /= 1024
        power += 1
    return f"{count:.4g} {_BINARY_SIZES[power]}"


def duration(seconds: float) -> str:
    """Format seconds: "0.4 ms", "45 ms", "1.20 s", "3 min 20 s", "2 h 05 min"."""
    if seconds < 0.00995:
        return f"{seconds * 1000:.1f} ms"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.995:
        return f"{seconds:.2f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST, LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
IMPOSSIBLE = (OverflowError, OSError, ValueError)
"""What conversions of times raise for a time that the system or Python cannot express."""


def utc(seconds: float) -> datetime:
    """Return Unix seconds as a time in UTC. One that Python cannot express becomes the nearest that it can.

    Windows refuses times before 1970 and after 3000. NaN becomes 1970.
    """
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except IMPOSSIBLE:
        pass
    try:
        return EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return FIRST if seconds < 0 else LAST
    except ValueError:
        return EPOCH


def local_time(seconds: int) -> time.struct_time:
    """Return Unix seconds as local time; in UTC if the system cannot tell the local time then."""
    try:
        return time.localtime(seconds)
    except IMPOSSIBLE:
        return utc(seconds).timetuple()


def short_ids(text: str) -> str:
    """Shorten the IDs in *text* (64 hexadecimal digits) to the 12 digits that the docker CLI prints and accepts."""
    return _LONG_ID.sub(r"\1", text)


def count(number: int, nouns: str) -> str:
    """Format a count: "no containers", "1 container", "3 containers"; *nouns* is the plural."""
    noun = nouns.removesuffix("es" if nouns.endswith(("sses", "xes")) else "s")
    return f"{number or 'no'} {noun if number == 1 else nouns}"
