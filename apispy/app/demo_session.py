"""The work of ``apispy demo``: a recorded daemon, apispy before it, and a real client, all on this machine."""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from apispy import capture, demo
from apispy.app.messages import result
from apispy.app.run import run_command
from apispy.app.view import View
from apispy.endpoints import Endpoint, Listen
from apispy.replay import Options, choose, serve

SPEAKS_RECORDED_API = range(17, 29)
"""Releases of the docker CLI that speak API 1.41, the recorded one: 29 asks for 1.44 at least."""

LENIENT = Options(choose("operation,path"), repeat_last=True)
"""Docker CLIs of different releases ask for the same things in different words."""


def demonstrate(view: View, client: str) -> int:
    """Run *client* ("docker", "python", or "auto": docker if one fits); 1 if it was not answered fully."""
    release = docker_release()
    name = client if client != "auto" else "docker" if release in SPEAKS_RECORDED_API else "python"
    who = f"docker CLI {release}" if name == "docker" else "a small client in Python"
    result(f"No Docker is needed: the daemon is played from a recorded session. The client is {who}.")
    result("apispy stands between them, with mutual TLS, and shows what they say.")
    words = ["sh", "-c", demo.script()] if name == "docker" else [sys.executable, "-m", "apispy.demo.client"]
    with tempfile.TemporaryDirectory(prefix="apispy-demo-") as directory:
        socket = f"{directory}/docker.sock"
        with serve(capture.read(demo.SESSION), Listen("unix", "", 0, socket), LENIENT) as played:
            run_command(
                words,
                Endpoint("unix", "", 0, socket, "", None),
                view,
                None,
                tcp=True,
                certs_dir=Path(directory) / "certs",
                terminal=sys.stdout,
            )
    for miss in played.player.misses:
        result("\n".join(text for text, _ in miss.lines()))
    return 1 if played.player.misses else 0


def docker_release() -> int | None:
    """The major release of the docker CLI on the PATH; None if there is none that says so (podman's does not)."""
    if shutil.which("docker") is None:
        return None
    try:
        said = subprocess.run(["docker", "--version"], capture_output=True, text=True, timeout=10).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.match(r"Docker version (\d+)\.", said)
    return int(found[1]) if found else None
