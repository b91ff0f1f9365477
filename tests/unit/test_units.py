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
