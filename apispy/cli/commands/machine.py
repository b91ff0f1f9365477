"""``apispy machine``: manage a Docker Machine entry that points to apispy."""

import os
from pathlib import Path

import click

from apispy.cli import target
from apispy.cli.completion import complete_target
from apispy.cli.help import Group, option


@click.group(cls=Group, short_help="Manage a Docker Machine entry that points to apispy.")
def command() -> None:
    """Manage a Docker Machine entry that points to apispy: eval "$(docker-machine env NAME)" """


@command.command(
    short_help="Create or update the machine.",
    help=f"""Create or update the machine NAME that points to a running apispy, like `docker-machine create --driver
none`.

{target.HELP.replace("NAME", "TARGET", 1)}""",
)
@click.argument("name")
@click.argument("to", metavar="[TARGET]", required=False, shell_complete=complete_target)
@option("--force", is_flag=True, help="Replace a machine of this name that apispy did not create.")
def add(name: str, to: str | None, force: bool) -> int:
    from apispy.endpoints.machines import Machines
    from apispy.endpoints.writers import add_machine

    endpoint = target.target_endpoint(to, f"apispy machine add {name}")
    add_machine(Machines.of(os.environ, Path.home()), name, endpoint, force=force)
    click.echo(f'The machine {name} points to {endpoint}. Type: eval "$(docker-machine env {name})"')
    return 0


@command.command(short_help="Remove the machine.")
@click.argument("name")
@option("--force", is_flag=True, help="Remove it even if apispy did not create it.")
def remove(name: str, force: bool) -> int:
    """Remove the machine NAME that points to apispy."""
    from apispy.endpoints.machines import Machines
    from apispy.endpoints.writers import remove_machine

    remove_machine(Machines.of(os.environ, Path.home()), name, force=force)
    click.echo(f"The machine {name} was removed.")
    return 0
