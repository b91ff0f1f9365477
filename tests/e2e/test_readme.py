"""The session on README's first screen is a real one."""

import re
import shlex
import subprocess
from pathlib import Path

from .daemon import Daemons
from .lab import CLIS
from .spy import Spy

README = Path(__file__).parents[2] / "README.md"


def _shape(line: str) -> str:
    """Without times, ids, sizes and durations; those are another's every time."""
    line = re.sub(r"^[0-9:.]{12}", "<time>", line)
    line = re.sub(r"\b[0-9a-f]{12}\b", "<id>", line)
    return re.sub(r"\d+(\.\d+)? (ms|s)\)", "<duration>)", line)


def test_the_session_on_the_first_screen(daemons: Daemons, place: Path) -> None:
    _, session = re.findall(r"```console\n(.*?)```", README.read_text(), re.DOTALL)[0].split("$ echo", 1)
    command, printed, *calls = ("echo" + session).splitlines()
    where = place / "readme"
    spy = Spy.start(where, "--listen", f"unix://{where}/s", "--upstream", daemons.plain.unix.host)
    try:
        cli = CLIS[max(CLIS)]
        script = command.replace("docker", shlex.quote(str(cli)), 1)
        environment = {"DOCKER_HOST": f"unix://{where}/s", "HOME": str(where), "PATH": "/usr/bin:/bin"}
        run = subprocess.run(
            ["sh", "-c", script], env=environment, capture_output=True, text=True, timeout=60, check=True
        )
    finally:
        assert spy.end() == 0
    assert run.stdout == printed + "\n"
    seen = spy.out.split("calls  errors")[0].splitlines()
    # What two connections say at the same time may come in either order.
    assert sorted(map(_shape, seen)) == sorted(map(_shape, calls))
