"""The errors that apispy raises on purpose.

Every message says what happened, where, what was expected and found, and what to type next. The command line
prints the message and exits with ``exit_code``; a traceback is never part of it.
"""


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


class OutputError(ApispyError):
    """Standard output cannot be written: the disk is full, for example."""

    def __init__(self, why: OSError) -> None:
        super().__init__(f"The output cannot be written: {why.strerror or why}. Write it to another place.")
