"""The pictures in the README show what apispy prints now. ``make picture`` or ``make golden`` draws them again."""

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tools.make_picture import IMAGES, THEMES, runs, session, svg

README = Path(__file__).parents[2] / "README.md"


@pytest.fixture(scope="module")
def output() -> str:
    return session()


@pytest.mark.parametrize("name", THEMES)
def test_the_picture_is_current(name: str, output: str, expect: Callable[[Path, str], None]) -> None:
    expect(IMAGES / f"session-{name}.svg", svg(output, THEMES[name]))


def test_the_picture_is_well_formed_and_shows_each_word(output: str) -> None:
    drawn = ElementTree.fromstring(svg(output, THEMES["dark"]))
    shown = " ".join(one.text or "" for one in drawn.iter("{http://www.w3.org/2000/svg}text"))
    words = " ".join(text for line in output.splitlines() for _, text, _ in runs(line)).split()
    assert "ContainerAttach" in words
    assert [word for word in words if word not in shown.split()] == []


def test_the_readme_shows_both_themes() -> None:
    for name in THEMES:
        assert f"docs/images/session-{name}.svg" in README.read_text()
