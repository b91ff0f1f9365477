import math
from datetime import UTC, datetime

import pytest

from apispy import units


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (88, "88 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (4096, "4.1 kB"),
        (999949, "999.9 kB"),
        (999950, "1.0 MB"),
        (1234567890, "1.2 GB"),
        (10**22, "10000.0 EB"),
    ],
)
def test_size(count: int, text: str) -> None:
    assert units.size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 ms"),
        (0.00042, "0.4 ms"),
        (0.00994, "9.9 ms"),
        (0.00999, "10 ms"),
        (0.045, "45 ms"),
        (0.9994, "999 ms"),
        (0.9996, "1.00 s"),
        (1.2, "1.20 s"),
        (59.99, "59.99 s"),
        (59.996, "1 min 00 s"),
        (200, "3 min 20 s"),
        (3599.7, "1 h 00 min"),
        (7500, "2 h 05 min"),
        (360000, "100 h 00 min"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert units.duration(seconds) == text


ID = "c12250feba24" + "0" * 52


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"/containers/{ID}/start", "/containers/c12250feba24/start"),
        (f"sha256:{ID}", "c12250feba24"),
        (ID + "0", ID + "0"),
        ("c12250feba24", "c12250feba24"),
        (f"busybox@sha256:{ID}", "busybox@c12250feba24"),
    ],
)
def test_short_ids(text: str, shown: str) -> None:
    assert units.short_ids(text) == shown


@pytest.mark.parametrize(
    ("number", "nouns", "text"),
    [
        (0, "containers", "no containers"),
        (1, "containers", "1 container"),
        (2, "images", "2 images"),
        (1, "processes", "1 process"),
        (1, "privileges", "1 privilege"),
        (1, "caches", "1 cache"),
    ],
)
def test_count(number: int, nouns: str, text: str) -> None:
    assert units.count(number, nouns) == text


@pytest.mark.parametrize(
    ("seconds", "moment"),
    [
        (0.25, datetime(1970, 1, 1, 0, 0, 0, 250_000, tzinfo=UTC)),
        (-1.5, datetime(1969, 12, 31, 23, 59, 58, 500_000, tzinfo=UTC)),
        (-1e10, datetime(1653, 2, 10, 6, 13, 20, tzinfo=UTC)),
        (2e11, datetime(8307, 10, 1, 19, 33, 20, tzinfo=UTC)),
        (1e12, units.LAST),
        (1e300, units.LAST),
        (math.inf, units.LAST),
        (-1e12, units.FIRST),
        (-math.inf, units.FIRST),
        (math.nan, units.EPOCH),
    ],
)
def test_every_time_is_one_in_utc(seconds: float, moment: datetime) -> None:
    assert units.utc(seconds) == moment


@pytest.mark.parametrize("seconds", [0, 1_700_000_000, -(10**9), 10**12, 10**18, -(10**18), 10**30])
def test_every_time_is_a_local_one(seconds: int) -> None:
    assert 0 <= units.local_time(seconds).tm_hour < 24
