"""The docker CLI runs the commands that `apispy story` writes, and sends what the story was told of.

An answerer on loopback answers what `docker create` asks: no daemon is needed.
"""

import http.server
import json
import shlex
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from apispy.app.decoded_calls import read_files
from apispy.learn.notes.schema_check import is_unset
from apispy.learn.story import docker_line

from .apispy_process import Apispy, apispy_command
from .battery_runner import CLIS

ROOT = Path(__file__).parents[2]


class Answerer(http.server.BaseHTTPRequestHandler):
    """Answers /_ping and ContainerCreate, and keeps the bodies."""

    protocol_version = "HTTP/1.0"
    bodies: list[dict[str, Any]]

    def do_HEAD(self) -> None:
        self._answer(200, b"")

    do_GET = do_HEAD

    def do_POST(self) -> None:
        self.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self._answer(201, json.dumps({"Id": "ab" * 32, "Warnings": []}).encode())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Api-Version", "1.41")
        self.send_header("Ostype", "linux")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def daemon() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The address of the answerer, and the bodies that it gets."""
    Answerer.bodies = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answerer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"tcp://127.0.0.1:{server.server_address[1]}", Answerer.bodies
        server.shutdown()


def pruned(value: Any) -> Any:
    """A value without what is not set in it, and without what describes the client or Compose."""
    if not isinstance(value, dict):
        return value
    parts = {
        key: pruned(part)
        for key, part in value.items()
        if not key.startswith(("com.docker.compose.", "Attach"))
    }
    return {
        key: part for key, part in parts.items() if not is_unset(part) or key in ("80/tcp", "53/udp", "/run")
    }


def bodies_of(sample: str) -> list[dict[str, Any]]:
    return [
        decoded.items["request"][0].value
        for decoded, _ in read_files((ROOT / f"samples/{sample}.jsonl",))
        if decoded.call.operation.id == "ContainerCreate"
    ]


MADE = {
    "Image": "busybox",
    "Cmd": ["sh", "-c", "echo 'a b'; $X"],
    "Tty": True,
    "OpenStdin": True,
    "StdinOnce": True,
    "User": "1:2",
    "WorkingDir": "/tmp",
    "Env": ["A=b c"],
    "Labels": {"a": "b=c"},
    "ExposedPorts": {"80/tcp": {}, "53/udp": {}},
    "Healthcheck": {"Test": ["CMD-SHELL", "true || false"], "Interval": 90 * 10**9},
    "HostConfig": {
        "Binds": ["/srv:/srv:ro", "data:/data"],
        "Mounts": [{"Type": "tmpfs", "Target": "/t", "TmpfsOptions": {"SizeBytes": 1 << 20}}],
        "PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}]},
        "CapAdd": ["CAP_NET_ADMIN"],
        "Devices": [{"PathOnHost": "/dev/null", "PathInContainer": "/dev/x", "CgroupPermissions": "rw"}],
        "Memory": 64 << 20,
        "NanoCpus": 1_500_000_000,
        "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3},
        "Ulimits": [{"Name": "nofile", "Hard": 2048, "Soft": 1024}],
        "Privileged": True,
        "NetworkMode": "host",
        "Init": True,
        "Tmpfs": {"/run": ""},
        "ExtraHosts": ["a:1.2.3.4"],
    },
}
"""A body with values of every kind."""


@pytest.mark.parametrize("sample", ["run", "compose2", "compose", "runner", "made"])
def test_docker_sends_the_body_that_the_command_is_for(
    sample: str, daemon: tuple[str, list[dict[str, Any]]], tmp_path: Path
) -> None:
    host, received = daemon
    asked = [MADE] if sample == "made" else bodies_of(sample)
    for body in asked:
        line = docker_line(body, started=False)
        assert line.unsaid == ()
        environment = {"DOCKER_HOST": host, "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
        words = [str(CLIS[max(CLIS)]), *line.words[1:]]
        # A hidden value is taken from the environment.
        environment |= {text.partition("=")[0]: text.partition("=")[2] for text in body.get("Env") or ()}
        done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, (shlex.join(words), done.stderr)
    plain = received[: len(asked)]
    for sent, body in zip(plain, asked, strict=True):
        assert pruned(defaulted(sent)) == pruned(defaulted(body))


def defaulted(body: dict[str, Any]) -> dict[str, Any]:
    """A body without the defaults that differ between clients, and lists as the docker CLI may write them."""
    host = dict(body["HostConfig"])
    for name in ("CapAdd", "CapDrop"):
        if host.get(name):
            host[name] = [f"CAP_{one.removeprefix('CAP_')}" for one in host[name]]
    # The docker CLI keeps volumes and variables in Go maps, which have no order.
    body = body | {"Env": sorted(body.get("Env") or ())}
    host["Binds"] = sorted(host.get("Binds") or ())
    defaults = {
        "MemorySwappiness": -1,
        "NetworkMode": "default",
        "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
    }
    for name, value in defaults.items():
        if host.get(name) == value or (name == "NetworkMode" and host.get(name) == "bridge"):
            del host[name]
    return {key: value for key, value in body.items() if key not in ("NetworkingConfig", "StdinOnce")} | {
        "HostConfig": {key: value for key, value in host.items() if key != "ConsoleSize"}
    }


def test_run_tells_the_story_of_its_command(daemon: tuple[str, list[dict[str, Any]]], tmp_path: Path) -> None:
    host, _ = daemon
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    command = [*apispy_command(), "run", "--story", "--upstream", host, "--"]
    command += [str(CLIS[max(CLIS)]), "create", "--name", "web", "busybox", "true"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    lines = done.stderr.splitlines()
    assert any(line.startswith("2 calls in ") for line in lines), lines
    assert "    $ docker create --name web busybox true" in lines
    assert lines[-1] == "  containers  web (abababababab)"


def test_run_reports_at_the_end_what_its_capture_teaches(
    daemon: tuple[str, list[dict[str, Any]]], tmp_path: Path
) -> None:
    """Two reports in one run, each as the command of the same name prints it for the capture."""
    host, _ = daemon
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    capture = tmp_path / "calls.jsonl"
    command = [*apispy_command(), "run", "--permissions", "--drift", "--json", "--capture", str(capture)]
    command += ["--upstream", host, "--", str(CLIS[max(CLIS)]), "create", "--name", "web", "busybox", "true"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "ab" * 32 + "\n"
    expected = ""
    for name in ("permissions", "drift"):
        learned = [*apispy_command(), name, "--json", str(capture)]
        expected += subprocess.run(
            learned, env=environment, capture_output=True, text=True, timeout=60
        ).stdout
    assert done.stderr == expected
    assert '"ContainerCreate"' in expected


def test_the_proxy_tells_the_story_of_its_session(
    daemon: tuple[str, list[dict[str, Any]]], place: Path, tmp_path: Path
) -> None:
    host, _ = daemon
    where = place / "story"
    spy = Apispy.start(where, "--story", "--listen", f"unix://{where}/s", "--upstream", host)
    try:
        command = [str(CLIS[max(CLIS)]), "-H", f"unix://{where}/s", "create", "--name", "web", "busybox"]
        subprocess.run(command, env={"HOME": str(tmp_path)}, capture_output=True, timeout=60, check=True)
        assert spy.end(signal.SIGINT) == 0, spy.output
        assert "    $ docker create --name web busybox\n" in spy.out
        assert spy.out.endswith("  containers  web (abababababab)\n")
        assert "ContainerCreate" not in spy.out
    finally:
        spy.kill()
