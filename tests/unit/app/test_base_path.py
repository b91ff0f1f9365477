"""A daemon with a base path: clients send it, apispy forwards it, and calls are named without it."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from apispy import endpoints
from tests.servers import DOCKER

CLIENT = "import docker; print(docker.from_env().version()['Version'])"


class Daemon(BaseHTTPRequestHandler):
    """Serves /docker/version, also with an API version, and nothing else."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.paths.append(self.path)  # type: ignore[attr-defined]
        found = self.path.startswith("/docker/") and self.path.endswith("/version")
        body = json.dumps(DOCKER).encode() if found else b""
        self.send_response(200 if found else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Daemon) as found:
        found.paths = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=found.serve_forever, args=(0.01,))
        thread.start()
        yield found
        found.shutdown()
        thread.join()


def test_docker_py_reaches_the_daemon_under_its_base_path(
    server: ThreadingHTTPServer, tmp_path: Path
) -> None:
    address = f"tcp://127.0.0.1:{server.server_port}/docker"
    words = [
        "run",
        "--certs-dir",
        str(tmp_path),
        "--upstream",
        address,
        "--json",
        "--",
        sys.executable,
        "-c",
        CLIENT,
    ]
    # requests lets these variables override the CA that docker-py gives it.
    environ = {name: value for name, value in os.environ.items() if not name.endswith("_CA_BUNDLE")}
    command = [sys.executable, "-m", "apispy", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)
    assert (done.returncode, done.stdout) == (0, f"{DOCKER['Version']}\n"), done.stderr
    calls = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    assert [call["operation"] for call in calls] == ["SystemVersion"] * len(calls)
    assert [call["target"] for call in calls] == server.paths  # type: ignore[attr-defined]
    assert all(path.startswith("/docker/") for path in server.paths)  # type: ignore[attr-defined]


def test_a_probe_goes_to_the_base_path(server: ThreadingHTTPServer, tmp_path: Path) -> None:
    address = f"tcp://127.0.0.1:{server.server_port}/docker/"
    assert (
        endpoints.probe(endpoints.upstream(address, environ={}, home=tmp_path)).version == DOCKER["Version"]
    )
    assert server.paths == ["/docker/version"]  # type: ignore[attr-defined]
