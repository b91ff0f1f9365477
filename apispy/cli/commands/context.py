"""``apispy context``: manage a docker context that points to apispy."""

import os
from pathlib import Path

import click

from apispy.cli import target
from apispy.cli.completion import complete_target
from apispy.cli.help import Group, option

NAME = option("--name", default="apispy", show_default=True, help="Name of the docker context.")


@click.group(cls=Group, short_help="Manage a docker context that points to apispy.")
def command() -> None:
    """Manage a docker context that points to apispy: docker --context apispy ps"""


@command.command(
    short_help="Create or update the context.",
    help=f"""Create or update the docker context that points to a running apispy.

{target.HELP.replace("NAME", "TARGET", 1)}""",
)
@click.argument("to", metavar="[TARGET]", required=False, shell_complete=complete_target)
@NAME
@option("--force", is_flag=True, help="Replace a context of this name that apispy did not create.")
def add(to: str | None, name: str, force: bool) -> int:
    from apispy.endpoints.contexts import Store
    from apispy.endpoints.writers import add_context

    endpoint = target.target_endpoint(to, "apispy context add")
    add_context(Store.of(os.environ, Path.home()), name, endpoint, force=force)
    click.echo(f"The docker context {name} points to {endpoint}. Type: docker --context {name} ps")
    return 0


@command.command(short_help="Remove the context.")
@NAME
@option("--force", is_flag=True, help="Remove it even if apispy did not create it, or docker uses it now.")
def remove(name: str, force: bool) -> int:
    """Remove the docker context that points to apispy."""
    from apispy.endpoints.contexts import Store
    from apispy.endpoints.writers import remove_context

    remove_context(Store.of(os.environ, Path.home()), name, force=force)
    click.echo(f"The docker context {name} was removed.")
    return 0
