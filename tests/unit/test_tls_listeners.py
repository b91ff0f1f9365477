"""Who may come to a TLS listener, the proxy's and a replay's: only a client with a certificate of our CA."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from h2.connection import H2Connection

from apispy.certs import ServerFiles
from apispy.endpoints import Listen
from apispy.replay import Options, PlaybackSession, Player, Replay
from apispy.sockets import listening_context
from apispy.structs import replace
from tests.certificates import CLIENT, SERVER, IssuedCert, issue_cert, make_ca
from tests.h2_peer import receive_responses
from tests.recorded_calls import call
from tests.unit.proxy.served import TIMEOUT, ok, proxied

OURS = make_ca("our CA")
INFO = b"GET /info HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n"
WHERE = Listen("tcp", "127.0.0.1", 0, "")

REFUSED: dict[str, Callable[[], IssuedCert | None]] = {
    "no certificate": lambda: None,
    "another CA": lambda: issue_cert("me", make_ca("a stranger's CA"), usages=(CLIENT,)),
    "a CA of the same name": lambda: issue_cert("me", make_ca("our CA"), usages=(CLIENT,)),
    "self-signed": lambda: issue_cert("me", usages=(CLIENT,)),
    "expired": lambda: issue_cert("me", OURS, usages=(CLIENT,), begins=-9, ends=-1),
    "not yet valid": lambda: issue_cert("me", OURS, usages=(CLIENT,), begins=1),
    "of a server": lambda: issue_cert("me", OURS, usages=(SERVER,)),
    "signed by a client": lambda: issue_cert(
        "me", issue_cert("it", OURS, usages=(CLIENT,)), usages=(CLIENT,)
    ),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> ServerFiles:
    where = tmp_path_factory.mktemp("certs")
    issue_cert("server", OURS, usages=(SERVER,)).write(where, "server.pem", "server-key.pem", OURS)
    return ServerFiles(where / "server.pem", where / "server-key.pem", where / "ca.pem")


@contextmanager
def by_the_proxy(files: ServerFiles) -> Iterator[int]:
    with proxied(tls=files) as there:
        yield there.where.port
        assert not any(there.received), "the daemon received something"


@contextmanager
def by_a_replay(files: ServerFiles) -> Iterator[int]:
    stage = PlaybackSession(Player([call(1, "GET", "/info")], Options()))
    with Replay(stage, WHERE, listening_context(files.ca, files.cert, files.key)) as replay:
        yield replay.where.port
    assert stage.player.unplayed, "the record was played"


LISTENERS = pytest.mark.parametrize("listening", [by_the_proxy, by_a_replay])


def client(files: ServerFiles, certificate: IssuedCert | None, where: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(files.ca))
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # the forged CA says nothing of its usage
    if certificate is not None:
        certificate.write(where, "cert.pem", "key.pem")
        context.load_cert_chain(where / "cert.pem", where / "key.pem")
    return context


def asked(port: int, context: ssl.SSLContext) -> bytes:
    with (
        socket.create_connection(("127.0.0.1", port), TIMEOUT) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
    ):
        secured.sendall(INFO)
        answer = b""
        while data := secured.recv(65536):  # TLS 1.3 tells a client only now that it is refused
            answer += data
        return answer


@LISTENERS
@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused(name: str, listening, files: ServerFiles, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    with listening(files) as port, pytest.raises((ssl.SSLError, ConnectionError)):
        asked(port, client(files, REFUSED[name](), tmp_path / "me"))


@LISTENERS
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "OPTIONS"])
def test_plain_http_gets_the_answer_of_a_daemon(method: str, listening, files: ServerFiles) -> None:  # type: ignore[no-untyped-def]
    """The response of Go's TLS server, word for word (net/http server.go)."""
    answer = said_in_plaintext(listening, files, INFO.replace(b"GET", method.encode()))
    assert answer == b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"


@LISTENERS
def test_other_plaintext_gets_no_answer_as_from_a_daemon(listening, files: ServerFiles) -> None:  # type: ignore[no-untyped-def]
    assert b"HTTP" not in said_in_plaintext(listening, files, b"hello, is anybody there?\r\n")


def said_in_plaintext(listening, files: ServerFiles, data: bytes) -> bytes:  # type: ignore[no-untyped-def]
    with listening(files) as port, socket.create_connection(("127.0.0.1", port), TIMEOUT) as plain:
        plain.sendall(data)
        answer = b""
        try:
            while more := plain.recv(65536):
                answer += more
        except ConnectionError:
            pass
        return answer


@LISTENERS
def test_old_versions_of_tls_are_refused(listening, files: ServerFiles, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    context = client(files, issue_cert("me", OURS, usages=(CLIENT,)), tmp_path / "me")
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with listening(files) as port, pytest.raises((ssl.SSLError, ConnectionError)):
        asked(port, context)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_certificate_of_ours_gets_in(version: ssl.TLSVersion, files: ServerFiles, tmp_path: Path) -> None:
    context = client(files, issue_cert("me", OURS, usages=(CLIENT,)), tmp_path / "me")
    context.minimum_version = context.maximum_version = version
    with proxied(tls=files, serve=lambda connection, _: connection.sendall(receive_all(connection))) as there:
        assert asked(there.where.port, context) == ok(b"hi")
    stage = PlaybackSession(Player([call(1, "GET", "/info", b"OK")], Options()))
    with Replay(stage, WHERE, listening_context(files.ca, files.cert, files.key)) as replay:
        assert asked(replay.where.port, context).endswith(b"\r\n\r\nOK")


@pytest.mark.parametrize(("version", "selected"), [("1.1", None), ("2", "h2")])
def test_a_replay_selects_http2_if_the_recording_has_it(
    version: str, selected: str | None, files: ServerFiles, tmp_path: Path
) -> None:
    context = client(files, issue_cert("me", OURS, usages=(CLIENT,)), tmp_path / "me")
    context.set_alpn_protocols(["h2", "http/1.1"])
    recorded = call(1, "GET", "/info", b"OK")
    recorded = replace(recorded, request=replace(recorded.request, version=version))
    stage = PlaybackSession(Player([recorded], Options()))
    peer = H2Connection()
    peer.initiate_connection()
    ask = [(":method", "GET"), (":scheme", "https"), (":authority", "docker"), (":path", "/info")]
    peer.send_headers(1, ask, end_stream=True)
    with (
        Replay(stage, WHERE, listening_context(files.ca, files.cert, files.key)) as replay,
        socket.create_connection(("127.0.0.1", replay.where.port), TIMEOUT) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
    ):
        assert secured.selected_alpn_protocol() == selected
        if selected:
            secured.sendall(peer.data_to_send())
            assert receive_responses(secured, peer, 1) == {1: b"OK"}
        else:
            secured.sendall(INFO)
            assert secured.recv(65536).endswith(b"\r\n\r\nOK")


def receive_all(connection: socket.socket) -> bytes:
    """What a daemon says to one request."""
    assert connection.recv(65536) == INFO
    return ok(b"hi")
