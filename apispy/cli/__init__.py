"""The command line: one file per command. Each parses, calls the application, prints, and returns an exit code."""

import errno
import os
import sys

import click

from apispy import system
from apispy.cli.proxy import proxy
from apispy.errors import ApispyError, MissingPackage, OutputError

PROXY_PACKAGES = {"mitmproxy": "mitmproxy", "OpenSSL": "pyOpenSSL", "cryptography": "cryptography"}
"""The packages that `pip install apispy` brings and `pip install apispy-core` does not, by module."""


DISK_IS_FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
"""Errors that only writing has. An unbuffered stream does not have them again when it is flushed."""


def main() -> None:
    """Run the program ``apispy``, and exit."""
    system.interpret_escapes()
    _open_closed_streams()
    try:
        code = _run()
        sys.stdout.flush()
        sys.exit(code)
    except click.exceptions.Abort:
        sys.exit(130)
    except (click.ClickException, ApispyError) as error:
        from apispy.app.messages import error_lines  # imported late, to keep --help fast

        error_lines(error.format_message() if isinstance(error, click.ClickException) else str(error))
        if isinstance(error, click.UsageError) and error.ctx:
            error_lines(f"For help, type: {error.ctx.command_path} --help")
        _output_error()  # the error may be that it cannot be written
        sys.exit(error.exit_code)
    except OSError as error:
        why = _output_error() or (error if error.errno in DISK_IS_FULL else None)
        if why is None:
            raise
        if not isinstance(why, BrokenPipeError):
            from apispy.app.messages import error_lines

            error_lines(str(OutputError(why)))
        sys.exit(1)


def _open_closed_streams() -> None:
    """Open the standard streams that the shell has closed (``>&-``), so that no other file gets their numbers."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            flags = os.O_RDONLY if mode == "r" else os.O_WRONLY
            setattr(sys, name, os.fdopen(os.open(os.devnull, flags), mode, encoding="utf-8"))


def _output_error() -> OSError | None:
    """Why standard output cannot be written, None if it can. What waits to be written is dropped then."""
    try:
        sys.stdout.flush()
    except OSError as error:
        # Otherwise Python complains when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return error
    return None


def _run() -> int:
    try:
        code: int = proxy.main(standalone_mode=False)
    except ModuleNotFoundError as error:
        package = PROXY_PACKAGES.get((error.name or "").partition(".")[0])
        if package is None:
            raise
        raise MissingPackage(package) from None
    return code
