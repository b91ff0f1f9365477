"""Shell completion beyond click's own. It never connects to a daemon and never prints an error."""

import os
from pathlib import Path

import click

from apispy.errors import ApispyError


def complete_endpoint(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    """Complete a name for --upstream."""
    from apispy.endpoints import discovery

    try:
        names = discovery.names(os.environ, Path.home())
    except ApispyError:
        return []
    return [name for name, _ in names if name.startswith(incomplete)]


def complete_target(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete a running apispy, by port or socket, or a name for --upstream."""
    from apispy.endpoints.instances import running

    keys = [entry.key for entry in running(os.environ, Path.home())]
    return [key for key in keys if key.startswith(incomplete)] + complete_endpoint(ctx, parameter, incomplete)


def complete_library_fixture(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    """Complete the name of a fixture that is packaged with apispy."""
    from apispy.fixtures.library import DESCRIPTIONS

    return [name for name in DESCRIPTIONS if name.startswith(incomplete)]


def complete_engine(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    """Complete an engine that the packaged fixtures are recorded with."""
    from apispy.fixtures.library import engines

    return [engine for engine in engines() if engine.startswith(incomplete)]


def complete_saved_name(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    """Complete a name that `apispy endpoints add` has saved."""
    from apispy.endpoints.saved_names import SavedNames

    try:
        names = SavedNames.of(os.environ, Path.home()).names()
    except ApispyError:
        return []
    return [name for name in names if name.startswith(incomplete)]
