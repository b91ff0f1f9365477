"""Docs, help, messages and docstrings avoid constructions and names that readers stumbled over.

The list is short: patterns that a review of all pages found again and again, and the names that modules had before.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from apispy.cli.proxy import proxy

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")]
PAGES += sorted((ROOT / "docs").glob("*.md"))
CODE = sorted(
    path for room in ("apispy", "addons", "bench", "fuzz", "tools") for path in (ROOT / room).rglob("*.py")
)

BANNED = {
    r"\b[Ww]hat is no\b": "name the thing: 'a malformed request', not 'what is no request'",
    r"(?<!there )\b(is|are|be) none\b": "'is not a ...'",
    r"(?<!there )(?<!There )\bis no (?!longer\b|more\b|less\b|later\b|way\b|need\b|reason\b)[a-z]+\b": "'is not a ...'",
    r"\b(held|hold|holds) against\b": "'compared with'",
    r"\banew\b": "'again' or 'new'",
    r"\b[Ll]ikewise\b": "say it",
    r"\b(is|are|was|be) told\b": "'is reported', 'is shown'",
    r"\bstands? (there|here|beside|behind|before|for any)\b": "'is', 'runs', 'follows'",
    r"\bas (it|they) (stood|came|was|were) (on|over|in) the\b": "'verbatim', 'unchanged'",
    r"(?:^|[.:] )Who(?:ever)? [a-z]+s\b": "name the subject: 'a client that ...'",
    r"(?:^|[.:] )Of (?:a|an|each|the|what|one|those) [^.]{0,60}\b(?:only|the|it|is|are)\b": "put the noun first",
    r"\bstand-?ins?\b": "'placeholder'",
    r"\bmade[ -]up (?:name|part|by)": "'generated'",
    r"\bkin\b": "'related'",
    r"\b1 (calls|requests|files|bytes|lines|tokens)\b": "the singular",
    r"\bour (CA|own|key|certificate|side|tap)\b": "'apispy's'",
    r"\bso many\b": "a number, or its name",
}
"""Constructions that read as translated, each with what to write."""

OLD_NAMES = (
    "steps/select", "apispy/steps", "apispy.steps", "Turnstile", "Deeds", "Hider", "gist", "Gist", "RawTalk",
    "LooseTalk",
    "first_glance", "is_harmless", "Overheard", "read_shelf", "telling.py", "standins", "demonstrating", "replaying.py",
)  # fmt: skip
"""Names of modules and classes before they got the field's words; CHANGELOG lists them, nothing else does."""


def page_text(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a page without code."""
    fenced = False
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced and not line.startswith("    "):
            yield number, re.sub(r"`[^`]*`", "``", line)


def code_text(path: Path) -> Iterator[tuple[int, str]]:
    """Comments, docstrings, and strings of three words or more."""
    source = path.read_text()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string.lstrip("# ")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.count(" ") >= 2:
            for offset, line in enumerate(node.value.splitlines()):
                yield node.lineno + offset, re.sub(r"``[^`]*``|`[^`]*`", "``", line).strip()


def found_in(texts: Iterator[tuple[int, str]], name: str) -> list[str]:
    return [
        f"{name}:{number}: {match[0]!r}: write {instead}"
        for number, text in texts
        for pattern, instead in BANNED.items()
        if (match := re.search(pattern, text))
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_pages_read_as_english(page: Path) -> None:
    assert not found_in(page_text(page), page.name)


def test_code_reads_as_english() -> None:
    assert not [line for path in CODE for line in found_in(code_text(path), str(path.relative_to(ROOT)))]


def commands(group: click.Group, path: str = "apispy") -> Iterator[tuple[str, click.Command]]:
    yield path, group
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        elif command is not None:
            yield f"{path} {name}", command


@pytest.mark.parametrize(
    ("name", "command"), commands(proxy), ids=lambda one: one if isinstance(one, str) else ""
)
def test_help_reads_as_english(name: str, command: click.Command) -> None:
    text = command.get_help(click.Context(command, info_name=name))
    assert not found_in(((number, line) for number, line in enumerate(text.splitlines(), 1)), name)


def test_old_names_are_gone() -> None:
    pages = [page for page in PAGES if page.name != "CHANGELOG.md"]
    assert not [
        f"{path.relative_to(ROOT)}: {name}"
        for path in [*pages, *CODE, *sorted((ROOT / "tests").rglob("*.py"))]
        if path != Path(__file__)
        for name in OLD_NAMES
        if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", path.read_text())
    ]


def test_the_test_would_notice() -> None:
    assert (
        len(
            found_in(
                iter([(1, "What is no request is told."), (2, "Who kills apispy loses what waited.")]), "x"
            )
        )
        == 4
    )
