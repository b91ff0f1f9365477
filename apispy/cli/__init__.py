"""The command line: one thin file per command. Each parses, calls, prints, and returns an exit code."""

import sys

import click

from apispy.cli.proxy import proxy
from apispy.errors import ApispyError


def main() -> None:
    """The entry point of the ``apispy`` program."""
    try:
        sys.exit(proxy.main(standalone_mode=False))
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except ApispyError as error:
        click.echo(f"apispy: {error}", err=True)
        sys.exit(error.exit_code)
