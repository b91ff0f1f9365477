"""The search for many words at once finds what a search for each of them finds."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from apispy.redaction import prefilter
from apispy.redaction.word_search import FEW, WINDOW, WordSearch

WORDS = st.lists(st.text("abx", max_size=4).map(str.encode), max_size=3 * FEW)


@given(words=WORDS, data=st.text("abx-", max_size=30).map(str.encode))
@example(words=[b"a", b"ab", b"b", b"ba", b"aab"], data=b"xaab")
def test_it_finds_what_a_search_for_each_word_finds(words: list[bytes], data: bytes) -> None:
    search = WordSearch(words)
    assert search.is_in(data) == any(word in data for word in words)
    assert set(search.found(data)) <= {word for word in words if word in data}


@pytest.mark.parametrize("at", [0, 1, WINDOW - 7, WINDOW - 1, WINDOW, 2 * WINDOW - 3, 3 * WINDOW])
def test_a_word_is_found_at_any_place(at: int) -> None:
    words = [b"password", b"token", b"secret", b"curl", b"login", b"sudo"]
    for changing in (False, True):
        assert WordSearch(words, changing=changing).is_in(b"." * at + b"password")
        assert not WordSearch(words, changing=changing).is_in(b"." * at + b"password"[:-1])


def test_no_sign_overlaps_with_that_of_a_url() -> None:
    """The search reports one of two words that overlap, and the sign of a URL alone is not enough."""
    url = prefilter._URL
    assert not [sign for sign in prefilter.SIGNS if any(mark in sign for mark in (b":", b"/"))]
    assert set(url) == set(b":/")
