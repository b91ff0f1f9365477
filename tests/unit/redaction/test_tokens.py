"""Tokens, and what is remembered of what was hidden."""

import re

from apispy.model import REDACTED, Redaction, is_redacted
from apispy.redaction import categories
from apispy.redaction.known_secrets import MAX_KNOWN_SECRETS
from apispy.redaction.tokens import Tokens

from .hiding import replacer, token


def test_the_same_secret_has_the_same_token_in_one_session_only() -> None:
    one, other = Tokens(), Tokens()
    assert re.fullmatch("<redacted:[0-9a-f]{8}>", one.of("hunter2"))
    assert one.of("hunter2") == one.of("hunter2")
    assert one.of("hunter2") != one.of("hunter3")
    assert one.of("hunter2") != other.of("hunter2")


def test_what_is_redacted() -> None:
    assert is_redacted(REDACTED)
    assert is_redacted(token("x"))
    assert not [
        odd for odd in ("", "x<redacted>", "<redacted:>", "<redacted:XYZ>", None, 5) if is_redacted(odd)
    ]


def test_what_was_hidden_is_listed() -> None:
    hiding = replacer()
    assert hiding.hide("hunter2", "request.header:X", categories.HEADER) == token("hunter2")
    assert hiding.found == [Redaction("request.header:X", token("hunter2"), categories.HEADER)]


def test_nothing_and_tokens_stay() -> None:
    hiding = replacer()
    assert [hiding.hide(text, "", "") for text in ("", token("x"), REDACTED)] == ["", token("x"), REDACTED]
    assert hiding.found == []


def test_long_secrets_are_looked_for_further_on_but_not_too_many() -> None:
    hiding = replacer()
    hiding.hide("short", "", categories.REGISTRY)
    hiding.variable("HOME", "/home/somebody", "")
    hiding.variable("DB_PASSWORD", "long enough", "")
    assert len(hiding.known_secrets) == 1
    assert hiding.known_secrets.found_in(b"it is long enough")
    for number in range(2 * MAX_KNOWN_SECRETS):
        hiding.hide(f"secret number {number}", "", categories.REGISTRY)
    assert len(hiding.known_secrets) == MAX_KNOWN_SECRETS
