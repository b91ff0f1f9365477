"""What the measures do with a real dockerd, beside what they measure."""

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.client import ask, request
from bench.lab import Lab
from bench.subjects import Route
from tests.e2e.daemon import IMAGE, Daemon
from tests.e2e.endpoints import Endpoint

RUNNING = "running"
LISTED = "/v1.41/containers/json?all=1"
HIJACK = "Host: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json"


def post(endpoint: Endpoint, path: str, body: dict[str, Any]) -> Any:
    """A call straight to the daemon; the JSON of its answer."""
    connection = http.client.HTTPConnection("docker")
    connection.sock = endpoint.plain_socket()
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    answer = connection.getresponse().read()
    connection.close()
    return json.loads(answer) if answer else None


def daemon(lab: Lab) -> Daemon:
    """The real one, with a container that runs for good."""
    assert lab.daemon is not None, "asked for before the route to it"
    if RUNNING not in lab.daemon.docker("ps", "--format", "{{.Names}}"):
        lab.daemon.docker("run", "-d", "--name", RUNNING, "--network", "none", IMAGE, "sleep", "86400")
    return lab.daemon


def fill(lab: Lab, count: int) -> None:
    """Let the daemon have *count* containers."""
    there = daemon(lab)
    config = {"Image": IMAGE, "Cmd": ["true"], "HostConfig": {"NetworkMode": "none"}}
    with there.unix.socket() as sock:
        missing = count - ask(sock, request(LISTED)).count(b'"ImageID"')
    for _ in range(missing):
        post(there.unix, "/v1.41/containers/create", config)


@contextmanager
def cat(lab: Lab, route: Route) -> Iterator[socket.socket]:
    """A hijacked connection to a `cat` that sends back all it is sent."""
    command = ["sh", "-c", "stty raw -echo; echo ready; exec cat"]
    config = {"AttachStdin": True, "AttachStdout": True, "Tty": True, "Cmd": command}
    made = post(daemon(lab).unix, f"/v1.41/containers/{RUNNING}/exec", config)
    body = json.dumps({"Tty": True})
    head = f"POST /v1.41/exec/{made['Id']}/start HTTP/1.1\r\n{HIJACK}\r\nContent-Length: {len(body)}\r\n\r\n"
    with route.endpoint.socket() as sock:
        sock.sendall(f"{head}{body}".encode())
        seen = b""
        while b"ready" not in seen:
            more = sock.recv(4096)
            assert more, seen
            seen += more
        yield sock
