"""``apispy endpoints``: list the daemons of this machine, and save names for them."""

import os
from pathlib import Path
from typing import Any

import click

from apispy.cli.completion import complete_saved_name
from apispy.cli.help import Group, option
from apispy.cli.options import tls_options


@click.group(
    cls=Group,
    invoke_without_command=True,
    short_help="List the daemons of this machine, and save names for them.",
)
@option("--json", "as_json", is_flag=True, help="Print a list of JSON objects instead of the table.")
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> int:
    """List the daemons of this machine with their versions: docker contexts, Docker Machine entries, saved names, and
    the sockets of Docker, Podman, Colima, Rancher Desktop, Lima and OrbStack."""
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
@tls_options
@option("--force", is_flag=True, help="Replace an existing name.")
def add(name: str, address: str, tls: dict[str, Any], force: bool) -> int:
    """Save NAME for ADDRESS (or context:NAME, machine:NAME), together with the TLS files that it uses now."""
    from apispy.cli.target import daemon_endpoint
    from apispy.endpoints.saved_names import SavedNames

    endpoint = daemon_endpoint(address, **tls)
    SavedNames.of(os.environ, Path.home()).add(name, endpoint, force=force)
    click.echo(f"{name} is {endpoint}. Type: apispy --upstream {name}")
    return 0


@command.command(short_help="Remove a saved name.")
@click.argument("name", shell_complete=complete_saved_name)
def remove(name: str) -> int:
    """Remove the saved NAME."""
    from apispy.endpoints.saved_names import SavedNames

    SavedNames.of(os.environ, Path.home()).remove(name)
    click.echo(f"{name} was removed.")
    return 0
