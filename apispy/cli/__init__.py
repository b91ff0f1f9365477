"""The command line: one file per command. Each parses, calls the application, prints, and returns an exit code."""

import io
import sys

import click

from apispy.cli.proxy import proxy
from apispy.errors import ApispyError


def main() -> None:
    """Run the program ``apispy``, and exit."""
    try:
        sys.exit(proxy.main(standalone_mode=False))
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        text = io.StringIO()
        error.show(text)
        click.echo(_escape_lines(text.getvalue()), nl=False, err=True)
        sys.exit(error.exit_code)
    except ApispyError as error:
        click.echo(f"apispy: {_escape_lines(str(error))}", err=True)
        sys.exit(error.exit_code)


def _escape_lines(text: str) -> str:
    """Escape what a message quotes from a file, the network or the command line: it must not control the terminal."""
    from apispy.outputs.escaping import escape  # imported late, to keep --help fast

    return "\n".join(escape(line) for line in text.split("\n"))
