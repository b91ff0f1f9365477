"""What the commands say on standard error."""

import asyncio
import io
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from apispy.app.proxy import ProxySession
from apispy.app.view import View
from apispy.endpoints import Endpoint, Listen
from tests.forked_apispy import run
from tests.servers import raw_server

TIMEOUT = 60
APISPY = [sys.executable, "-m", "apispy"]


def a_failed_call(directory: Path, *, stderr: int) -> str:
    """Call a proxy whose daemon cannot be reached. Return what it prints on *stderr* and, after that, on stdout."""
    listener, daemon = directory / "apispy.sock", directory / "nosuch.sock"
    words = ["--listen", f"unix://{listener}", "--upstream", f"unix://{daemon}"]
    environ = os.environ | {"HOME": str(directory)}
    running = subprocess.Popen(
        [*APISPY, *words], stdout=subprocess.PIPE, stderr=stderr, text=True, env=environ
    )
    stream = running.stderr or running.stdout
    assert stream is not None
    lines = []
    try:
        for line in stream:
            lines.append(line)
            if "ready, but" in line:
                break
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(TIMEOUT)
        client.connect(str(listener))
        client.sendall(b"GET /info HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 502")
        client.close()
    finally:
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=TIMEOUT)
    return "".join([*lines, err or "", out])


def test_a_daemon_that_cannot_be_reached_is_explained_once(tmp_path: Path) -> None:
    """The messages at the start have explained it when the first call fails."""
    text = a_failed_call(tmp_path, stderr=subprocess.STDOUT)
    assert text.count("no such socket. Check that the daemon is running") == 1, text
    assert "GET  /info -> 502 apispy: Daemon at " in text
    assert "(as above)" in text


def test_calls_in_a_file_of_their_own_explain_it_too(tmp_path: Path) -> None:
    text = a_failed_call(tmp_path, stderr=subprocess.PIPE)
    assert text.count("no such socket. Check that the daemon is running") == 2, text


def test_each_message_at_the_start_has_the_prefix(tmp_path: Path) -> None:
    """The lines to paste have none."""
    start, _, _ = a_failed_call(tmp_path, stderr=subprocess.PIPE).partition("ready, but")
    assert start.startswith("apispy: version ")
    bare = [line for line in start.splitlines() if not line.startswith("apispy: ")]
    assert [line.split()[0] for line in bare] == ["unset", "export"], bare


@pytest.mark.parametrize(
    "words",
    [
        ["--nosuch"],
        ["nosuch"],
        ["replay"],
        ["replay", "/nosuch"],
        ["certs", "--days", "x"],
        ["fixture", "nosuch"],
        ["run", "--", "/nosuch"],
        ["--fault", "x"],
        ["--filter", "a>>b"],
        ["env", "12"],
        ["--upstream", "tcp://a b"],
    ],
)
def test_each_line_of_an_error_has_the_prefix_or_continues_one(words: list[str]) -> None:
    done = run(*words)
    first, *rest = done.stderr.splitlines()
    assert first.startswith("apispy: ")
    assert all(line.startswith(("apispy: ", "  ")) for line in rest), done.stderr
    assert done.returncode


def test_a_daemon_that_speaks_only_http2_is_ready_for_it() -> None:
    settings = b"\0\0\0\4\0\0\0\0\0"
    with raw_server(settings) as port:
        daemon = Endpoint("tcp", "127.0.0.1", port, "", "", None)
        session = ProxySession(Listen("tcp", "127.0.0.1", 0, ""), daemon, None, View(), io.StringIO())
        problem, ready = asyncio.run(session.readiness())
    assert "it speaks HTTP/2 from the first byte, and no HTTP/1.1" in problem
    assert ready == "ready: calls in HTTP/2, such as those of gRPC, reach it"
