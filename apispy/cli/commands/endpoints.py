"""``apispy endpoints``: every daemon that this machine knows of, and names of one's own for them."""

import os
from pathlib import Path
from typing import Any

import click

from apispy.cli.completion import saved_names
from apispy.cli.options import takes_tls


@click.group(
    invoke_without_command=True,
    short_help="List the daemons that this machine knows of; save names for them.",
)
@click.option("--json", "as_json", is_flag=True, help="A list of JSON objects instead of the table.")
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> int:
    """List all that this machine knows of: docker contexts, machines of Docker Machine, saved names, and the sockets
    of Docker, Podman, Colima, Rancher Desktop, Lima and OrbStack. Each is asked for its version."""
    if ctx.invoked_subcommand is not None:
        return 0
    from apispy.cli import endpoint_table
    from apispy.endpoints import discovery

    found = discovery.probe_all(discovery.discover(os.environ, Path.home()))
    if as_json:
        click.echo(endpoint_table.as_json(found))
    else:
        click.echo("\n".join(endpoint_table.as_text(found)))
    return 0


@command.command(short_help="Save a name for an address.")
@click.argument("name")
@click.argument("address")
@takes_tls
@click.option("--force", is_flag=True, help="Replace the name if it is there already.")
def add(name: str, address: str, tls: dict[str, Any], force: bool) -> int:
    """Save NAME for ADDRESS (or context:NAME, machine:NAME), together with the TLS files that are used for it now."""
    from apispy.endpoints import upstream
    from apispy.endpoints.saved_names import SavedNames

    endpoint = upstream(address, **tls, environ=os.environ, home=Path.home())
    SavedNames.of(os.environ, Path.home()).add(name, endpoint, force=force)
    click.echo(f"{name} is {endpoint}. Type: apispy --upstream {name}")
    return 0


@command.command(short_help="Forget a saved name.")
@click.argument("name", shell_complete=saved_names)
def remove(name: str) -> int:
    """Forget the saved NAME."""
    from apispy.endpoints.saved_names import SavedNames

    SavedNames.of(os.environ, Path.home()).remove(name)
    click.echo(f"{name} is forgotten.")
    return 0
