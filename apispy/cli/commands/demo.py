"""``apispy demo``: a recorded session, without any Docker."""

import click

from apispy.app.view import View
from apispy.cli.options import takes_view


@click.command()
@click.option("--client", type=click.Choice(["auto", "docker", "python"]), default="auto", show_default=True,
              help="Client to use: the docker CLI, or a small Python program.")  # fmt: skip
@takes_view
def command(client: str, view: View) -> int:
    """Show the API calls between a real client and a recorded daemon. Needs no Docker."""
    from apispy.app.demo_session import demonstrate

    return demonstrate(view, client)
