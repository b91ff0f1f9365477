"""Typical sessions with the exact bytes of docker and dockerd, read by the real tap. Nothing is random or timed.

A session is a function that sends data through a ``Wire``; ``SESSIONS`` has them all by name.
"""

import base64
import itertools
import json
import struct
from collections.abc import Callable
from typing import Any

from apispy.tap import ConnectionTap, Event
from tests.h2_peer import GRPC, Peers, Session, message
from tests.protobuf_writer import mapped, pb, timestamp

START = 1_700_000_000.0  # 2023-11-14 22:13:20 UTC

SERVER = (
    "Api-Version: 1.41\r\nDocker-Experimental: false\r\nOstype: linux\r\nServer: Docker/20.10.24 (linux)\r\n"
)

WEB = "c12250feba24" + "0" * 52
IMAGE = "sha256:" + "62aedd01bd85" + "1" * 52
EXEC = "e3f0a1b2c3d4" + "5" * 52

SECRET_PARTS = ("hunter2-planted", "aHVudGVyMi1wbGFudGVk", "hunter2-token", "hunter2-env")
"""Secrets in the sessions below, which no output may contain at any verbosity."""


class Wire:
    """The clock, connections and events of one session."""

    def __init__(self) -> None:
        self.now = START
        self.events: list[Event] = []
        self.said = b""  # all bytes of all connections
        self._connections = itertools.count(1)
        self._exchanges = itertools.count(1)

    def connect(self) -> "Connection":
        number = next(self._connections)
        tap = ConnectionTap(number, "docker (pid 812)", "unix:///var/run/docker.sock", self._next)
        return Connection(self, tap)

    def _next(self) -> int:
        return next(self._exchanges)

    def wait(self, seconds: float) -> None:
        self.now += seconds


class Connection:
    """One connection; each step happens 2 ms after the last."""

    def __init__(self, wire: Wire, tap: ConnectionTap) -> None:
        self._wire, self._tap = wire, tap

    def another(self) -> "Connection":
        """Open another connection of the same session."""
        return self._wire.connect()

    def _note(self, step: Callable[..., list[Event]], *arguments: Any) -> None:
        self._wire.wait(0.002)
        self._wire.said += b"".join(arguments)
        self._wire.events += step(*arguments, self._wire.now)

    def client(self, data: bytes) -> None:
        self._note(self._tap.from_client, data)

    def server(self, data: bytes) -> None:
        self._note(self._tap.from_server, data)

    def client_eof(self) -> None:
        self._note(self._tap.client_eof)

    def server_eof(self) -> None:
        self._note(self._tap.server_eof)

    def lost(self) -> None:
        self._note(self._tap.lost)

    def ask(self, line: str, body: Any = None, headers: str = "") -> None:
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode() + b"\n"
        kind = "Content-Type: application/json\r\n" if data else ""
        head = f"{line} HTTP/1.1\r\nHost: docker\r\nUser-Agent: Docker-Client/20.10.24 (linux)\r\n{headers}"
        self.client(f"{head}Content-Length: {len(data)}\r\n{kind}\r\n".encode() + data)

    def answer(self, status: str, body: Any = None, headers: str = "") -> None:
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode() + b"\n"
        kind = "Content-Type: application/json\r\n" if data else ""
        self.server(
            f"HTTP/1.1 {status}\r\n{SERVER}{headers}{kind}Content-Length: {len(data)}\r\n\r\n".encode() + data
        )

    def stream(self, status: str = "200 OK", headers: str = "") -> None:
        """Send the head of a chunked response."""
        self.server(f"HTTP/1.1 {status}\r\n{SERVER}{headers}Transfer-Encoding: chunked\r\n\r\n".encode())

    def chunk(self, data: Any) -> None:
        if not isinstance(data, bytes):
            data = json.dumps(data).encode() + b"\r\n"
        self.server(b"%x\r\n%b\r\n" % (len(data), data))

    def last_chunk(self) -> None:
        self.server(b"0\r\n\r\n")

    def hijack(self, line: str, body: Any = None) -> None:
        self.ask(line, body, headers="Connection: Upgrade\r\nUpgrade: tcp\r\n")
        self.server(
            b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n"
            b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
        )


def frame(kind: int, data: bytes) -> bytes:
    return struct.pack(">BxxxL", kind, len(data)) + data


def run(wire: Wire) -> None:
    """docker run --name web -e PASSWORD=... busybox sh -c '...'"""
    main = wire.connect()
    main.ask("HEAD /_ping")
    main.server(f"HTTP/1.1 200 OK\r\n{SERVER}Content-Length: 0\r\n\r\n".encode())
    command = ["sh", "-c", "echo hello; echo oops >&2"]
    config = {
        "Image": "busybox",
        "Cmd": command,
        "Env": ["PASSWORD=hunter2-env"],
        "HostConfig": {"AutoRemove": True},
    }
    main.ask("POST /v1.41/containers/create?name=web", config)
    main.answer("201 Created", {"Id": WEB, "Warnings": []})
    attach = wire.connect()
    attach.hijack(f"POST /v1.41/containers/{WEB}/attach?stderr=1&stdout=1&stream=1")
    attach.client_eof()
    waiting = wire.connect()
    waiting.ask(f"POST /v1.41/containers/{WEB}/wait?condition=removed")
    waiting.stream()
    main.ask(f"POST /v1.41/containers/{WEB}/start")
    wire.wait(0.3)
    main.answer("204 No Content")
    attach.server(frame(1, b"hel") + frame(1, b"lo\n") + frame(2, b"oops \x1b[31mred\x1b[0m\n"))
    attach.server(frame(1, "no newline, ümlaut".encode())[:-6])
    attach.server(frame(1, "no newline, ümlaut".encode())[-6:])
    attach.server_eof()
    waiting.chunk({"Error": None, "StatusCode": 0})
    waiting.last_chunk()


def ps(wire: Wire) -> None:
    """docker ps --filter, then without a filter, then with a daemon without containers"""
    main = wire.connect()
    query = "all=1&filters=%7B%22status%22%3A%7B%22running%22%3Atrue%7D%2C%22label%22%3A%7B%22a%3Db%22%3Atrue%7D%7D"
    web = {"Id": WEB, "Names": ["/web"], "Image": "busybox", "State": "running"}
    main.ask(f"GET /v1.41/containers/json?{query}")
    main.answer("200 OK", [web, web | {"Names": ["/web2"]}])
    main.ask("GET /v1.41/containers/json")
    main.answer("200 OK", [web])
    main.ask("GET /v1.41/containers/json")
    main.answer("200 OK", [])
    main.ask("GET /v1.41/no/such/thing?x=%1b")
    main.answer("404 Not Found", {"message": "page not found"})


def pull(wire: Wire) -> None:
    """docker pull with credentials, of an image that exists and of one that does not"""
    auth = base64.urlsafe_b64encode(json.dumps({"password": "hunter2-planted"}).encode()).decode()
    main = wire.connect()
    main.ask("POST /v1.41/images/create?fromImage=busybox&tag=latest", headers=f"X-Registry-Auth: {auth}\r\n")
    main.stream(headers="Content-Type: application/json\r\n")
    main.chunk({"status": "Pulling from library/busybox", "id": "latest"})
    main.chunk({"status": "Pulling fs layer", "progressDetail": {}, "id": "3f4d90098f5b"})
    for current in (100_000, 1_100_000, 2_200_000):
        wire.wait(0.1)
        progress = {"current": current, "total": 2_220_000}
        main.chunk({"status": "Downloading", "progressDetail": progress, "id": "3f4d90098f5b"})
    main.chunk({"status": "Pull complete", "progressDetail": {}, "id": "3f4d90098f5b"})
    main.chunk({"status": "Status: Downloaded newer image for busybox:latest"})
    main.last_chunk()
    main.ask("POST /v1.41/images/create?fromImage=nosuch&tag=latest", headers="X-Registry-Auth: e30=\r\n")
    denied = "pull access denied for nosuch, repository does not exist or may require 'docker login'"
    main.answer("404 Not Found", {"message": denied})
    main.ask("POST /v1.41/images/create?fromImage=broken&tag=latest", headers="X-Registry-Auth: bnVsbA==\r\n")
    main.stream(headers="Content-Type: application/json\r\n")
    main.chunk({"status": "Pulling from library/broken", "id": "latest"})
    main.chunk({"errorDetail": {"message": "unexpected EOF"}, "error": "unexpected EOF"})
    main.last_chunk()


def logs(wire: Wire) -> None:
    """docker logs web; docker logs -f web, stopped by Ctrl-C"""
    main = wire.connect()
    main.ask("GET /v1.41/containers/web/logs?stderr=1&stdout=1&tail=all")
    main.stream()
    main.chunk(frame(1, b"first\n") + frame(2, b"second\n"))
    main.last_chunk()
    main.ask("GET /v1.41/containers/web/logs?follow=1&stderr=1&stdout=1&tail=2")
    main.stream()
    for number in range(3):
        wire.wait(1)
        main.chunk(frame(1, b"tick %d\tcolumn\r\n" % number))
    main.client_eof()
    main.lost()


def events(wire: Wire) -> None:
    """docker events while a container starts and dies; then the daemon disconnects"""
    main = wire.connect()
    main.ask("GET /v1.41/events?filters=%7B%22type%22%3A%7B%22container%22%3Atrue%7D%7D")
    main.stream(headers="Content-Type: application/json\r\n")
    for number, action in enumerate(("create", "start", "die")):
        wire.wait(0.5)
        attributes = {"image": "busybox", "name": "web"} | ({"exitCode": "137"} if action == "die" else {})
        actor = {"ID": WEB, "Attributes": attributes}
        when = 1_700_000_000 + number
        main.chunk({"Type": "container", "Action": action, "Actor": actor, "scope": "local", "time": when})
    main.server_eof()


def exec_(wire: Wire) -> None:
    """docker exec -i web cat; docker exec -t web sh; docker exec -d web true"""
    main = wire.connect()
    main.ask("POST /v1.41/containers/web/exec", {"AttachStdin": True, "AttachStdout": True, "Cmd": ["cat"]})
    main.answer("201 Created", {"Id": EXEC})
    start = wire.connect()
    start.hijack(f"POST /v1.41/exec/{EXEC}/start", {"Detach": False, "Tty": False})
    start.client(b"typed in\n")
    start.server(frame(1, b"typed in\n"))
    start.client_eof()
    start.server_eof()
    main.ask(f"GET /v1.41/exec/{EXEC}/json")
    main.answer("200 OK", {"ID": EXEC, "Running": False, "ExitCode": 0, "ContainerID": WEB})
    tty = wire.connect()
    tty.hijack(f"POST /v1.41/exec/{EXEC}/start", {"Detach": False, "Tty": True})
    tty.server(b"/ # ")
    main.ask(f"POST /v1.41/exec/{EXEC}/resize?h=24&w=80")
    main.answer("200 OK")
    tty.client(b"ls\r")
    tty.server(b"ls\r\n\x1b[1;34mbin\x1b[m\r\n/ # ")
    tty.client(b"\x04")
    tty.server_eof()
    tty.client_eof()
    main.ask(f"POST /v1.41/exec/{EXEC}/start", {"Detach": True, "Tty": False})
    main.answer("200 OK")


def build(wire: Wire) -> None:
    """docker build, whose second step fails"""
    main = wire.connect()
    config = base64.urlsafe_b64encode(json.dumps({"r": {"auth": "hunter2-planted"}}).encode()).decode()
    main.client(
        b"POST /v1.41/build?dockerfile=Dockerfile&t=app HTTP/1.1\r\nHost: docker\r\n"
        b"Content-Type: application/x-tar\r\nX-Registry-Config: "
        + config.encode()
        + b"\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    archive = _tar("Dockerfile", b"FROM busybox\nRUN false\n")
    main.client(b"%x\r\n%b\r\n" % (len(archive), archive))
    main.client(b"0\r\n\r\n")
    main.stream(headers="Content-Type: application/json\r\n")
    main.chunk({"stream": "Step 1/2 : FROM busybox"})
    main.chunk({"stream": "\n"})
    main.chunk({"stream": " ---> 62aedd01bd85\n"})
    main.chunk({"stream": "Step 2/2 : RUN false"})
    wire.wait(0.7)
    message = "The command '/bin/sh -c false' returned a non-zero code: 1"
    main.chunk({"errorDetail": {"code": 1, "message": message}, "error": message})
    main.last_chunk()


def _tar(name: str, content: bytes) -> bytes:
    import io
    import tarfile

    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        info.mtime = int(START)
        archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


def buildkit(wire: Wire) -> None:
    """BuildKit: a session in which the daemon calls the client; buildx, which calls the daemon; and invalid HTTP/2"""
    session = wire.connect()
    _upgrade(
        session, "/session", "X-Docker-Expose-Session-Grpc-Method: /moby.filesync.v1.Auth/Credentials\r\n"
    )
    peers = Peers()
    for step in (
        lambda: None,
        lambda: peers.call("/moby.filesync.v1.Auth/Credentials", b"docker.io"),
        lambda: peers.answer(1, b"ann hunter2-planted"),
        lambda: peers.call("/moby.buildkit.secrets.v1.Secrets/GetSecret", b"npmrc"),
        lambda: peers.answer(3, status=5, more=[("grpc-message", "no hunter2-env"), ("x-more", "1")]),
        lambda: peers.call("/moby.filesync.v1.FileSync/DiffCopy", more=[("followpaths", "hunter2-token")]),
        lambda: peers.answer(5, b"FROM busybox", b"x" * 1000),
        lambda: peers.call("/moby.filesync.v1.FileSync/DiffCopy", more=[("dir-name", "context")]),
        lambda: peers.server.reset_stream(7, 8),
        lambda: peers.client.close_connection(additional_data=b"hunter2-planted"),
    ):
        step()
        asked, answered = peers.exchange()
        session.server(asked)
        session.client(answered)
    session.server_eof()
    session.client_eof()
    buildx = wire.connect()
    _upgrade(buildx, "/grpc")
    peers = Peers()
    for _ in range(2):
        stream = peers.call("/moby.buildkit.v1.Control/Solve", b"hunter2-planted")
        asked, answered = peers.exchange()
        buildx.client(asked)
        buildx.server(answered)
    peers.answer(stream)
    buildx.server(peers.exchange()[1])
    odd = wire.connect()
    _upgrade(odd, "/grpc")
    odd.client(b"hunter2-planted: this is not HTTP/2")
    odd.client_eof()
    odd.server_eof()


def http2(wire: Wire) -> None:
    """HTTP/2 from the first byte: calls of both kinds on one connection; then a daemon that refuses it"""
    main, peers = wire.connect(), Peers()

    def flush() -> None:
        sent, answered = peers.exchange()
        main.client(sent)
        if answered:
            main.server(answered)

    flush()
    json_type = ("content-type", "application/json")
    events = peers.request("GET", "/v1.53/events", more=[("user-agent", "Docker-Client/29.2.0 (linux)")])
    created = peers.request(
        "POST",
        "/v1.53/containers/create?name=web",
        b'{"Image":"busybox","Env":["PASSWORD=hunter2-env"]}',
        [json_type, ("authorization", "Bearer hunter2-token")],
    )
    built = peers.call("/my.own.Service/Do", b"hunter2-planted", more=[("x-odd", "\x7f")])
    flush()
    server = ("server", "Docker/29.2.0 (linux)")
    peers.server.send_headers(events, [(":status", "200"), json_type, server])
    attributes = {"ID": WEB, "Attributes": {"image": "busybox", "name": "web"}}
    event = {
        "Type": "container",
        "Action": "create",
        "Actor": attributes,
        "scope": "local",
        "time": 1_700_000_000,
    }
    peers.server.send_data(events, json.dumps(event).encode() + b"\n")
    peers.respond(created, json.dumps({"Id": WEB, "Warnings": []}).encode(), 201, [json_type, server])
    flush()
    wire.wait(0.5)
    peers.answer(
        built, b"x" * 1200, b"hunter2-planted", status=2, more=[("grpc-message", "no hunter2-planted")]
    )
    probed = peers.call("/grpc.health.v1.Health/Check")
    odd = peers.request(
        "POST", "/other.Service/Method", b"\0\0\0\0\2hi", [("content-type", "application/grpc")]
    )
    flush()
    peers.answer(probed, b"\x08\x01")
    peers.server.send_headers(odd, [(":status", "200"), *GRPC, ("grpc-status", "12")], end_stream=True)
    missing = peers.request("GET", "/v1.53/containers/nosuch/json")
    flush()
    peers.respond(missing, b'{"message":"No such container: nosuch"}', 404)
    peers.client.reset_stream(events, 8)
    flush()
    main.client_eof()
    main.lost()
    old = wire.connect()
    old.client(Peers().exchange()[0])
    old.server(
        b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n400 Bad Request"
    )
    old.server_eof()


def native_build(wire: Wire) -> None:
    """A build on HTTP/2 from the first byte: gRPC calls of their own, and the session nested in one of them"""
    main, peers = wire.connect(), Peers()

    def flush() -> None:
        for send, data in zip((main.client, main.server), peers.exchange(), strict=True):
            if data:
                send(data)

    control, bridge = "/moby.buildkit.v1.Control", "/moby.buildkit.v1.frontend.LLBBridge"
    flush()
    workers = peers.call(f"{control}/ListWorkers")
    flush()
    platforms = [{1: "amd64", 2: "linux"}]
    peers.answer(workers, pb({1: [{1: "w", 3: platforms, 5: {2: "v0.25.1"}}]}))
    flush()
    arguments = mapped(
        {"build-arg:SHORT": "hunter2-planted", "target": "test", "label:org.example.team": "x"}
    )
    solve = peers.call(f"{control}/Solve", pb({1: "r1", 5: "s1", 7: arguments, 13: [{1: "moby"}], 99: b"xy"}))
    status = peers.call(f"{control}/Status", pb({1: "r1"}))
    session = Session(peers)
    flush()
    session.begin()
    peers.server.send_headers(status, [(":status", "200"), *GRPC])
    flush()
    asked, answered = session.inner.call, session.inner.answer
    for step in (
        lambda: asked("/moby.filesync.v1.Auth/Credentials", pb({1: "r.example"})),
        lambda: answered(1, pb({1: "ann", 2: "hunter2-env"})),
        lambda: asked("/moby.buildkit.secrets.v1.Secrets/GetSecret", pb({1: "npmrc"})),
        lambda: answered(3, pb({1: "hunter2-token"})),
        lambda: asked(
            "/moby.filesync.v1.FileSync/DiffCopy", pb({1: 1, 3: 1}), more=[("dir-name", "context")]
        ),
        lambda: answered(
            5, pb({2: {1: "Dockerfile", 5: 56}}), pb({2: {1: "f", 5: 6}}), pb({1: 2, 3: 1, 4: "abcdef"}),
            pb({1: 2, 3: 1}),
        ),
        lambda: session.inner.client.close_connection(),
    ):  # fmt: skip
        step()
        session.queue()
        flush()
    part = peers.call(f"{bridge}/Solve", pb({2: "dockerfile.v0", 3: mapped({"target": "test"})}))
    flush()
    peers.answer(part, pb({1: "ref"}))
    flush()
    name = "[test 2/2] RUN echo hunter2-planted"
    make = {1: "sha256:a", 3: name, 5: timestamp(1_700_000_000)}
    failed = make | {6: timestamp(1_700_000_002), 7: "exit code: 3"}
    for update in (
        {1: [make]},
        {3: [{1: "sha256:a", 3: 1, 4: "the secret is hunter2-"}]},
        {3: [{1: "sha256:a", 3: 1, 4: "token\n"}]},
        {1: [failed, {1: "sha256:b", 3: "[test 1/2] FROM busybox", 4: True, 5: timestamp(1_700_000_000)}]},
    ):
        peers.server.send_data(status, message(pb(update)))
        flush()
    text = 'process "/bin/sh -c echo hunter2-planted" did not complete: exit code: 3'
    source = json.dumps(
        {"info": {"filename": "Dockerfile", "data": "hunter2-env"}, "ranges": [{"start": {"line": 3}}]}
    )
    detail = {1: "github.com/moby/buildkit/errdefs.Source+json", 2: source}
    coded = base64.b64encode(pb({1: 2, 2: text, 3: [detail]})).decode().rstrip("=")
    ended = [
        ("grpc-status", "2"),
        ("grpc-message", text.replace("%", "%25")),
        ("grpc-status-details-bin", coded),
    ]
    peers.server.send_headers(solve, [(":status", "200"), *GRPC, *ended], end_stream=True)
    peers.server.send_headers(status, [("grpc-status", "0")], end_stream=True)
    session.end()
    info = peers.call(f"{control}/Info", b"\xffhunter2-planted")
    flush()
    peers.answer(info, b"x" * 1200)
    flush()
    main.client_eof()
    main.lost()


def _upgrade(connection: Connection, path: str, headers: str = "") -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: docker\r\nContent-Length: 0\r\n{headers}"
    connection.client(f"{head}Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n".encode())
    connection.server(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")


def login(wire: Wire) -> None:
    """docker login, right; wrong; and one whose body is no JSON"""
    main = wire.connect()
    account = {"username": "ann", "password": "hunter2-planted", "serveraddress": "https://r.example/"}
    main.ask("POST /v1.41/auth", account)
    main.answer("200 OK", {"IdentityToken": "hunter2-token", "Status": "Login Succeeded"})
    main.ask("POST /v1.41/auth", account, headers="Authorization: Basic aHVudGVyMi1wbGFudGVk\r\n")
    main.answer("401 Unauthorized", {"message": "unauthorized: incorrect username or password"})
    main.ask("POST /auth", b'{"Password": "hunter2-planted"} {"trailing": 1}')
    main.answer("200 OK", {"identitytoken": "hunter2-token", "Status": "Login Succeeded"})


def failing(wire: Wire) -> None:
    """docker inspect of nothing; the same by an old client; a daemon that does not answer"""
    main = wire.connect()
    main.ask("GET /v1.41/containers/nosuch/json")
    main.answer("404 Not Found", {"message": "No such container: nosuch\x1b[2J"})
    main.ask("GET /v1.20/containers/nosuch/json")
    main.server(
        f"HTTP/1.1 404 Not Found\r\n{SERVER}Content-Type: text/plain; charset=utf-8\r\n"
        "Content-Length: 26\r\n\r\nNo such container: nosuch\n".encode()
    )
    main.ask("GET /v1.41/info", headers="X-Odd: \x9b31m\r\n")
    main.server_eof()


def garbage(wire: Wire) -> None:
    """What is no HTTP, and what stops being it"""
    main = wire.connect()
    main.client(b"\x16\x03\x01\x02\x00\x01\x00")
    other = wire.connect()
    other.ask("GET /v1.41/version")
    other.server(b"\x1b[31mnot HTTP at all\r\n\r\n")


def unfinished(wire: Wire) -> None:
    """What is still open when apispy stops"""
    main = wire.connect()
    main.ask("GET /v1.41/containers/web/stats?stream=1")
    main.stream()
    usage = {"cpu_usage": {"total_usage": 2_000_000}, "system_cpu_usage": 100_000_000, "online_cpus": 2}
    before = {"cpu_usage": {"total_usage": 1_000_000}, "system_cpu_usage": 50_000_000}
    memory = {"usage": 12_300_000, "limit": 2_000_000_000}
    stats = {"cpu_stats": usage, "precpu_stats": before, "memory_stats": memory, "pids_stats": {"current": 4}}
    main.chunk(stats | {"name": "/web", "id": WEB})


SESSIONS: dict[str, Callable[[Wire], None]] = {
    "run": run,
    "ps": ps,
    "pull": pull,
    "logs": logs,
    "events": events,
    "exec": exec_,
    "build": build,
    "buildkit": buildkit,
    "http2": http2,
    "native-build": native_build,
    "login": login,
    "failing": failing,
    "garbage": garbage,
    "unfinished": unfinished,
}
