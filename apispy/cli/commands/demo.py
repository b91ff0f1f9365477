"""``apispy demo``: a recorded session, without any Docker."""

from pathlib import Path

import click

from apispy.app.view import View
from apispy.cli.help import Command, option
from apispy.cli.options import NEW_FILE, view_options


@click.command(cls=Command, short_help="Show the API calls of a recorded session; needs no Docker.")
@option("--client", type=click.Choice(["auto", "docker", "python"]), default="auto", show_default=True,
              help="Client to use: the docker CLI, or a small Python program.")  # fmt: skip
@option(
    "--page",
    type=NEW_FILE,
    metavar="FILE",
    help="Also write a page of the calls for a browser to a new FILE.",
)
@view_options
def command(client: str, page: Path | None, view: View) -> int:
    """Show the API calls between a real client and a recorded daemon. Needs no Docker."""
    from apispy.app.demo_session import demonstrate

    return demonstrate(view, client, page)
