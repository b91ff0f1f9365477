"""Preparations with a real dockerd, outside of what is measured."""

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.client import exchange, request
from bench.setups import Route
from bench.testbed import Testbed
from tests.e2e.daemon import IMAGE, Daemon
from tests.e2e.endpoints import Endpoint

RUNNING = "running"
LISTED = "/v1.41/containers/json?all=1"
HIJACK = "Host: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json"


def post(endpoint: Endpoint, path: str, body: dict[str, Any]) -> Any:
    """Call the daemon directly, and return the JSON of its response."""
    connection = http.client.HTTPConnection("docker")
    connection.sock = endpoint.plain_socket()
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    body_read = connection.getresponse().read()
    connection.close()
    return json.loads(body_read) if body_read else None


def daemon(testbed: Testbed) -> Daemon:
    """Return the real daemon, with a container that keeps running."""
    assert testbed.daemon is not None, "the route to the daemon must be opened first"
    if RUNNING not in testbed.daemon.docker("ps", "--format", "{{.Names}}"):
        testbed.daemon.docker("run", "-d", "--name", RUNNING, "--network", "none", IMAGE, "sleep", "86400")
    return testbed.daemon


def ensure_containers(testbed: Testbed, count: int) -> None:
    """Create containers until the daemon has *count*."""
    real = daemon(testbed)
    config = {"Image": IMAGE, "Cmd": ["true"], "HostConfig": {"NetworkMode": "none"}}
    with real.unix.socket() as sock:
        missing = count - exchange(sock, request(LISTED)).count(b'"ImageID"')
    for _ in range(missing):
        post(real.unix, "/v1.41/containers/create", config)


@contextmanager
def echo_connection(testbed: Testbed, route: Route) -> Iterator[socket.socket]:
    """Open a hijacked connection to a `cat`, which echoes its input."""
    command = ["sh", "-c", "stty raw -echo; echo ready; exec cat"]
    config = {"AttachStdin": True, "AttachStdout": True, "Tty": True, "Cmd": command}
    created = post(daemon(testbed).unix, f"/v1.41/containers/{RUNNING}/exec", config)
    body = json.dumps({"Tty": True})
    head = (
        f"POST /v1.41/exec/{created['Id']}/start HTTP/1.1\r\n{HIJACK}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with route.endpoint.socket() as sock:
        sock.sendall(f"{head}{body}".encode())
        seen = b""
        while b"ready" not in seen:
            more = sock.recv(4096)
            assert more, seen
            seen += more
        yield sock
