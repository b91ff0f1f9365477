"""Every script in addons/ loads in plain mitmdump, forwards a hijack with its half-close, and makes flows."""

import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from mitmproxy import http, tcp
from mitmproxy.io import FlowReader

from tests.unit.tap.conversations import ATTACH, HIJACKED, LIST, LISTED

SCRIPTS = sorted((Path(__file__).parents[3] / "addons").glob("*.py"))
MITMDUMP = Path(sys.executable).with_name("mitmdump")


def daemon(connection: socket.socket) -> None:
    with connection:
        if connection.recv(65536) == LIST:
            connection.sendall(LISTED)
            return
        connection.sendall(HIJACKED)
        said = b""
        while piece := connection.recv(100):
            said += piece
        connection.sendall(b"\x01\0\0\0\0\0\0\x03" + said)


@pytest.fixture
def upstream():
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=daemon, args=[connection], daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]


def talk(port: int, *pieces: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 20) as client:
        answer = b""
        for piece in pieces:
            client.sendall(piece)
            answer += client.recv(65536) if piece is not pieces[-1] else b""
        client.shutdown(socket.SHUT_WR)
        while data := client.recv(65536):
            answer += data
        return answer


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_it_works_in_mitmdump(script, upstream, tmp_path):
    port, flows = free_port(), tmp_path / "flows"
    words = [MITMDUMP, "-s", script, "--mode", f"reverse:http://127.0.0.1:{upstream}", "-w", flows]
    words += [
        "--listen-host",
        "127.0.0.1",
        "-p",
        str(port),
        "--set",
        "docker_lines=0",
        "--set",
        f"confdir={tmp_path}",
    ]
    run = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        said = ""
        while "listening at" not in said:
            line = run.stdout.readline()
            assert line, f"mitmdump ended: {said}"
            said += line
        assert talk(port, LIST) == LISTED
        assert talk(port, ATTACH, b"hi\n") == HIJACKED + b"\x01\0\0\0\0\0\0\x03hi\n"
    finally:
        run.terminate()
        said += run.communicate(timeout=20)[0]
    assert "ContainerList" in said
    assert "stdout| hi" in said
    with flows.open("rb") as file:
        kept = list(FlowReader(file).stream())
    assert (
        next(flow.request.path for flow in kept if isinstance(flow, http.HTTPFlow))
        == "/v1.41/containers/json"
    )
    [tunnel] = [flow for flow in kept if isinstance(flow, tcp.TCPFlow)]
    assert b"".join(message.content for message in tunnel.messages if message.from_client) == b"hi\n"
