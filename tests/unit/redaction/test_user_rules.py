"""The user's own rules."""

import time

import pytest

from apispy.errors import UsageError
from apispy.redaction.user_rules import MAX_TIMEOUTS, PATTERN_TIMEOUT, parse


def test_rules_by_what_they_look_at() -> None:
    rules = parse(["header:X-Foo", "json:$.a['b.c'][0]", "re:corp-[0-9]+"])
    assert rules.headers == {"x-foo"}
    assert rules.paths == (("a", "b.c", 0),)
    assert [pattern.text for pattern in rules.patterns] == ["corp-[0-9]+"]
    assert rules.look_into_bodies
    assert not parse(["header:X-Foo"]).look_into_bodies


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("X-Foo", "expected json:, header: or re:"),
        ("", "expected json:, header: or re:"),
        ("header:", "expected the name of a header field"),
        ("header:X-Foo: bar", "expected the name of a header field"),
        ("json:Config.Labels", "the path must begin with $"),
        ("json:$", "the path ends before it names a value"),
        ("json:$.a..", "the path ends before it names a value"),
        ("json:$.a[", "'[' is not a step of a path"),
        ("json:$.a[?(@.b)]", "is not a step of a path"),
        ("json:$x", "'x' is not a step of a path"),
        ("re:(", "not a valid regular expression: missing )"),
        ("re:", "matches the empty text"),
        ("re:x*", "matches the empty text"),
        ("re:" + "x" * 1001, "a pattern of 1001 characters, the limit is 1000"),
    ],
)
def test_bad_rules_are_refused_with_a_right_one(rule: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse([rule])
    assert said in str(refused.value)
    assert "header:X-Foo" in str(refused.value)


def test_all_that_is_found_is_hidden() -> None:
    [pattern] = parse(["re:corp-[0-9]+"]).patterns
    assert pattern.substituted("a corp-1, corp-22!", lambda text: f"<{len(text)}>") == "a <6>, <7>!"


def test_a_search_that_takes_too_long_hides_all() -> None:
    [pattern] = parse([r"re:(a|a|b?a)+\d(?<=x.)"]).patterns
    began = time.process_time()
    for _ in range(100):
        assert pattern.substituted("a" * 60 + "!", lambda text: f"<{len(text)}>") == "<61>"
    assert time.process_time() - began < 100 * PATTERN_TIMEOUT / 2
    assert pattern.substituted("short", lambda text: f"<{len(text)}>") == "<5>"


def test_a_search_that_is_quick_is_not_given_up() -> None:
    [pattern] = parse(["re:x"]).patterns
    assert [pattern.substituted("axb", lambda _: "-") for _ in range(2 * MAX_TIMEOUTS)] == [
        "a-b"
    ] * 2 * MAX_TIMEOUTS
