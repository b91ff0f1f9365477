"""``apispy drift``: where a daemon's responses differ from Docker's own description of the API."""

import json
import shutil
import sys
from pathlib import Path

import click

from apispy.app.messages import print_lines
from apispy.app.view import use_color
from apispy.cli.help import Command, option
from apispy.cli.options import COLOR, FILE, parse_filter
from apispy.errors import UsageError


@click.command(cls=Command, short_help="Compare a daemon's responses with Docker's description of the API.")
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="FILE...")
@option("--filter", "expression", metavar="EXPR", help="Consider only the calls that match.")
@option("--openapi", is_flag=True, help="Print an OpenAPI 3.1 document of what the calls used, instead.")
@option("--json", "as_json", is_flag=True, help="Print one JSON object instead of lines.")
@COLOR
def command(files: tuple[Path, ...], expression: str | None, openapi: bool, as_json: bool, color: str) -> int:
    """List where the responses in FILE... differ from Docker's description of their API version.

    Differences are operations, statuses and fields that are not described, fields that are missing, and wrong types.
    FILEs are captures, or any files that `apispy import` reads. The exit code is 1 if there is a difference that is not
    known to be an error of the description.

    \b
    apispy drift calls.jsonl
    apispy drift --filter op:ContainerInspect podman.jsonl
    apispy drift --openapi calls.jsonl > seen.json
    """
    from apispy.app.drift import drift_of, openapi_of
    from apispy.cli.progress import Progress
    from apispy.learn.drift import drift_json, drift_lines

    if openapi and as_json:
        raise UsageError("--openapi and --json cannot be combined: leave out one of them")
    if openapi:
        click.echo(json.dumps(openapi_of(files, parse_filter(expression), Progress).document(), indent=2))
        return 0
    drift = drift_of(files, parse_filter(expression), Progress)
    if as_json:
        click.echo(json.dumps(drift_json(drift), indent=2))  # ASCII only
    else:
        print_lines(drift_lines(drift, shutil.get_terminal_size().columns), use_color(color, sys.stdout))
    return 1 if drift.differences else 0
