"""``apispy context``: a docker context that leads to apispy."""

import os
from pathlib import Path

import click

from apispy.cli import target
from apispy.cli.completion import targets

NAME = click.option("--name", default="apispy", show_default=True, help="What the docker context is called.")


@click.group(short_help="Make and remove a docker context that leads to apispy.")
def command() -> None:
    """Make and remove a docker context that leads to apispy: docker --context apispy ps"""


@command.command(
    short_help="Make the context, or renew it.",
    help=f"""Make the docker context that leads to a running apispy, or renew it.

{target.HELP.replace("NAME", "TARGET", 1)}""",
)
@click.argument("to", metavar="[TARGET]", required=False, shell_complete=targets)
@NAME
@click.option("--force", is_flag=True, help="Replace a context of this name that apispy did not make.")
def add(to: str | None, name: str, force: bool) -> int:
    from apispy.endpoints.contexts import Store
    from apispy.endpoints.writers import add_context

    endpoint = target.target(to, "apispy context add")
    add_context(Store.of(os.environ, Path.home()), name, endpoint, force=force)
    click.echo(f"The docker context {name} leads to {endpoint}. Type: docker --context {name} ps")
    return 0


@command.command(short_help="Remove the context.")
@NAME
@click.option("--force", is_flag=True, help="Even if apispy did not make it, or docker uses it now.")
def remove(name: str, force: bool) -> int:
    """Remove the docker context that leads to apispy."""
    from apispy.endpoints.contexts import Store
    from apispy.endpoints.writers import remove_context

    remove_context(Store.of(os.environ, Path.home()), name, force=force)
    click.echo(f"The docker context {name} is removed.")
    return 0
