"""The argument NAME or TARGET: a running apispy, or any daemon by its name or address."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apispy.errors import UsageError

if TYPE_CHECKING:
    from apispy.endpoints import Endpoint

HELP = """NAME is the port, socket or process ID of a running apispy (optional if only one is running), or context:NAME,
machine:NAME, a saved name or an address."""


def target_endpoint(name: str | None, command: str) -> "Endpoint":
    """Return the endpoint that *name* means. *command* is what NAME is typed after, for messages. Raises UsageError."""
    from apispy.endpoints import instances

    entries = instances.running(os.environ, Path.home())
    if (chosen := instances.choose(entries, name, command)) is not None:
        return chosen.endpoint
    if name and name.isdigit():
        keys = ", ".join(entry.key for entry in entries) or "none"
        raise UsageError(f"No apispy is running with port or process ID {name}. Running: {keys}.")
    return daemon_endpoint(name)


def daemon_endpoint(name: str | None, **tls: Any) -> "Endpoint":
    """Return the daemon that *name* means, and remark on a host name that may be a mistyped name. Raises ApispyError.

    *tls* are the TLS arguments of ``endpoints.upstream``.
    """
    from apispy import endpoints

    found = endpoints.upstream(name, **tls, environ=os.environ, home=Path.home())
    if name and (remark := endpoints.remark_on_name(name, found, os.environ, Path.home())):
        from apispy.app.messages import info

        info(remark)
    return found
