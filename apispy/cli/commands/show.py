"""``apispy show FILE``: a capture, as it was live."""

import sys
from pathlib import Path

import click

from apispy.cli.options import FILE, takes_view
from apispy.cli.view import View
from apispy.errors import UsageError


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="FILE...")
@click.option("--follow", is_flag=True, help="Wait for more, as `tail -f` does; Ctrl-C ends it.")
@takes_view
def command(files: tuple[Path, ...], follow: bool, view: View) -> int:
    """Show what `apispy --capture FILE` kept, as it was shown live. "-" is standard input.

    \b
    apispy show calls.jsonl
    apispy show -vv calls.jsonl.gz | less
    apispy show --json calls.jsonl | jq .operation
    """
    from apispy.cli.showing import show

    if follow and len(files) > 1:
        raise UsageError(f"--follow takes one file, found {len(files)}. Follow them in a terminal each.")
    return show(files, view, sys.stdout, follow=follow)
