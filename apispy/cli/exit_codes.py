"""Exit codes that several commands share. ``errors.py`` has those of errors, ``app/child.py`` those of a shell."""

MISSED = 3
"""A replay had no recorded response for a request, and nothing else went wrong."""

INCOMPLETE = 4
"""A capture could not be written completely, and nothing else went wrong."""
