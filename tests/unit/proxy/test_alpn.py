"""Under TLS, apispy's listener selects what the daemon would select."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection

from apispy.certs import ServerFiles, open_store
from apispy.endpoints import TLS, Endpoint
from apispy.proxy.daemon_protocols import LIFETIME, DaemonProtocols
from apispy.proxy.tls_layers import alpn_offers
from tests.h2_peer import EchoServer, receive_responses
from tests.unit.proxy.served import TIMEOUT, Proxied, daemon, proxied, receive_all, respond_with_path


class Files:
    """The certificates of a daemon, of apispy's listener, and of a client of either."""

    def __init__(self, folder: Path) -> None:
        store = open_store(folder)
        self.server: ServerFiles = store.server_for()
        self.client = TLS(True, *(store.directory / f"{name}.pem" for name in ("ca", "cert", "key")))

    def client_context(self, *offered: str) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.client.ca))
        context.load_cert_chain(str(self.client.cert), str(self.client.key))
        context.set_alpn_protocols(list(offered))
        return context

    def server_context(self, *offered: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(str(self.server.cert), str(self.server.key))
        context.load_verify_locations(str(self.server.ca))
        context.verify_mode = ssl.CERT_REQUIRED
        context.set_alpn_protocols(list(offered))
        return context


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files(tmp_path_factory.mktemp("certs"))


class Daemon:
    """A daemon under TLS that offers some protocols; ``handshakes`` has what it selected, in order."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.handshakes: list[str | None] = []
        self._context = context

    def serve(self, connection: socket.socket, received: bytearray) -> None:
        with self._context.wrap_socket(connection, server_side=True) as secured:
            self.handshakes.append(secured.selected_alpn_protocol())
            if self.handshakes[-1] == "h2":
                EchoServer().serve(secured, received)
            else:
                respond_with_path(secured, received)


@contextmanager
def connected(there: Proxied, context: ssl.SSLContext) -> Iterator[ssl.SSLSocket]:
    with (
        socket.create_connection(("127.0.0.1", there.where.port), TIMEOUT) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
    ):
        yield secured


def ask(secured: ssl.SSLSocket) -> None:
    """Make a call in the selected protocol, and end the connection."""
    if secured.selected_alpn_protocol() == "h2":
        peer = H2Connection(H2Configuration(client_side=True))
        peer.initiate_connection()
        fields = [(":method", "GET"), (":scheme", "https"), (":authority", "x"), (":path", "/_ping")]
        peer.send_headers(1, fields, end_stream=True)
        secured.sendall(peer.data_to_send())
        assert receive_responses(secured, peer, 1) == {1: b"GET /_ping "}
    else:
        secured.sendall(b"GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n")
        assert secured.recv(1000).startswith(b"HTTP/1.1 200 OK\r\n")


BOTH = ("h2", "http/1.1")


@pytest.mark.parametrize(
    ("offers", "speaks", "selected", "handshakes"),
    [
        (BOTH, BOTH, "h2", ["h2", "h2"]),  # the first is apispy's question
        (("h2",), BOTH, "h2", ["h2", "h2"]),
        (BOTH, ("http/1.1",), "http/1.1", ["http/1.1", None]),
        (("http/1.1",), BOTH, "http/1.1", [None]),
        ((), BOTH, None, [None]),
    ],
)
def test_the_listener_selects_what_the_daemon_would(
    files: Files,
    offers: tuple[str, ...],
    speaks: tuple[str, ...],
    selected: str | None,
    handshakes: list[str | None],
) -> None:
    there_is = Daemon(files.server_context(*speaks))
    with proxied(serve=there_is.serve, tls=files.server, upstream_tls=files.client) as there:
        with connected(there, files.client_context(*offers)) as secured:
            assert secured.selected_alpn_protocol() == selected
            ask(secured)
        with connected(there, files.client_context(*offers)) as secured:
            ask(secured)
        shown = there.shown.wait(2)
    assert there_is.handshakes == handshakes + handshakes[-1:]
    assert {one.exchange.request.version for one in shown} == {"2" if selected == "h2" else "1.1"}


def test_a_client_of_http2_alone_is_refused_if_the_daemon_would(files: Files) -> None:
    there_is = Daemon(files.server_context("http/1.1"))
    with (
        proxied(serve=there_is.serve, tls=files.server, upstream_tls=files.client) as there,
        pytest.raises(ssl.SSLError, match=r"(?i)no.application.protocol"),
        connected(there, files.client_context("h2")),
    ):
        pass
    [notice] = there.shown.notices
    assert "it does not offer HTTP/1.1 (ALPN), only h2" in notice


def test_http2_is_not_selected_while_faults_are_used_or_without_tls_to_the_daemon(files: Files) -> None:
    there_is = Daemon(files.server_context(*BOTH))
    rule = "op:ContainerStart status=409"
    with (
        proxied(rule, serve=there_is.serve, tls=files.server, upstream_tls=files.client) as there,
        connected(there, files.client_context(*BOTH)) as secured,
    ):
        assert secured.selected_alpn_protocol() == "http/1.1"
        ask(secured)
    with proxied(tls=files.server) as there, connected(there, files.client_context(*BOTH)) as secured:
        assert secured.selected_alpn_protocol() == "http/1.1"
        ask(secured)


def test_a_daemon_that_cannot_be_asked(files: Files) -> None:
    with (
        proxied(tls=files.server, upstream_tls=files.client, upstream_gone=True) as there,
        connected(there, files.client_context(*BOTH)) as secured,
    ):
        assert secured.selected_alpn_protocol() == "http/1.1"
        secured.sendall(b"GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n")
        assert receive_all(secured).startswith(b"HTTP/1.1 502 ")


def test_the_answer_is_used_for_a_minute(files: Files) -> None:
    there_is, times = Daemon(files.server_context(*BOTH)), iter([0.0, 0.0, 1.0, LIFETIME, LIFETIME])

    async def ask_three_times(port: int, connections: list[bytearray]) -> None:
        asked = DaemonProtocols(Endpoint("tcp", "127.0.0.1", port, "", "", files.client), times.__next__)
        assert await asked.speaks_http2()
        assert await asked.speaks_http2()
        assert len(connections) == 1
        assert await asked.speaks_http2()
        assert len(connections) == 2

    with daemon(there_is.serve) as (port, connections):
        asyncio.run(ask_three_times(port, connections))


def hello(*offered: str) -> bytes:
    """Return a ClientHello, in one record."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(list(offered))
    outgoing = ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="docker").do_handshake()
    return outgoing.read()


def test_what_a_client_offers() -> None:
    whole = hello(*BOTH)
    assert alpn_offers(whole) == [b"h2", b"http/1.1"]
    assert [alpn_offers(whole[:size]) for size in range(len(whole))] == [None] * len(whole)
    assert alpn_offers(hello("http/1.1")) == []
    assert alpn_offers(hello()) == []
    for broken in (b"GET / HTTP/1.1", b"\x16GET", b"\x16GET /", whole[:5] + b"\x02h2" * 200):
        assert alpn_offers(broken) == []
