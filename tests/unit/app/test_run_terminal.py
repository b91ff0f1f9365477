"""``apispy run`` on a terminal that its command prints on too: a pseudo-terminal, and a real command."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import raw_server

LOG = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\nContent-Length: 16\r\n\r\n"
    b"\x01\0\0\0\0\0\0\x08one line"
)
CLIENT = """
import os, socket
client = socket.socket(socket.AF_UNIX)
client.connect(os.environ["DOCKER_HOST"].removeprefix("unix://"))
head = b"GET /v1.51/containers/web/logs?follow=1&stdout=1 HTTP/1.1\\r\\nHost: d\\r\\n"
client.sendall(head + b"Connection: close\\r\\n\\r\\n")
data = b""
while piece := client.recv(65536):
    data += piece
print("the client got", data[-8:].decode())
"""


def run_on_terminal(tmp_path: Path, *options: str) -> str:
    """Run the client under apispy on a terminal of its own; return what the terminal shows."""
    ours, terminal = pty.openpty()
    env = {name: value for name, value in os.environ.items() if not name.startswith("DOCKER_")}
    with raw_server(LOG) as port:
        command = [sys.executable, "-m", "apispy", "run", "--upstream", f"tcp://127.0.0.1:{port}", *options]
        with subprocess.Popen(
            [*command, "--", sys.executable, "-c", CLIENT],
            env=env | {"HOME": str(tmp_path), "TERM": "xterm", "NO_COLOR": "1"},
            stdin=terminal, stdout=terminal, stderr=terminal, cwd=tmp_path,
        ) as process:  # fmt: skip
            os.close(terminal)
            data = b""
            while piece := _read(ours):
                data += piece
            os.close(ours)
    shown = data.decode().replace("\r\n", "\n")
    assert process.returncode == 0, shown
    return shown


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux: the other side was closed
        return b""


REPEATER = """
import os, socket
client = socket.socket(socket.AF_UNIX)
client.connect(os.environ["DOCKER_HOST"].removeprefix("unix://"))
client.sendall(b"GET /info HTTP/1.1\\r\\nHost: d\\r\\nConnection: close\\r\\n\\r\\n")
data = b""
while piece := client.recv(65536):
    data += piece
print(data.partition(b"\\r\\n\\r\\n")[2].decode())
"""


@pytest.mark.parametrize("words", [[], ["-o", "calls"]], ids=["stderr", "a file"])
def test_a_daemon_that_is_not_there_is_explained_once(tmp_path: Path, words: list[str]) -> None:
    """The client prints the message of the response, so beside it the line of the call has its first sentence only."""
    command = [sys.executable, "-m", "apispy", "run", "--upstream", f"unix://{tmp_path}/nosuch.sock", *words]
    done = subprocess.run(
        [*command, "--", sys.executable, "-c", REPEATER], cwd=tmp_path, env=os.environ | {"HOME": str(tmp_path)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert done.stdout.count("Check that the daemon is running") == 1, done.stdout
    shown = (tmp_path / "calls").read_text() if words else done.stdout
    assert "GET  /info -> 502 apispy: Daemon at unix:" in shown
    assert "Check that the daemon is running" in shown


def test_a_shared_terminal_shows_calls_only_and_says_where_the_rest_is(tmp_path: Path) -> None:
    shown = run_on_terminal(tmp_path)
    assert shown.count("one line") == 1
    assert shown.count("ContainerLogs") == 3  # its beginning, its end, the summary
    assert "the stream of 1 call is not shown" in shown
    assert "-o FILE" in shown


@pytest.mark.parametrize("options", [("--streams",), ("-o", "calls.txt")], ids=" ".join)
def test_streams_are_shown_on_request_and_in_a_file(tmp_path: Path, options: tuple[str, ...]) -> None:
    shown = run_on_terminal(tmp_path, *options)
    calls = (tmp_path / "calls.txt").read_text() if "-o" in options else shown
    assert "stdout| one line" in calls
    assert "not shown" not in calls
