"""What the shell offers after TAB, beyond what click knows by itself. Nothing is dialled, and nothing is said."""

import os
from pathlib import Path

import click

from apispy.errors import ApispyError


def endpoint_names(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    """The names that can stand after --upstream and begin so."""
    from apispy.endpoints import discovery

    try:
        names = discovery.names(os.environ, Path.home())
    except ApispyError:
        return []
    return [name for name, _ in names if name.startswith(incomplete)]


def targets(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The running apispys too, by port or socket."""
    from apispy.endpoints.instances import running

    keys = [entry.key for entry in running(os.environ, Path.home())]
    return [key for key in keys if key.startswith(incomplete)] + endpoint_names(ctx, parameter, incomplete)


def saved_names(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    """The names that `apispy endpoints add` has saved."""
    from apispy.endpoints.saved_names import SavedNames

    try:
        names = SavedNames.of(os.environ, Path.home()).names()
    except ApispyError:
        return []
    return [name for name in names if name.startswith(incomplete)]
