"""Rules about the calls in BuildKit's tunnel, on real sockets: what each side receives, and what is shown."""

import socket
from contextlib import suppress

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RequestReceived,
    ResponseReceived,
    StreamEnded,
)

from apispy.filters.policy import parse_rule
from apispy.gate import Gate, PolicyCheck
from tests.h2_peer import message
from tests.tunnel_frames import CONTROL, INFO, SOLVE, WORKERS, Caller, frame, solve
from tests.unit.proxy.served import Proxied, proxied, receive_all

OPENING = (
    b"POST /grpc HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n"
)
SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"


def buildkit(connection: socket.socket, received: bytearray) -> None:
    """A daemon that accepts the tunnel, and answers each call with its path, once the client has ended it."""
    while not received.endswith(b"\r\n\r\n"):
        received += connection.recv(1)
    connection.sendall(SWITCHING)
    peer = H2Connection(H2Configuration(client_side=False))
    peer.initiate_connection()
    connection.sendall(peer.data_to_send())
    paths: dict[int, bytes] = {}
    while data := connection.recv(1 << 16):
        received += data
        for event in peer.receive_data(data):
            if isinstance(event, RequestReceived):
                paths[event.stream_id or 0] = dict(event.headers or ())[b":path"]
            if isinstance(event, StreamEnded):
                stream = event.stream_id or 0
                peer.send_headers(stream, [(":status", "200"), ("content-type", "application/grpc")])
                peer.send_data(stream, message(paths[stream]))
                peer.send_headers(stream, [("grpc-status", "0")], end_stream=True)
        connection.sendall(peer.data_to_send())


class Client:
    """buildx, as far as it matters."""

    def __init__(self, there: Proxied) -> None:
        self.socket = there.connect()
        self.peer = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self.peer.initiate_connection()
        self.heard: list[Event] = []
        self.socket.sendall(OPENING)
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += self.socket.recv(1)
        assert answer == SWITCHING

    def call(self, path: str, content: bytes = b"") -> int:
        stream = self.peer.get_next_available_stream_id()
        self.peer.send_headers(stream, Caller().fields(path))
        self.peer.send_data(stream, message(content), end_stream=True)
        self.socket.sendall(self.peer.data_to_send())
        return stream

    def answer(self, stream: int) -> tuple[dict[str, str], bytes]:
        """Return the first fields of the answer to a call, and its data."""
        while not any(isinstance(one, StreamEnded) and one.stream_id == stream for one in self.heard):
            assert self.hear(), f"no answer among {self.heard}"
        about = [one for one in self.heard if getattr(one, "stream_id", 0) == stream]
        [head] = [one for one in about if isinstance(one, ResponseReceived)]
        data = b"".join(one.data or b"" for one in about if isinstance(one, DataReceived))
        return {str(name): str(value) for name, value in head.headers or ()}, data

    def hear(self) -> bool:
        data = self.socket.recv(1 << 16)
        self.heard += self.peer.receive_data(data)
        with suppress(OSError):  # the other side may have gone
            self.socket.sendall(self.peer.data_to_send())
        return bool(data)


def policy(*rules: str, audit: bool = False) -> Gate:
    parsed = [parse_rule(*text.split(" ", 1)) for text in rules]  # type: ignore[arg-type]
    return Gate(policy=PolicyCheck(parsed, audit=audit))


def test_a_refused_call_is_answered_and_the_calls_before_it_go_on() -> None:
    with proxied(gate=policy("deny network:host"), serve=buildkit) as there:
        client = Client(there)
        assert client.answer(client.call(INFO))[1] == message(INFO.encode())
        ordinary = client.call(SOLVE, solve("security.insecure"))
        assert client.answer(ordinary)[1] == message(SOLVE.encode())
        refused, data = client.answer(client.call(SOLVE, solve("network.host")))
        assert (refused["grpc-status"], data) == ("7", b"")
        assert refused["grpc-message"].startswith("apispy: refused by deny network:host")
        later, _ = client.answer(client.call(WORKERS))
        assert "an earlier call in this tunnel" in later["grpc-message"]
        client.socket.close()
        [call] = there.shown.wait(1)
    assert b"network.host" not in there.received[0]
    assert b"security.insecure" in there.received[0]
    assert [text for text in call.exchange.problems if "apispy" in text] == [
        "answered by apispy: refused by deny network:host",
        "answered by apispy: refused by deny network:host: an earlier call in this tunnel, after which none passes",
    ]


def test_what_is_no_call_ends_the_tunnel_and_the_client_is_told() -> None:
    with proxied(gate=policy("deny network:host"), serve=buildkit) as there:
        client = Client(there)
        client.answer(client.call(INFO))
        client.socket.sendall(frame(2, bytes(5), 1) + frame(6, bytes(8)))
        while client.hear():
            pass
        client.socket.close()
        [call] = there.shown.wait(1)
    [gone] = [one for one in client.heard if isinstance(one, ConnectionTerminated)]
    assert (gone.additional_data or b"").startswith(b"apispy: refused: it has a frame of the type 2")
    assert not there.received[0].endswith(bytes(5))
    assert any("answered by apispy: refused: it has a frame" in text for text in call.exchange.problems)


@pytest.mark.parametrize("rules", [["allow op:Grpc"], ["deny op:Control/Solve"]], ids=" ".join)
def test_without_a_rule_that_is_about_it_every_byte_passes(rules: list[str]) -> None:
    with proxied(gate=policy(*rules), serve=buildkit) as there:
        client = Client(there)
        client.answer(client.call(f"{CONTROL}ListWorkers", b"\x0a\x01x"))
        client.socket.close()
        there.shown.wait(1)
    sent = Caller().call(WORKERS, b"\x0a\x01x")
    assert sent[-6:] in there.received[0]


def test_an_audit_forwards_the_call_and_says_so() -> None:
    with proxied(gate=policy("deny network:host", audit=True), serve=buildkit) as there:
        client = Client(there)
        assert client.answer(client.call(SOLVE, solve("network.host")))[1] == message(SOLVE.encode())
        client.socket.close()
        [call] = there.shown.wait(1)
    assert "would be refused by deny network:host" in call.exchange.problems


def test_a_tunnel_that_begins_in_a_body_is_refused() -> None:
    with proxied(gate=policy("deny network:host"), serve=buildkit) as there, there.connect() as client:
        body = frame(4)
        client.sendall(OPENING.replace(b"Content-Length: 0", b"Content-Length: %d" % len(body)) + body)
        client.shutdown(socket.SHUT_WR)
        found = receive_all(client)
    assert found.startswith(b"HTTP/1.1 403 ")
    assert not any(there.received)
