"""Rules with a real daemon: what was refused never reached it, what was allowed did, byte for byte."""

import json
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ResponseReceived, TrailersReceived

from tests.tunnel_frames import SOLVE, START, WORKERS, Caller, solve

from .apispy_process import Apispy
from .battery_runner import CLIS
from .clients import Client
from .daemon import Daemons
from .recorder import listen
from .wait import until


@dataclass
class Tap:
    """Stands between apispy and the daemon, and keeps what each connection brings from the client."""

    path: str
    daemon: str
    connections: list[bytearray] = field(default_factory=list)

    def accepted(self, client: socket.socket) -> None:
        kept = bytearray()
        self.connections.append(kept)
        daemon = socket.socket(socket.AF_UNIX)
        daemon.connect(self.daemon)
        threading.Thread(target=_pump, args=(client, daemon, kept), daemon=True).start()
        threading.Thread(target=_pump, args=(daemon, client, None), daemon=True).start()

    @property
    def received(self) -> bytes:
        """All that came of requests but for those that apispy asks itself at its start."""
        return b"".join(bytes(one) for one in self.connections if b"User-Agent: apispy" not in one)


def _pump(source: socket.socket, to: socket.socket, kept: bytearray | None) -> None:
    try:
        while data := source.recv(1 << 16):
            if kept is not None:
                kept += data
            to.sendall(data)
        to.shutdown(socket.SHUT_WR)
    except OSError:
        pass


@pytest.fixture
def tap(tmp_path: Path, daemons: Daemons) -> Iterator[Tap]:
    made = Tap(f"{tmp_path}/tap.sock", daemons.plain.unix.host.removeprefix("unix://"))
    listener = listen(made.path, made.accepted)
    yield made
    listener.close()


@pytest.fixture
def guarded(tap: Tap, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Apispy, str]]:
    """apispy with the test's rules, and its socket."""
    at = f"{tmp_path}/a.sock"
    spy = Apispy.start(
        tmp_path / "spy", "--listen", f"unix://{at}", "--upstream", f"unix://{tap.path}", *request.param
    )
    yield spy, at
    spy.kill()


def send(at: str, data: bytes) -> bytes:
    """Send *data* and end; return the answer up to its end."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(30)
        client.connect(at)
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := client.recv(1 << 16):
            answer += piece
        return answer


def post(target: str, body: bytes, *fields: str) -> bytes:
    lines = [f"POST {target} HTTP/1.1", "Host: docker", *(fields or ["Content-Type: application/json"])]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "Connection: close", "", ""]).encode() + body


def get(target: str, *fields: str) -> bytes:
    return "\r\n".join(
        [f"GET {target} HTTP/1.1", "Host: docker", *fields, "Connection: close", "", ""]
    ).encode()


CREATE = "/v1.41/containers/create?name=zqguard"
BIG = (
    b'{"Image": "busybox", "Labels": {"a": "' + b"x" * (1 << 20) + b'"}, "HostConfig": {"Privileged": true}}'
)
REFUSED = {
    "privileged": post(CREATE, b'{"Image": "busybox", "HostConfig": {"Privileged": true}}'),
    "case-variant": post(CREATE, b'{"Image": "busybox", "hostCONFIG": {"pRIVILEGED": true}}'),
    "twice": post(CREATE, b'{"Image": "busybox", "HostConfig": {"Privileged": true, "privileged": false}}'),
    "oversized": post(CREATE, BIG),
    "multipart": post(CREATE, b"--x", "Content-Type: multipart/form-data; boundary=x"),
    "gzip": post(CREATE, b"\x1f\x8b\x08", "Content-Type: application/json", "Content-Encoding: gzip"),
    "double slash": post(f"/{CREATE}", b'{"Image": "busybox", "HostConfig": {"Privileged": true}}'),
    "dots": post("/v1.41/x/../containers/create", b'{"Image": "busybox"}'),
    "escapes": post("/v1.41/containers%2fcreate", b'{"Image": "busybox"}'),
    "no version": post("/containers/create", b'{"HostConfig": {"Privileged": true}}'),
    "odd version": post("/v9.99/containers/create", b'{"HostConfig": {"Privileged": true}}'),
    "expect": post(CREATE, b"", "Expect: 100-continue").replace(b"Content-Length: 0", b"Content-Length: 2"),
    "h2c": get("/info", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"),
    "preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0",
    "two lengths": post(CREATE, b"{}", "Content-Length: 4"),
    "length and chunks": post(CREATE, b"0\r\n\r\n", "Transfer-Encoding: chunked"),
    "tunnel": get("/_ping").replace(b"GET /_ping", b"POST /grpc"),
    "exec": post("/v1.41/containers/zqguard/exec", b'{"Cmd": ["id"]}'),
}
RULES = ["--deny", "privileged", "--deny", "effect:exec"]


@pytest.mark.parametrize("guarded", [RULES], indirect=True, ids=["deny"])
def test_nothing_of_a_refused_request_reaches_the_daemon(guarded: tuple[Apispy, str], tap: Tap) -> None:
    spy, at = guarded
    for name, request in REFUSED.items():
        answer = send(at, request)
        assert re.match(rb"HTTP/1\.1 (403|400) ", answer), (name, answer[:300])
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["message"].startswith("apispy"), name
    assert tap.received == b""
    until(lambda: "refused by deny effect:exec" in spy.out, 20, "the line of the last refused call")
    assert "refused by deny privileged" in spy.out


@pytest.mark.parametrize("guarded", [RULES], indirect=True, ids=["deny"])
def test_what_is_allowed_reaches_it_byte_for_byte(guarded: tuple[Apispy, str], tap: Tap) -> None:
    _, at = guarded
    spaced = b'{ "Image" : "nosuch:image", "HostConfig" : {"Privileged":false} }'
    sent = [
        get("/_ping"),
        get("/v1.41/containers/json?all=1&filters=%7B%7D", "X-Odd:   spaces  "),
        post(CREATE, spaced),
        post(CREATE, b"0\r\n\r\n", "Content-Type: application/json", "Transfer-Encoding: chunked").replace(
            b"Content-Length: 5\r\n", b""
        ),
    ]
    for request in sent:
        assert b"apispy" not in send(at, request)
    assert tap.received == b"".join(sent)


@pytest.mark.parametrize("guarded", [RULES], indirect=True, ids=["deny"])
def test_of_requests_on_one_connection_only_those_before_the_refused_one_pass(
    guarded: tuple[Apispy, str], tap: Tap
) -> None:
    first = b"GET /_ping HTTP/1.1\r\nHost: docker\r\n\r\n"
    answer = send(guarded[1], first + REFUSED["exec"] + first)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"refused by deny effect:exec" in answer
    assert tap.received == first


@pytest.mark.parametrize("guarded", [["--deny", "privileged"]], indirect=True, ids=["deny"])
def test_what_follows_a_hijack_that_the_daemon_refuses_is_checked(
    guarded: tuple[Apispy, str], tap: Tap
) -> None:
    start = post("/v1.41/exec/nosuch/start", b"{}").replace(b"Connection: close\r\n", b"")
    answer = send(guarded[1], start + REFUSED["privileged"])
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"apispy: refused by deny privileged" in answer
    assert tap.received == start


TUNNEL = (
    b"POST /grpc HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n"
)


@pytest.mark.parametrize("guarded", [["--deny", "network:host"]], indirect=True, ids=["deny"])
def test_of_the_calls_in_a_tunnel_only_those_that_are_allowed_reach_it(
    guarded: tuple[Apispy, str], tap: Tap
) -> None:
    caller, peer = Caller(), H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
    peer.initiate_connection()
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(30)
        client.connect(guarded[1])
        client.sendall(TUNNEL)
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += client.recv(1)
        assert answer.startswith(b"HTTP/1.1 101 ")
        allowed = START + caller.call(WORKERS)
        for stream, sent, status in ((1, allowed, "0"), (3, caller.call(SOLVE, solve("network.host")), "7")):
            client.sendall(sent)
            peer.send_headers(stream, caller.fields(SOLVE))
            assert ended(peer, client)["grpc-status"] == status
    until(lambda: len(tap.received) >= len(TUNNEL + allowed), 20, "the bytes at the daemon")
    assert tap.received == TUNNEL + allowed


def ended(peer: H2Connection, client: socket.socket) -> dict[str, str]:
    """Wait for the end of a call; return the fields that ended it."""
    while True:
        data = client.recv(1 << 16)
        assert data, "the tunnel ended"
        for event in peer.receive_data(data):
            if isinstance(event, ResponseReceived | TrailersReceived):
                fields = {str(name): str(value) for name, value in event.headers or ()}
                if "grpc-status" in fields:
                    return fields


@pytest.mark.parametrize("guarded", [["--read-only", "--policy-mode", "audit"]], indirect=True, ids=["audit"])
def test_an_audit_says_what_it_would_refuse(guarded: tuple[Apispy, str], tap: Tap) -> None:
    spy, at = guarded
    request = post("/v1.41/containers/nosuch/start", b"")
    assert b"apispy" not in send(at, request)
    assert tap.received == request
    until(lambda: "would be refused: read-only allows only" in spy.out, 20, "the remark")


@pytest.fixture(params=sorted(CLIS))
def client(place: Path, data: Path, daemons: Daemons, request: pytest.FixtureRequest) -> Client:
    """A docker CLI, and `apispy` on its PATH."""
    where = place / f"guard-{abs(hash(request.node.name)) % 10**8}"
    made = Client(daemons.plain.unix, daemons.plain, CLIS[request.param], "zqguard", where, data)
    made.add_apispy()
    return made


def test_the_docker_cli_shows_the_refusal(client: Client) -> None:
    looked = client.sh("apispy run -o calls --read-only -- docker ps -q")
    assert (looked.code, looked.err) == (0, b"")
    for rule, words in (("--read-only", "true"), ("--deny bind", "-v /etc:/e $IMG true")):
        refused = client.sh(f"apispy run -o calls --force {rule} -- docker create $N {words}")
        assert refused.code != 0
        assert b"apispy: refused" in refused.err


def test_the_rules_that_permissions_writes_allow_the_same_again_and_nothing_else(client: Client) -> None:
    ran = client.sh("apispy run -o calls --force --capture made.jsonl -- docker run --rm $N $IMG echo hello")
    assert ran.out == b"hello\n"
    assert client.sh("apispy permissions --for apispy made.jsonl > policy").code == 0
    again = client.sh("apispy run -o calls --force --policy policy -- docker run --rm $N $IMG echo hello")
    assert (again.out, again.code) == (b"hello\n", 0)
    for words in (
        "docker ps",
        "docker run --rm $N --privileged $IMG true",
        "docker run --rm $N -v /:/h $IMG true",
    ):
        assert b"apispy: refused" in client.sh(f"apispy run -o calls --force --policy policy -- {words}").err


@pytest.mark.parametrize(("answer", "passes"), [(b"y\n", True), (b"n\n", False)], ids=["yes", "no"])
def test_the_user_is_asked_on_the_terminal(client: Client, answer: bytes, passes: bool) -> None:
    terminal = client.terminal(
        "apispy run -o calls --force --confirm effect:change -- docker create $N $IMG true"
    )
    terminal.expect(b"asks for ContainerCreate, POST /v1.")
    terminal.expect(b"or n: ")
    terminal.send(answer)
    done = terminal.finish()
    assert (done.code == 0) is passes, done.out
    assert (b"refused by the user, who was asked by confirm effect:change" in done.out) is not passes
