"""``apispy machine``: a machine of Docker Machine that leads to apispy."""

import os
from pathlib import Path

import click

from apispy.cli import target
from apispy.cli.completion import targets


@click.group(short_help="Make and remove a machine of Docker Machine that leads to apispy.")
def command() -> None:
    """Make and remove a machine of Docker Machine that leads to apispy: eval "$(docker-machine env NAME)" """


@command.command(
    short_help="Make the machine, or renew it.",
    help=f"""Make the machine NAME that leads to a running apispy, as `docker-machine create --driver none` would.

{target.HELP.replace("NAME", "TARGET", 1)}""",
)
@click.argument("name")
@click.argument("to", metavar="[TARGET]", required=False, shell_complete=targets)
@click.option("--force", is_flag=True, help="Replace a machine of this name that apispy did not make.")
def add(name: str, to: str | None, force: bool) -> int:
    from apispy.endpoints.machines import Machines
    from apispy.endpoints.writers import add_machine

    endpoint = target.target(to, f"apispy machine add {name}")
    add_machine(Machines.of(os.environ, Path.home()), name, endpoint, force=force)
    click.echo(f'The machine {name} leads to {endpoint}. Type: eval "$(docker-machine env {name})"')
    return 0


@command.command(short_help="Remove the machine.")
@click.argument("name")
@click.option("--force", is_flag=True, help="Even if apispy did not make it.")
def remove(name: str, force: bool) -> int:
    """Remove the machine NAME that leads to apispy."""
    from apispy.endpoints.machines import Machines
    from apispy.endpoints.writers import remove_machine

    remove_machine(Machines.of(os.environ, Path.home()), name, force=force)
    click.echo(f"The machine {name} is removed.")
    return 0
