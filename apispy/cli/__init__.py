"""The command line: one file per command. Each parses, calls the application, prints, and returns an exit code."""

import sys

import click

from apispy import system
from apispy.cli.proxy import proxy
from apispy.errors import ApispyError


def main() -> None:
    """Run the program ``apispy``, and exit."""
    system.interpret_escapes()
    try:
        sys.exit(proxy.main(standalone_mode=False))
    except click.exceptions.Abort:
        sys.exit(130)
    except (click.ClickException, ApispyError) as error:
        from apispy.app.messages import error_lines  # imported late, to keep --help fast

        error_lines(error.format_message() if isinstance(error, click.ClickException) else str(error))
        if isinstance(error, click.UsageError) and error.ctx:
            error_lines(f"For help, type: {error.ctx.command_path} --help")
        sys.exit(error.exit_code)
