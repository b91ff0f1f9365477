"""Text from the wire can neither control a terminal nor be invisible in it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apispy.outputs.escaping import escape, escape_lines

ANY_TEXT = st.text(st.characters(exclude_categories=()))
JOINERS = "\u200c\u200d"  # letters and emoji of several code points need them
MARKS = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
"""Visible characters of category Cf: Unicode calls them prepended concatenation marks."""


def visible(text: str) -> bool:
    return all(
        char in JOINERS + MARKS or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp")
        for char in text
    )


@given(st.one_of(ANY_TEXT, st.binary()))
def test_escaped_text_is_visible(text: str | bytes) -> None:
    escape(text).encode("utf-8")  # no lone surrogate either
    assert visible(escape(text))


@given(st.one_of(ANY_TEXT, st.binary()))
def test_lines_are_visible(text: str | bytes) -> None:
    assert all(visible(line) for line in escape_lines(text))


LOOK_LIKE_NOTHING = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters and a symbol without a shape: a name of them alone would be no name at all."""


@given(st.text(st.characters(categories=("L", "N", "P", "S", "Zs"), exclude_characters=LOOK_LIKE_NOTHING)))
def test_printable_text_stays(text: str) -> None:
    assert escape(text) == text
    assert escape(text.encode()) == text


def test_every_control_character_is_escaped() -> None:
    hidden = [chr(code) for code in range(0x110000) if not visible(chr(code))]
    assert [char for char in [*hidden, *LOOK_LIKE_NOTHING] if escape(char) == char] == []


@pytest.mark.parametrize("mark", ["\u0301", "\u0e47", "\u20dd", "\u200d", "\ufe0f", "\U0001e8d0"])
@pytest.mark.parametrize("before", ["a", "\u0e01", "\U0001f468"])
def test_no_flood_of_marks_covers_the_lines_around(mark: str, before: str) -> None:
    for text in (before + mark * 200, (before + mark * 200).encode()):
        shown = escape(text)
        assert shown.isascii() or mark * 9 not in shown
        assert shown.count("\\") >= 192


@pytest.mark.parametrize("char", "\u200c\u200d\ufe00\ufe0f")
def test_a_name_of_ascii_has_no_invisible_part(char: str) -> None:
    for text in (f"do{char}cker", f"{char}docker", f"docker{char * 3}"):
        assert escape(text).isascii()
        assert escape(text) != "docker"


@pytest.mark.parametrize(
    "text",
    [
        "\u0915\u094d\u200d\u0937",
        "1\ufe0f\u20e3",
        "\u2764\ufe0f",
        "\U0001f468\u200d\U0001f469",
        "x\u0323\u0301",
        "\u0e01\u0e33",
    ],
)
def test_marks_and_joiners_that_letters_and_emoji_need_stay(text: str) -> None:
    assert escape(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", "\\e[2J"),
        ("a\tb\r\n", "a\\tb\\r\\n"),
        (b"\x00\x7f\x9b", "\\x00\\x7f\\x9b"),
        ("\x9b", "\\x9b"),
        ("\u202eabc", "\\u202eabc"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("grün 日本 👍🏽".encode(), "grün 日本 👍🏽"),
        (b"\xc3", "\\xc3"),
    ],
)
def test_examples(text: str | bytes, shown: str) -> None:
    assert escape(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", [""]),
        ("one\ntwo\r\n", ["one", "two"]),
        (b"one\n\n", ["one", ""]),
        ("a\tb", ["a       b"]),
        ("50%\r100%", ["50%\\r100%"]),
    ],
)
def test_lines(text: str | bytes, shown: list[str]) -> None:
    assert escape_lines(text) == shown
