"""``apispy demo``: what apispy shows, without any Docker."""

import click

from apispy.app.view import View
from apispy.cli.options import takes_view


@click.command()
@click.option("--client", type=click.Choice(["auto", "docker", "python"]), default="auto", show_default=True,
              help="Who asks the daemon: the docker CLI, or a client in Python's standard library.")  # fmt: skip
@takes_view
def command(client: str, view: View) -> int:
    """Show a session between a real client and a recorded daemon. No Docker is needed."""
    from apispy.app.demo_session import demonstrate

    return demonstrate(view, client)
