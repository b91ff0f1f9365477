"""docs/secrets.md is correct: kinds of secrets, rules, options and figures."""

import re
import shlex
from pathlib import Path

import pytest

from apispy.cli.proxy import proxy
from apispy.outputs import units
from apispy.redaction import Policy, categories, parse
from apispy.redaction.header_fields import SECRET_HEADERS
from apispy.redaction.tokens import MIN_SECRET_LENGTH, Tokens
from apispy.redaction.user_rules import MAX_TIMEOUTS, PATTERN_TIMEOUT

PAGE = (Path(__file__).parents[2] / "docs/secrets.md").read_text()

KINDS = (
    {value for name, value in vars(categories).items() if name.isupper() and isinstance(value, str)}
    | set(categories.BY_FIELD.values())
    | set(categories.BY_TAG.values())
)


def test_every_kind_is_there() -> None:
    rows = re.findall(r"^\| ([a-zA-Z, -]+) \| ", PAGE, re.MULTILINE)
    assert {kind for row in rows for kind in row.split(", ")} - {"Kind", "Rule", "Value"} == KINDS


@pytest.mark.parametrize("line", sorted(set(re.findall(r"`(--redact [^`]+)`", PAGE)) - {"--redact RULE"}))
def test_the_rules_are_right(line: str) -> None:
    option, rule = shlex.split(line)
    assert option == "--redact"
    assert parse([rule])


def test_there_is_a_rule_of_each_kind() -> None:
    assert {"json", "header", "re"} <= set(re.findall(r"--redact ['\"](\w+):", PAGE))


def test_the_modes_and_options_are_those_of_the_command_line() -> None:
    [modes] = [option for option in proxy.params if option.name == "redact_env"]
    assert re.findall(r"^\| `([a-z-]+)` \|", PAGE, re.MULTILINE) == list(modes.type.choices)  # type: ignore[attr-defined]
    assert modes.default == "all" == Policy().env
    known = {name for option in proxy.params for name in option.opts}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", PAGE)) <= known | {"--password"}


def test_headers_and_figures() -> None:
    assert not [name for name in SECRET_HEADERS if name not in PAGE.lower()]
    text = " ".join(PAGE.split())
    assert f"{MIN_SECRET_LENGTH} characters or more" in text
    assert f"fewer than {MIN_SECRET_LENGTH} characters" in text
    assert f"more than {PATTERN_TIMEOUT} s" in text
    assert MAX_TIMEOUTS == 5
    assert "after the fifth time" in text
    assert re.search(r"<redacted:[0-9a-f]{8}>", PAGE)
    assert re.fullmatch(r"<redacted:[0-9a-f]{8}>", Tokens().of("x"))


def test_the_report_is_as_it_is_written() -> None:
    [line] = re.findall(r"^hidden: (.*);", PAGE, re.MULTILINE)
    for counted in line.split(", "):
        number = int(counted.split()[0])
        assert counted in {units.count(number, kind) for kind in KINDS}
