"""``apispy diff``: compare two captures."""

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from apispy.app.input_files import read_calls, readings_of
from apispy.app.messages import print_lines
from apispy.app.view import use_color
from apispy.cli.help import Command, option
from apispy.cli.options import COLOR, FILE
from apispy.errors import ApispyError, UsageError

if TYPE_CHECKING:
    from apispy.learn.diff import CaptureDifference
    from apispy.outputs import DecodedCall


@click.command(cls=Command, short_help="Compare the calls of two captures.")
@click.argument("a", type=FILE)
@click.argument("b", type=FILE)
@option("--values", is_flag=True, help="Compare the values in responses too, not only their structure.")
@option("--json", "as_json", is_flag=True, help="Print one JSON object instead of lines.")
@COLOR
def command(a: Path, b: Path, values: bool, as_json: bool, color: str) -> int:
    """Compare the captures A and B: calls, parameters, statuses, structure of responses.

    A and B are captures, or any files that `apispy import` reads. The exit code is 0 if there is no difference, 1 if
    there is one, 2 if a file cannot be read.

    \b
    apispy diff before.jsonl after.jsonl
    """
    from apispy.learn.diff import compare_captures

    found = compare_captures(_readings(a), _readings(b), (str(a), str(b)), values=values)
    _print(found, as_json, use_color(color, sys.stdout))
    return 1 if found else 0


def _readings(file: Path) -> "list[DecodedCall]":
    """Read the calls in the order of their numbers. Raises UsageError: exit code 1 means that the files differ."""
    try:
        found = read_calls(file)
    except ApispyError as error:
        raise UsageError(str(error)) from None
    return sorted(readings_of(found), key=lambda reading: reading.exchange.id)


def _print(found: "CaptureDifference", as_json: bool, color: bool) -> None:
    from apispy.learn import diff

    if as_json:
        click.echo(json.dumps(diff.diff_json(found), indent=2))  # ASCII only
        return
    print_lines(diff.diff_lines(found, shutil.get_terminal_size().columns), color)
