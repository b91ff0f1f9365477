"""``apispy story``: what was done in a capture, not what was sent."""

import json
import shutil
import sys
from pathlib import Path

import click

from apispy.app.messages import print_lines
from apispy.app.view import use_color
from apispy.cli.help import Command, option
from apispy.cli.options import COLOR, FILE, parse_filter


@click.command(cls=Command, short_help="Tell what was done to containers, images, networks and volumes.")
@click.argument("file", type=FILE)
@option("--filter", "expression", metavar="EXPR", help="Consider only the calls that match.")
@option("--json", "as_json", is_flag=True, help="Print one JSON object instead of lines.")
@COLOR
def command(file: Path, expression: str | None, as_json: bool, color: str) -> int:
    """Tell what the calls in FILE did: to each container, image, network and volume, and what was left behind.

    Failures come first, repeated calls are one line, and each container has the docker command that would create it.
    FILE is a capture, or any file that `apispy import` reads. `apispy run --story` tells the story of a command.

    \b
    apispy story calls.jsonl
    apispy story --filter container:web calls.jsonl
    """
    from apispy.app.story import story_of
    from apispy.cli.progress import Progress
    from apispy.learn.story import story_json, story_lines

    story = story_of(file, parse_filter(expression), Progress)
    if as_json:
        click.echo(json.dumps(story_json(story), indent=2))  # ASCII only
    else:
        print_lines(story_lines(story, shutil.get_terminal_size().columns), use_color(color, sys.stdout))
    return 0
