"""The command line: one thin file per command. Each parses, calls, prints, and returns an exit code."""

import io
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
        told = io.StringIO()
        error.show(told)
        click.echo(_harmless(told.getvalue()), nl=False, err=True)
        sys.exit(error.exit_code)
    except ApispyError as error:
        click.echo(f"apispy: {_harmless(str(error))}", err=True)
        sys.exit(error.exit_code)


def _harmless(text: str) -> str:
    """What a message repeats of a file, of the wire or of a command line must not drive the terminal."""
    from apispy.outputs.escaping import escape  # only now: --help is to be quick

    return "\n".join(escape(line) for line in text.split("\n"))
