"""Suggestions for a name that is not known."""

import pytest

from apispy.suggestions import most_similar

KNOWN = {"container": 1, "image": 2, "network": 3}


@pytest.mark.parametrize(
    ("typed", "found"),
    [("kontainer", "container"), ("imag", "image"), ("network", "network"), ("xyz", ""), ("", "")],
)
def test_the_most_similar_name(typed: str, found: str) -> None:
    assert most_similar(typed, KNOWN) == found
    assert most_similar(typed, iter(KNOWN)) == found


def test_of_nothing_nothing_is_similar() -> None:
    assert most_similar("container", []) == ""
