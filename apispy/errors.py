"""The errors that apispy raises on purpose.

Every message says what happened, where, what was expected and found, and what to type next. The command line
prints the message and exits with ``exit_code``; a traceback is never part of it.
"""


class ApispyError(Exception):
    """Something that the user can put right; ``str(error)`` is the whole text to show."""

    exit_code = 1


class UsageError(ApispyError):
    """What was typed, or what the environment holds, cannot be used."""

    exit_code = 2
