"""Which endpoint a command is about that takes [NAME]: a running apispy, or any daemon with a name or an address."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from apispy.errors import UsageError

if TYPE_CHECKING:
    from apispy.endpoints import Endpoint

HELP = """NAME is the port, socket or process id of a running apispy (not needed when only one runs), or context:NAME,
machine:NAME, a saved name or an address."""


def target(name: str | None, command: str) -> "Endpoint":
    """The endpoint that *name* means. *command*: what NAME is typed after, for messages. UsageError if none."""
    from apispy import endpoints
    from apispy.endpoints import instances

    entries = instances.running(os.environ, Path.home())
    if (chosen := instances.choose(entries, name, command)) is not None:
        return chosen.endpoint
    if name and name.isdigit():
        there = ", ".join(entry.key for entry in entries) or "none"
        raise UsageError(f"No apispy is running with port or process id {name}. Running: {there}.")
    return endpoints.upstream(name, environ=os.environ, home=Path.home())
