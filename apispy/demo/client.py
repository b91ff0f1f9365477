"""A small Docker client in the standard library: what ``docker run``, ``ps --all``, ``rm`` and ``inspect`` say.

``python -m apispy.demo.client`` goes to DOCKER_HOST, with the certificates in DOCKER_CERT_PATH if that is set.
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
    """To the daemon that *environ* names. One connection carries one call at a time."""
    where = urlsplit(environ["DOCKER_HOST"])
    host, port = where.hostname or "", where.port
    certs = environ.get("DOCKER_CERT_PATH")
    if not certs:
        return http.client.HTTPConnection(host, port)
    context = ssl.create_default_context(cafile=f"{certs}/ca.pem")
    context.load_cert_chain(f"{certs}/cert.pem", f"{certs}/key.pem")
    return http.client.HTTPSConnection(host, port, context=context)


def call(connection: http.client.HTTPConnection, method: str, path: str, body: Any = None) -> Any:
    """The JSON that comes back, or the text that is none."""
    data = None if body is None else json.dumps(body)
    connection.request(method, path, data, {"Content-Type": "application/json"} if data else {})
    answer = connection.getresponse()
    text = answer.read()
    return json.loads(text) if "json" in answer.headers.get("Content-Type", "") and text else text.decode()


def attach(connection: http.client.HTTPConnection, container: str) -> Iterator[tuple[int, bytes]]:
    """What the container says from now on: (1, bytes) on its stdout, (2, bytes) on its stderr.

    The first step of the iteration returns when the daemon has agreed: (0, b"").
    """
    path = f"{API}/containers/{container}/attach?stream=1&stdout=1&stderr=1"
    connection.request("POST", path, headers=HIJACK)
    assert connection.sock is not None
    stream = connection.sock.makefile("rb")
    while stream.readline().strip():  # the head; behind it are frames, and no HTTP any more
        pass
    yield 0, b""
    while header := stream.read(8):
        kind, size = struct.unpack(">BxxxL", header)
        yield kind, stream.read(size)


def run(environ: Mapping[str, str]) -> int:
    """Create, attach, wait and start, as ``docker run`` does; then ps, rm, and inspect of what is gone."""
    main, frames, end = connect(environ), connect(environ), connect(environ)
    version = call(main, "GET", f"{API}/version")
    print(f"the daemon is {version['Version']}, API {version['ApiVersion']}", flush=True)
    container = call(main, "POST", f"{API}/containers/create?name=greeter", RUN)["Id"]
    output = attach(frames, container)
    next(output)
    end.request("POST", f"{API}/containers/{container}/wait?condition=next-exit")
    waiting = end.getresponse()  # its head comes at once, its body when the container has ended
    call(main, "POST", f"{API}/containers/{container}/start")
    for kind, data in output:
        stream = sys.stdout if kind == 1 else sys.stderr
        stream.write(data.decode(errors="replace"))
        stream.flush()
    print("exit code", json.loads(waiting.read())["StatusCode"], flush=True)
    for found in call(main, "GET", f"{API}/containers/json?all=1"):
        print(found["Id"][:12], found["Image"], found["Status"], *found["Names"], flush=True)
    call(main, "DELETE", f"{API}/containers/greeter")
    print(call(main, "GET", f"{API}/containers/greeter/json")["message"], flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(run(os.environ))
