"""What ``apispy demo`` shows: a recorded session, and a client for machines that have none. Standard library only."""

import shlex
from collections.abc import Sequence
from pathlib import Path

SESSION = Path(__file__).parent / "session.json"
"""The fixture that plays the daemon: what a real one answered to COMMANDS. ``client.py`` asks for no more than that."""

COMMANDS = (
    "docker version --format 'the daemon is {{.Server.Version}}, API {{.Server.APIVersion}}'",
    "docker run --name greeter --network none busybox:test sh -c 'echo hello; echo and an error >&2; exit 3'",
    "docker ps --all",
    "docker rm greeter",
    "docker inspect --type container greeter",
)
"""What is typed where there is a docker CLI. The last one fails, as in life."""


def script(commands: Sequence[str] = COMMANDS) -> str:
    """A shell script that types *commands*, each shown before what it prints."""
    typed = [f"printf '\\n$ %s\\n' {shlex.quote(command)}\n{command}" for command in commands]
    return "\n".join([*typed, "true"])
