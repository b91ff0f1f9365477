"""docs/guard.md: its rules are valid and do what it says, its options are all, its examples show what apispy prints."""

import re
import shlex
from pathlib import Path

import pytest

from apispy.cli.options import RULE_OPTIONS
from apispy.cli.proxy import proxy
from apispy.filters.fields import TABLE
from apispy.filters.policy import parse_rule
from apispy.filters.subject import Part
from tests.page_examples import check_examples
from tests.unit.gate.test_policy_check import create, decided, denying

PAGE = Path(__file__).parents[2] / "docs/guard.md"
TEXT = PAGE.read_text()
CODE = re.findall(r"`([^`\n]+)`", TEXT) + re.findall(r"(?m)^    (apispy .*)$", TEXT)
TYPED = [word for text in CODE if "--" in text for word in [shlex.split(text, comments=True)]]


def test_the_examples_are_what_they_say(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, utc: None
) -> None:
    monkeypatch.chdir(PAGE.parents[1])
    check_examples(PAGE, 100, rewrite=request.config.getoption("--rewrite-golden"))


def test_the_rules_are_valid() -> None:
    rules = [
        (words[at][2:], words[at + 1])
        for words in TYPED
        for at in range(len(words) - 1)
        if words[at] in ("--deny", "--allow", "--confirm") and words[at + 1] != "FILTER"
    ]
    assert len(rules) >= 6
    for verb, text in rules:
        parse_rule(verb, text)  # type: ignore[arg-type]


def test_the_filters_of_the_table_are_valid_and_all() -> None:
    table = TEXT.partition("| filter | holds for |")[2].partition("\n\n")[0]
    filters = [
        text for row in table.splitlines()[2:] for text in re.findall(r"`([^`]+)`", row.split(" | ")[0])
    ]
    for text in filters:
        parse_rule("deny", text)
    named = {re.split("[:<>]", text)[0] for text in filters}
    of_bodies = {field.name for field in TABLE if field.known is Part.BODY} | {"effect"}
    assert named == of_bodies


def test_the_options_are_all() -> None:
    typed = {parameter.opts[0] for parameter in proxy.params} & set(re.findall(r"--[a-z-]+", TEXT))
    assert len(RULE_OPTIONS) == len(
        typed
        & {"--read-only", "--allow", "--deny", "--confirm", "--confirm-timeout", "--policy", "--policy-mode"}
    )


def test_the_message_is_the_one_shown() -> None:
    action = decided(denying("privileged"), *create({"Privileged": True})).action
    assert f"docker: Error response from daemon: {action.message}\n" in TEXT  # type: ignore[union-attr]
