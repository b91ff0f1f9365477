"""The work of ``apispy demo``: a recorded daemon, apispy in front of it, and a real client, all on this machine."""

import asyncio
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO

from apispy import capture, demo
from apispy.app import child
from apispy.app.export import create_file
from apispy.app.listener import listener_files, private_listener
from apispy.app.messages import result
from apispy.app.output_files import remove_on_failure
from apispy.app.proxy import ProxySession
from apispy.app.server import in_background
from apispy.app.view import View
from apispy.endpoints import Endpoint, Listen
from apispy.replay import Options, choose_matchers, serve

SPEAKS_RECORDED_API = range(17, 29)
"""Releases of the docker CLI that can use API 1.41, the recorded version: from release 29 on it needs 1.44 or newer."""

LENIENT = Options(choose_matchers("operation,path"), repeat_last=True)
"""Match by operation and path only: releases of the docker CLI differ in headers, parameters and bodies."""

INTRODUCTION = """\
This demo needs no Docker: the daemon is replayed from a recorded session.
The client is {client}. apispy is between them (mutual TLS).
"""

LEGEND = """\
Each line that starts with a time is an API call; "..." means it is still open.
"""


def demonstrate(view: View, client: str, page: Path | None = None) -> int:
    """Run the demo with *client*: "docker", "python", or "auto" (docker if its release fits).

    The calls are also shown by a new file *page*. Returns 1 if the client sent a request that was not recorded, else 0.
    Raises ApispyError.
    """
    if page is None:
        return _demonstrate(view, client, None)
    stream = create_file(page, "--page", force=False)
    with remove_on_failure(page), stream:
        status = _demonstrate(view, client, stream)
    result(f"To look at these calls, open {page} in a browser.")
    return status


def _demonstrate(view: View, client: str, page: BinaryIO | None) -> int:
    release = docker_release()
    name = client if client != "auto" else "docker" if release in SPEAKS_RECORDED_API else "python"
    commands, title = demo.CLIENT_COMMANDS, "a small Python program"
    if name == "docker":
        child.check_program("docker", "apispy demo --client python")
        commands, title = demo.COMMANDS, f"the docker CLI{f', release {release}' if release else ''}"
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # the terminal may not have every character
    result(
        (INTRODUCTION.format(client=title) + ("" if view.quiet or view.as_json else LEGEND)).removesuffix(
            "\n"
        )
    )
    with tempfile.TemporaryDirectory(prefix="apispy-demo-") as directory:
        socket = f"{directory}/docker.sock"
        with serve(capture.read(demo.SESSION), Listen("unix", "", 0, socket), LENIENT) as played:
            daemon, capture_file = Endpoint("unix", "", 0, socket, "", None), Path(directory) / "calls.jsonl"
            _run(commands, daemon, view, Path(directory) / "certs", capture_file if page else None)
        if page:
            from apispy.app.page_server import make_page

            page.write(make_page(capture_file))
    for miss in played.player.misses:
        result("\n".join(text for text, _ in miss.lines()))
    return 1 if played.player.misses else 0


def _run(
    commands: Sequence[str], daemon: Endpoint, view: View, certs_dir: Path, capture_file: Path | None
) -> None:
    """Run *commands* one after the other through a proxy of their own, and show the calls on stdout."""
    with private_listener(tcp=True) as where:
        files = listener_files(where, certs_dir)
        session = ProxySession(where, daemon, files, view, sys.stdout, capture=capture_file)
        try:
            asyncio.run(_steps(session, commands))
        finally:
            session.close()


async def _steps(session: ProxySession, commands: Sequence[str]) -> None:
    """Run each command, and write its output and apispy's lines to the session's stream in the order of events.

    A command's output goes through the session, after the calls that were read before it. The next command starts
    when all calls of the last one are shown.
    """
    async with in_background(session) as environ:
        for command in commands:
            session.write(f"\n$ {command}\n")
            program, *arguments = shlex.split(command)
            words = [sys.executable if program == "python" else program, *arguments]
            code = await child.run(words, environ, session.write)
            await session.settle()
            if code >= child.SIGNAL_EXIT_BASE:  # by Ctrl-C, for example
                break
        session.write("\n")  # before the summary


def docker_release() -> int | None:
    """The major release of the docker CLI on the PATH; None if there is none, or if it is not Docker's (podman)."""
    if shutil.which("docker") is None:
        return None
    try:
        said = subprocess.run(["docker", "--version"], capture_output=True, text=True, timeout=10).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.match(r"Docker version (\d+)\.", said)
    return int(found[1]) if found else None
