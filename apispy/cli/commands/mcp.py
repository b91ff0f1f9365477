"""``apispy mcp FILE``: a capture for assistants, by the Model Context Protocol."""

import sys
from pathlib import Path

import click

from apispy.cli.help import Command
from apispy.cli.options import FILE


@click.command(cls=Command, short_help="Serve a capture to an assistant, by the Model Context Protocol.")
@click.argument("file", type=FILE)
def command(file: Path) -> int:
    """Answer questions of an assistant about the capture FILE: a server of the Model Context Protocol on stdio.

    The assistant's program runs this command. Its tools list calls, show one, tell the story, and so on; they only
    read, and secrets are hidden. See `apispy help mcp`.

    \b
    apispy mcp calls.jsonl
    """
    from apispy.app.mcp import serve

    serve(file, sys.stdin.buffer, sys.stdout.buffer)
    return 0
