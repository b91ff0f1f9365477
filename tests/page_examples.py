"""Pages that show what apispy's commands print: run each command again, and compare."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click.testing

from apispy.cli.proxy import proxy

EXAMPLE = re.compile(r"```console\n\$ apispy (.+)\n(?:[^`]*\n)?```")


def output_of(line: str, columns: int) -> str:
    """Return what ``apispy`` with the arguments *line* prints in a terminal of that width."""
    run = click.testing.CliRunner().invoke(proxy, shlex.split(line), env={"COLUMNS": str(columns)})
    assert run.exception is None, run.exception
    return run.output


def check_examples(page: Path, columns: int, *, rewrite: bool, at_least: int = 1) -> None:
    """Compare the examples of *page* with what the commands print now; first *rewrite* them if wanted."""
    text = page.read_text()
    true = EXAMPLE.sub(
        lambda found: f"```console\n$ apispy {found[1]}\n{output_of(found[1], columns)}```", text
    )
    if rewrite:
        page.write_text(true)
    assert len(EXAMPLE.findall(text)) >= at_least
    assert page.read_text() == true


def keys(value: Any) -> Iterator[str]:
    """Yield the keys of all objects in a JSON value."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield key
            yield from keys(part)
    elif isinstance(value, list):
        for part in value:
            yield from keys(part)
