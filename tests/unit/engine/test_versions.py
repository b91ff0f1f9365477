"""Versions, and the engines that brought them."""

import pytest

from apispy.engine import versions
from apispy.engine.facts import described


def test_the_newest_engine_speaks_the_newest_described_version():
    assert described()["versions"][-1] == versions.NEWEST == versions.VERSIONS[-1]


def test_versions_compare_as_numbers():
    nine, ten = versions.parse("1.9"), versions.parse("v1.10")
    assert nine
    assert ten
    assert nine < ten
    assert versions.between("1.9", "1.10", "1.10")
    assert not versions.between("1.9", "1.8", "1.10")


@pytest.mark.parametrize("text", ["", "1", "1.", "1.41.2", "vv1.4", "1.x", " 1.4", "1.41\n", "1." + "9" * 9])
def test_no_version(text: str):
    assert versions.parse(text) is None
    assert versions.nearest(text) == versions.NEWEST


@pytest.mark.parametrize(
    ("version", "nearest"),
    [
        ("1.9", "1.9"),
        ("v1.41", "1.41"),
        ("1.56", "1.55"),
        ("2.0", "1.55"),
        ("4.9", "1.55"),
        ("0.9", "1.0"),
        (None, "1.55"),
    ],
)
def test_nearest(version: str | None, nearest: str):
    assert versions.nearest(version) == nearest


@pytest.mark.parametrize(
    ("release", "highest", "lowest"),
    [
        ("28.2.2", "1.50", "1.24"),
        ("20.10.24+dfsg1", "1.41", "1.12"),
        ("17.06.2-ce", "1.30", "1.12"),
        ("17.08.0-ce", "1.31", "1.12"),
        ("v29.0.0-rc.1", "1.52", "1.44"),
        ("29.3.1", "1.54", "1.40"),
        ("1.6.0", "1.18", "1.12"),
        ("31.0.0", "1.55", "1.40"),
        ("0.11.1", None, None),
        ("5.2.0", None, None),  # Podman
        ("dev", None, None),
    ],
)
def test_engines(release: str, highest: str | None, lowest: str | None):
    assert (versions.api_of_engine(release), versions.lowest_of_engine(release)) == (highest, lowest)


@pytest.mark.parametrize(
    ("version", "engine"),
    [("1.50", "28.2"), ("1.27", "17.04"), ("1.18", "1.6"), ("1.3", "1.0"), ("1.99", None), ("x", None)],
)
def test_the_engine_that_brought_a_version(version: str, engine: str | None):
    assert versions.engines_of_api(version) == engine
