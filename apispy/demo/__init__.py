"""The data of ``apispy demo``: a recorded session and the clients' commands. Standard library only."""

from pathlib import Path

SESSION = Path(__file__).parent / "session.json"
"""The fixture that replaces the daemon: a real daemon's responses to COMMANDS. CLIENT_COMMANDS need no others."""

COMMANDS = (
    "docker version --format 'the daemon is {{.Server.Version}}, API {{.Server.APIVersion}}'",
    "docker run --name greeter --network none busybox:test sh -c 'echo hello; echo and an error >&2; exit 3'",
    "docker ps --all",
    "docker rm greeter",
    "docker inspect --type container greeter",
)
"""The steps of the demo with the docker CLI. The last one fails, because the container is gone."""

CLIENT_COMMANDS = tuple(
    f"python -m apispy.demo.client {step}" for step in ("version", "run", "ps", "rm", "inspect")
)
"""The same steps with the client in ``client.py``."""
