"""``apispy show FILE``: a capture, as it was live."""

import sys
from dataclasses import replace
from pathlib import Path

import click

from apispy.app.view import View
from apispy.cli.options import FILE, STATS, takes_view
from apispy.errors import UsageError


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="FILE...")
@click.option("--follow", is_flag=True, help="Wait for more, as `tail -f` does; Ctrl-C ends it.")
@STATS
@takes_view
def command(files: tuple[Path, ...], follow: bool, stats: bool, view: View) -> int:
    """Show what `apispy --capture FILE` kept, as it was shown live. "-" is standard input.

    \b
    apispy show calls.jsonl
    apispy show -vv calls.jsonl.gz | less
    apispy show --json calls.jsonl | jq .operation
    apispy show --stats --filter 'op:Container*' calls.jsonl
    """
    from apispy.app.show import show
    from apispy.cli.progress import Progress

    if follow and stats:
        raise UsageError("--stats is told at the end, and --follow has none: leave one of them out.")
    if follow and len(files) > 1:
        raise UsageError(f"--follow takes one file, found {len(files)}. Follow them in a terminal each.")
    return show(files, replace(view, stats=stats), sys.stdout, Progress, follow=follow)
