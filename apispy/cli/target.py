"""The argument NAME or TARGET: a running apispy, or any daemon by its name or address."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from apispy.errors import UsageError

if TYPE_CHECKING:
    from apispy.endpoints import Endpoint

HELP = """NAME is the port, socket or process ID of a running apispy (optional if only one is running), or context:NAME,
machine:NAME, a saved name or an address."""


def target_endpoint(name: str | None, command: str) -> "Endpoint":
    """Return the endpoint that *name* means. *command* is what NAME is typed after, for messages. Raises UsageError."""
    from apispy import endpoints
    from apispy.endpoints import instances

    entries = instances.running(os.environ, Path.home())
    if (chosen := instances.choose(entries, name, command)) is not None:
        return chosen.endpoint
    if name and name.isdigit():
        keys = ", ".join(entry.key for entry in entries) or "none"
        raise UsageError(f"No apispy is running with port or process ID {name}. Running: {keys}.")
    return endpoints.upstream(name, environ=os.environ, home=Path.home())
