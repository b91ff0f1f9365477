"""``apispy demo``: what apispy shows, without any Docker."""

import click

from apispy.app.view import View
from apispy.cli.help import Command, option
from apispy.cli.options import view_options


@click.command(cls=Command)
@option("--client", type=click.Choice(["auto", "docker", "python"]), default="auto", show_default=True,
              help="Client to use: the docker CLI, or a client in Python's standard library.")  # fmt: skip
@view_options
def command(client: str, view: View) -> int:
    """Show a session between a real client and a recorded daemon. No Docker is needed."""
    from apispy.app.demo_session import demonstrate

    return demonstrate(view, client)
