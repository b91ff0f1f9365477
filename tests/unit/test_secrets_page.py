"""docs/secrets.md is correct: kinds of secrets, rules, options and figures."""

import re
import shlex
import textwrap
from pathlib import Path

import pytest

from apispy import units
from apispy.cli.proxy import proxy
from apispy.redaction import Policy, categories, parse
from apispy.redaction.command_forms import OPTIONS, TEXTS, WHOLE_WORDS, WORDS
from apispy.redaction.header_fields import SECRET_HEADERS
from apispy.redaction.known_secrets import (
    MAX_OF_SESSION,
    MIN_DIGITS,
    MIN_LETTERS,
    MIN_SECRET_LENGTH,
    KnownSecrets,
)
from apispy.redaction.secret_forms import MIN_MASKED_PREFIX
from apispy.redaction.tokens import Tokens
from apispy.redaction.user_rules import MAX_TIMEOUTS, PATTERN_TIMEOUT

PATH = Path(__file__).parents[2] / "docs/secrets.md"
PAGE = PATH.read_text()

KINDS = (
    {value for name, value in vars(categories).items() if name.isupper() and isinstance(value, str)}
    | set(categories.BY_FIELD.values())
    | set(categories.BY_TAG.values())
)


def section(name: str, text: str, page: str) -> str:
    """The page with *text* between the marks of a section."""
    pattern = rf"(<!-- {name} -->\n).*?(?=<!-- end {name} -->)"
    return re.sub(pattern, lambda found: f"{found[1]}{text}", page, flags=re.DOTALL)


def filled(page: str) -> str:
    words = ", ".join(f"`{word}`" for word in (*WORDS, *WHOLE_WORDS))
    names = textwrap.fill(words, 120, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)
    options = "".join(
        f"| {', '.join(f'`{program}`' for program in option.programs)} | `{option.option}` | "
        f"`{hidden(option.example)}` |\n"
        for option in OPTIONS
    )
    texts = "".join(f"| {form.what} | `{hidden(form.example)}` |\n" for form in TEXTS)
    page = section("words", f"{names}\n", page)
    page = section("options", f"\n| program | option | example |\n|---|---|---|\n{options}\n", page)
    return section("texts", f"\n| form | example |\n|---|---|\n{texts}\n", page)


def hidden(text: str) -> str:
    """An example of the table with *** for its secret."""
    return re.sub(r"\{[^{}\"' ]+\}", "***", text).replace("|", "\\|")


def test_the_forms_of_command_lines_are_those_of_the_table(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--rewrite-golden"):
        PATH.write_text(filled(PAGE))
    assert filled(PAGE) == PATH.read_text(), "run `make golden`"


def test_every_kind_is_there() -> None:
    rows = re.findall(r"^\| ([a-zA-Z, -]+) \| ", PAGE, re.MULTILINE)
    table = {kind for row in rows for kind in row.split(", ")} - {"Kind", "Rule", "Value"}
    assert table >= KINDS
    assert table - KINDS <= {form.what for form in TEXTS} | {"program", "form"}


@pytest.mark.parametrize("line", sorted(set(re.findall(r"`(--redact [^`]+)`", PAGE)) - {"--redact RULE"}))
def test_the_rules_are_right(line: str) -> None:
    option, rule = shlex.split(line)
    assert option == "--redact"
    assert parse([rule])


def test_there_is_a_rule_of_each_kind() -> None:
    assert {"json", "header", "re"} <= set(re.findall(r"--redact ['\"](\w+):", PAGE))


def test_the_modes_and_options_are_those_of_the_command_line() -> None:
    [modes] = [option for option in proxy.params if option.name == "redact_env"]
    below = PAGE.partition("## Hiding more or less")[2]
    assert re.findall(r"^\| `([a-z-]+)` \|", below, re.MULTILINE) == list(modes.type.choices)  # type: ignore[attr-defined]
    assert modes.default == "all" == Policy().env
    known = {name for option in proxy.params for name in option.opts}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", below)) <= known


def test_headers_and_figures() -> None:
    assert not [name for name in SECRET_HEADERS if name not in PAGE.lower()]
    text = " ".join(PAGE.split())
    assert f"{MIN_SECRET_LENGTH} characters or more" in text
    assert f"fewer than {MIN_SECRET_LENGTH} characters" in text
    assert (
        f"{MIN_SECRET_LENGTH} characters or more, not only letters if there are fewer than {MIN_LETTERS}"
        in text
    )
    assert f"not only digits if there are fewer than {MIN_DIGITS}" in text
    assert f"remembers {MAX_OF_SESSION} secrets" in text
    assert MIN_MASKED_PREFIX == 4
    assert len(re.findall(r"up to three characters (?:of it )?at the end of the first", text)) == 2
    assert f"more than {PATTERN_TIMEOUT} s" in text
    assert MAX_TIMEOUTS == 5
    assert "after the fifth time" in text
    assert re.search(r"<redacted:[0-9a-f]{8}>", PAGE)
    assert re.fullmatch(r"<redacted:[0-9a-f]{8}>", Tokens().of("x"))


def test_a_repeat_is_found_in_each_encoding_of_the_list() -> None:
    [(secret, listed)] = re.findall(r"^of the plain .* for `(.*?)`:\n\n((?:- .*\n)+)", PAGE, re.MULTILINE)
    examples = re.findall(r"`([^`]*)`$", listed, re.MULTILINE)
    assert len(examples) == listed.count("\n")
    assert not [one for one in examples if not KnownSecrets([secret]).may_be_in(one)]


def test_the_report_is_as_it_is_written() -> None:
    [line] = re.findall(r"^hidden: (.*);", PAGE, re.MULTILINE)
    for counted in line.split(", "):
        number = int(counted.split()[0])
        assert counted in {units.count(number, kind) for kind in KINDS}
