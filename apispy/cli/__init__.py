"""The command line: one file per command. Each parses, calls the application, prints, and returns an exit code."""

import sys

import click

from apispy import system
from apispy.cli.proxy import proxy
from apispy.errors import ApispyError, MissingPackage

PROXY_PACKAGES = {"mitmproxy": "mitmproxy", "OpenSSL": "pyOpenSSL", "cryptography": "cryptography"}
"""The packages that `pip install apispy` brings and `pip install apispy-core` does not, by module."""


def main() -> None:
    """Run the program ``apispy``, and exit."""
    system.interpret_escapes()
    try:
        sys.exit(_run())
    except click.exceptions.Abort:
        sys.exit(130)
    except (click.ClickException, ApispyError) as error:
        from apispy.app.messages import error_lines  # imported late, to keep --help fast

        error_lines(error.format_message() if isinstance(error, click.ClickException) else str(error))
        if isinstance(error, click.UsageError) and error.ctx:
            error_lines(f"For help, type: {error.ctx.command_path} --help")
        sys.exit(error.exit_code)


def _run() -> int:
    try:
        code: int = proxy.main(standalone_mode=False)
    except ModuleNotFoundError as error:
        package = PROXY_PACKAGES.get((error.name or "").partition(".")[0])
        if package is None:
            raise
        raise MissingPackage(package) from None
    return code
