"""HTTP/2 from the first byte through the proxy, on real sockets: verbatim, shown, or refused before it can hang."""

import socket

from h2.config import H2Configuration
from h2.connection import H2Connection

from apispy.gate import BrowserGuard
from apispy.gate.gate import NOT_HTTP2
from apispy.http2 import PREFACE
from tests.h2_peer import EchoServer, receive_responses
from tests.unit.proxy.served import Proxied, proxied, receive_all

REFUSAL = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n400 Bad Request"


def client() -> H2Connection:
    made = H2Connection(H2Configuration(client_side=True))
    made.initiate_connection()
    return made


def ask(peer: H2Connection, method: str, path: str, body: bytes = b"") -> int:
    stream = peer.get_next_available_stream_id()
    fields = [(":method", method), (":scheme", "http"), (":authority", "docker"), (":path", path)]
    peer.send_headers(stream, fields, end_stream=not body)
    if body:
        peer.send_data(stream, body, end_stream=True)
    return stream


def serve(connection: socket.socket, received: bytearray) -> None:
    EchoServer().serve(connection, received)


def talk(there: Proxied) -> bytes:
    """Make two calls at a time, and a third; return all bytes that were sent."""
    peer, sent = client(), b""
    with there.connect() as connection:
        for calls in (
            [("GET", "/v1.53/info", b""), ("POST", "/v1.53/build", b"x" * 2000)],
            [("GET", "/_ping", b"")],
        ):
            streams = [ask(peer, *call) for call in calls]
            data = peer.data_to_send()
            sent += data
            connection.sendall(data)
            bodies = receive_responses(connection, Recorded(peer, connection), len(calls))
            assert [bodies[stream] for stream in streams] == [
                f"{method} {path} ".encode() + body for method, path, body in calls
            ]
    return sent


class Recorded:
    """The receiving half of a client, whose own frames (acknowledgements) are not sent: the bytes stay comparable."""

    def __init__(self, peer: H2Connection, connection: socket.socket) -> None:
        self._peer = peer

    def receive_data(self, data: bytes) -> list[object]:
        events = self._peer.receive_data(data)
        self._peer.clear_outbound_data_buffer()
        return events

    def data_to_send(self) -> bytes:
        return b""


def test_calls_are_shown_and_the_bytes_are_the_same():
    for guard in (None, BrowserGuard()):
        with proxied(serve=serve, guard=guard) as there:
            sent = talk(there)
        assert there.received == [sent]
        assert sorted((one.call.operation.id, one.exchange.response.status) for one in there.shown.calls) == [
            ("ImageBuild", 200),
            ("SystemInfo", 200),
            ("SystemPing", 200),
        ]
        assert {one.exchange.connection for one in there.shown.calls} == {1}
        assert there.shown.notices == []


def test_an_old_daemon_refuses_quickly_and_the_line_says_so():
    def refuse(connection: socket.socket, received: bytearray) -> None:
        while not received.startswith(PREFACE):
            received += connection.recv(1000)
        connection.sendall(REFUSAL)

    with proxied(serve=refuse) as there, there.connect() as connection:
        connection.sendall(client().data_to_send())
        assert receive_all(connection) == REFUSAL
    [shown] = there.shown.calls
    assert (shown.exchange.request.method, shown.exchange.response.status) == ("PRI", 400)
    assert there.shown.notices == []


def test_faults_refuse_http2_before_a_request_passes():
    peer = client()
    ask(peer, "GET", "/v1.53/info")
    for pieces in ([peer.data_to_send()], [PREFACE[:5], PREFACE[5:]], [bytes([byte]) for byte in PREFACE]):
        with proxied("op:ContainerStart status=409", serve=serve) as there, there.connect() as connection:
            for piece in pieces:
                connection.sendall(piece)
            answer = receive_all(connection)
        assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert NOT_HTTP2.encode() in answer
        assert not any(there.received)
        first, last = there.shown.calls[0], there.shown.calls[-1]
        assert (last.exchange.request.method, last.exchange.response.status) == ("PRI", 400)
        assert first.exchange.problems[-1] == f"answered by apispy: {NOT_HTTP2}"
        assert there.shown.notices == []


def test_without_a_daemon_the_preface_is_refused_at_once():
    """A gRPC client sends no request before it has the daemon's settings: it would wait for them."""
    with proxied(serve=serve, upstream_gone=True) as there, there.connect() as connection:
        connection.sendall(client().data_to_send())
        answer = receive_all(connection)
    assert answer.startswith(b"HTTP/1.1 502 ")
    assert b"apispy: " in answer
    [shown] = there.shown.calls
    assert (shown.exchange.request.method, shown.exchange.response.status) == ("PRI", 502)
