"""``apispy show FILE``: show a capture."""

import sys
from dataclasses import replace
from pathlib import Path

import click

from apispy.app.view import View
from apispy.cli.help import Command, option
from apispy.cli.options import FILE, STATS, view_options
from apispy.errors import UsageError


@click.command(cls=Command, short_help="Show a capture as it was shown live.")
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="FILE...")
@option("--follow", is_flag=True, help="Wait for more calls, like `tail -f`, until Ctrl-C.")
@STATS
@view_options
def command(files: tuple[Path, ...], follow: bool, stats: bool, view: View) -> int:
    """Show captures that `apispy --capture FILE` wrote, as they were shown live. "-" is standard input.

    Files of other programs that `apispy import` reads are imported.

    \b
    apispy show calls.jsonl
    apispy show -vv calls.jsonl.gz | less
    apispy show --json calls.jsonl | jq .operation
    apispy show --stats --filter 'op:Container*' calls.jsonl
    """
    from apispy.app.input_files import foreign_format
    from apispy.app.show import show
    from apispy.cli.progress import Progress

    if follow and stats:
        raise UsageError(
            "--stats needs the end of the capture, and --follow has none: leave out one of them."
        )
    if follow and len(files) > 1:
        raise UsageError(
            f"--follow takes one file, found {len(files)}. Follow each in a terminal of its own."
        )
    if follow and (form := foreign_format(files[0])):
        raise UsageError(
            f"{files[0]} is {form.title}, and only a capture grows call by call: leave out --follow."
        )
    good = show(files, replace(view, stats=stats), sys.stdout, Progress, follow=follow)
    return 0 if good else 1
