"""The errors that apispy raises on purpose.

Every message says what happened, where, what was expected and found, and what to type next. The command line
prints the message and exits with ``exit_code``; a traceback is never part of it.
"""

import shlex
import sys
from pathlib import Path


class ApispyError(Exception):
    """An error that the user can fix. ``str(error)`` is the complete message."""

    exit_code = 1


class UsageError(ApispyError):
    """An argument or the environment is invalid."""

    exit_code = 2


class MissingPackage(ApispyError):
    """A package that `pip install apispy` brings, and `pip install apispy-core` does not, is not installed."""

    def __init__(self, package: str) -> None:
        super().__init__(
            f"This needs {package}, which apispy-core does not install. Type: pip install apispy"
        )


class MissingExtra(ApispyError):
    """The package of one of apispy's extras is not installed. *purpose* continues "apispy needs PACKAGE"."""

    def __init__(self, package: str, purpose: str, extra: str) -> None:
        super().__init__(
            f"apispy needs {package} {purpose}, and it is not installed. Type: {_add(package.lower(), extra)}"
        )


def _add(package: str, extra: str) -> str:
    """Return the command that adds a package to this environment. pip cannot, where pipx or uv made it for apispy."""
    environment = Path(sys.prefix)
    if (environment / "pipx_metadata.json").is_file():
        return f"pipx inject apispy {package}"
    if (environment / "uv-receipt.toml").is_file():  # of `uv tool install`
        return f"uv pip install --python {shlex.quote(sys.executable)} {package}"
    return f"pip install 'apispy[{extra}]'"


class OutputError(ApispyError):
    """Standard output cannot be written: the disk is full, for example."""

    def __init__(self, why: OSError) -> None:
        super().__init__(f"The output cannot be written: {why.strerror or why}. Write it to another place.")
