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


@given(st.text(st.characters(categories=("L", "N", "P", "S", "Zs"))))
def test_printable_text_stays(text: str) -> None:
    assert escape(text) == text
    assert escape(text.encode()) == text


def test_every_control_character_is_escaped() -> None:
    hidden = [
        chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) in ("Cc", "Cs", "Zl", "Zp")
    ]
    assert [char for char in hidden if escape(char) == char] == []


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
