"""A small Docker client in the standard library: the calls of ``docker version``, ``run``, ``ps``, ``rm``, ``inspect``.

``python -m apispy.demo.client [STEP ...]`` connects to DOCKER_HOST, with the certificates in DOCKER_CERT_PATH if that
is set, and runs the given steps of STEPS, or all of them.
"""

import http.client
import json
import os
import ssl
import struct
import sys
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

RUN = {
    "Image": "busybox:test",
    "Cmd": ["sh", "-c", "echo hello; echo and an error >&2; exit 3"],
    "AttachStdout": True,
    "AttachStderr": True,
    "HostConfig": {"NetworkMode": "none"},
}
API = "/v1.41"
HIJACK = {"Connection": "Upgrade", "Upgrade": "tcp"}


def connect(environ: Mapping[str, str]) -> http.client.HTTPConnection:
    """Return a connection to the daemon that *environ* names. It carries one call at a time."""
    where = urlsplit(environ["DOCKER_HOST"])
    host, port = where.hostname or "", where.port
    certs = environ.get("DOCKER_CERT_PATH")
    if not certs:
        return http.client.HTTPConnection(host, port)
    context = ssl.create_default_context(cafile=f"{certs}/ca.pem")
    context.load_cert_chain(f"{certs}/cert.pem", f"{certs}/key.pem")
    return http.client.HTTPSConnection(host, port, context=context)


def call(connection: http.client.HTTPConnection, method: str, path: str, body: Any = None) -> Any:
    """Send a request; return the response body, decoded if it is JSON, else as text."""
    data = None if body is None else json.dumps(body)
    connection.request(method, path, data, {"Content-Type": "application/json"} if data else {})
    response = connection.getresponse()
    text = response.read()
    return json.loads(text) if "json" in response.headers.get("Content-Type", "") and text else text.decode()


def attach(connection: http.client.HTTPConnection, container: str) -> Iterator[tuple[int, bytes]]:
    """Yield the container's output from now on: (1, bytes) from its stdout, (2, bytes) from its stderr.

    The first value is (0, b""), yielded when the daemon has sent its response head.
    """
    path = f"{API}/containers/{container}/attach?stream=1&stdout=1&stderr=1"
    connection.request("POST", path, headers=HIJACK)
    assert connection.sock is not None
    stream = connection.sock.makefile("rb")
    while stream.readline().strip():  # the head; after it come frames instead of HTTP
        pass
    yield 0, b""
    while header := stream.read(8):
        kind, size = struct.unpack(">BxxxL", header)
        yield kind, stream.read(size)


def version(environ: Mapping[str, str]) -> None:
    """Print the daemon's version, as ``docker version`` does."""
    found = call(connect(environ), "GET", f"{API}/version")
    print(f"the daemon is {found['Version']}, API {found['ApiVersion']}")


def run(environ: Mapping[str, str]) -> None:
    """Create, attach, wait and start, as ``docker run`` does; print the container's output and exit code."""
    main, frames, end = connect(environ), connect(environ), connect(environ)
    container = call(main, "POST", f"{API}/containers/create?name=greeter", RUN)["Id"]
    output = attach(frames, container)
    next(output)
    end.request("POST", f"{API}/containers/{container}/wait?condition=next-exit")
    waiting = end.getresponse()  # the daemon sends the head at once, and the body when the container exits
    call(main, "POST", f"{API}/containers/{container}/start")
    for kind, data in output:
        stream = sys.stdout if kind == 1 else sys.stderr
        stream.write(data.decode(errors="replace"))
        stream.flush()
    print("exit code", json.loads(waiting.read())["StatusCode"])


def ps(environ: Mapping[str, str]) -> None:
    """Print a line for each container, as ``docker ps --all`` does."""
    for found in call(connect(environ), "GET", f"{API}/containers/json?all=1"):
        print(found["Id"][:12], found["Image"], found["Status"], *found["Names"])


def rm(environ: Mapping[str, str]) -> None:
    """Remove the container, as ``docker rm greeter`` does."""
    call(connect(environ), "DELETE", f"{API}/containers/greeter")
    print("greeter")


def inspect(environ: Mapping[str, str]) -> None:
    """Inspect the container, as ``docker inspect greeter`` does. It is gone: print the daemon's error."""
    print(call(connect(environ), "GET", f"{API}/containers/greeter/json")["message"])


STEPS = {"version": version, "run": run, "ps": ps, "rm": rm, "inspect": inspect}


if __name__ == "__main__":
    for step in sys.argv[1:] or STEPS:
        STEPS[step](os.environ)
