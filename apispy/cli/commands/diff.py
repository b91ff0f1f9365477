"""``apispy diff``: what differs between two captures."""

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from apispy.app.input_files import imported, readings
from apispy.app.view import colored
from apispy.cli.lines import print_lines
from apispy.cli.options import COLOR, FILE
from apispy.errors import ApispyError, UsageError

if TYPE_CHECKING:
    from apispy.learn.diff import CaptureDifference
    from apispy.outputs import DecodedCall


@click.command(short_help="Tell what differs between two captures.")
@click.argument("a", type=FILE)
@click.argument("b", type=FILE)
@click.option("--values", is_flag=True, help="Compare what the answers say too, not only their shape.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of lines.")
@COLOR
def command(a: Path, b: Path, values: bool, as_json: bool, color: str) -> int:
    """Tell what differs between the captures A and B: calls, parameters, statuses, shapes of answers.

    A and B are captures of apispy, or any file that apispy import reads. The exit code is 0 when there is no
    difference, 1 when there is one, 2 when a file cannot be read.

    \b
    apispy diff before.jsonl after.jsonl
    """
    from apispy.learn.diff import compare_captures

    found = compare_captures(_readings(a), _readings(b), (str(a), str(b)), values=values)
    _print(found, as_json, colored(color, sys.stdout))
    return 1 if found else 0


def _readings(file: Path) -> "list[DecodedCall]":
    """In the order of their numbers. Raises UsageError, for an exit code of 1 would say that they differ."""
    try:
        found = imported(file)
    except ApispyError as error:
        raise UsageError(str(error)) from None
    return sorted(readings(found), key=lambda reading: reading.exchange.id)


def _print(found: "CaptureDifference", as_json: bool, color: bool) -> None:
    from apispy.learn import diff

    if as_json:
        click.echo(json.dumps(diff.diff_json(found), indent=2))  # ASCII only
        return
    print_lines(diff.diff_lines(found, shutil.get_terminal_size().columns), color)
