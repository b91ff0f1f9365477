"""Real servers on loopback, each wrong in one way, and what is said about it; no sleeps."""

import json
import os
import socket
import ssl
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socketserver import UnixStreamServer

import pytest

from apispy.certs import ServerFiles, Store, open_store
from apispy.certs.ca import cert_pem
from apispy.certs.issue import issue_server, san
from apispy.certs.read import read_key
from apispy.endpoints import (
    TLS,
    Daemon,
    Endpoint,
    connect,
    diagnose,
    probe,
    ssh_command,
    ssh_socket,
    ssh_stderr,
    tls_context,
)
from apispy.endpoints.diagnosis import Http2Only
from apispy.errors import ApispyError
from tests.servers import DOCKER, VersionHandler, http_server, raw_server, serving

PODMAN = {**DOCKER, "Version": "4.3.1", "Components": [{"Name": "Podman Engine", "Version": "4.3.1"}]}
SETTINGS = b"\0\0\6\4\0\0\0\0\0" + b"\0\3\0\0\0\x64"
ACK = b"\0\0\0\4\1\0\0\0\0"
GOAWAY = b"\0\0\x08\7\0\0\0\0\0" + b"\0\0\0\0" + b"\0\0\0\1"
FOUND = Daemon("28.2.2", "1.50", "1.24", "linux", "amd64")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / "certs")


def server_context(files: ServerFiles, mutual: bool = True) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.cert, files.key)
    if mutual:
        context.load_verify_locations(files.ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def endpoint(port: int, tls: TLS | None = None, host: str = "127.0.0.1") -> Endpoint:
    return Endpoint("tcp", host, port, "", "", tls)


def unix(path: Path) -> Endpoint:
    return Endpoint("unix", "", 0, str(path), "", None)


def tls_of(store: Store, *, verify: bool = True, cert: bool = True) -> TLS:
    return TLS(verify, store.ca, store.cert if cert else None, store.key if cert else None)


def message(where: Endpoint, timeout: float = 5.0) -> str:
    """What ``probe`` says when it fails: always with the address, and ending in something to do."""
    with pytest.raises(ApispyError) as caught:
        probe(where, timeout)
    text = str(caught.value)
    assert text.startswith(f"Daemon at {where}: ")
    assert text.endswith(".")
    return text


def test_tcp() -> None:
    with http_server() as port:
        assert probe(endpoint(port)) == FOUND
        assert probe(endpoint(port, host="localhost")) == FOUND


def test_podman_and_a_daemon_that_says_little() -> None:
    with http_server(PODMAN) as port:
        assert probe(endpoint(port)).version == "4.3.1"
    with http_server({"Version": "1.6.0", "ApiVersion": "1.18"}) as port:
        assert probe(endpoint(port)) == Daemon("1.6.0", "1.18", "", "", "")


def test_unix(tmp_path: Path) -> None:
    path = tmp_path / "d.sock"
    with serving(UnixStreamServer(str(path), VersionHandler), (200, json.dumps(DOCKER).encode())):
        assert probe(unix(path)) == FOUND
    assert "connection refused" in message(unix(path))  # the file is still there, nobody listens
    assert "no such socket" in message(unix(tmp_path / "other.sock"))
    assert "path too long" in message(unix(tmp_path / ("x" * 200)))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open any socket")
def test_permission_denied(tmp_path: Path) -> None:
    path = tmp_path / "d.sock"
    with serving(UnixStreamServer(str(path), VersionHandler), (200, b"")):
        path.chmod(0)
        assert "usermod -aG docker" in message(unix(path))


@pytest.mark.parametrize(
    ("where", "error", "part"),
    [
        (unix(Path("/d.sock")), PermissionError(13, "Permission denied"), "sudo usermod -aG docker $USER"),
        (endpoint(1), TimeoutError("timed out"), "no response in time"),
        (endpoint(1), ConnectionResetError(104, "Connection reset by peer"), "dropped the connection"),
        (endpoint(1), OSError(113, "No route to host"), "No route to host"),
    ],
)
def test_words_for_what_cannot_be_provoked_here(where: Endpoint, error: OSError, part: str) -> None:
    assert part in str(diagnose(where, error))


def test_refused_and_unknown_names() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    assert "connection refused" in message(endpoint(port))
    assert "name lookup failed" in message(endpoint(1, host="no-such-host.invalid"))
    assert "name lookup failed" in message(endpoint(1, host="a" * 70))


def test_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert "no response in time" in message(endpoint(silent.getsockname()[1]), timeout=0.05)


@pytest.mark.parametrize(
    ("answer", "status", "part"),
    [
        (b"<html>hello</html>", 200, "not a Docker daemon: GET /version returned 200 and '<html>hello"),
        ([1], 200, "not a Docker daemon"),
        ({"version": "v1.30", "gitVersion": "k8s"}, 200, "not a Docker daemon"),
        (b"404 page not found", 404, "returned 404 and '404 page"),
        ({"message": "not allowed by policy"}, 403, "refused: 403, not allowed by policy"),
        ({"message": "\x1b[2Jno\nway"}, 403, r"refused: 403, \x1b[2Jno; way"),
        (b"[" * 500_000, 200, "not a Docker daemon"),
        (
            b"Client sent an HTTP request to an HTTPS server.\n",
            400,
            "it speaks TLS, but the connection was made without TLS",
        ),
    ],
)
def test_answers_of_others(answer: object, status: int, part: str) -> None:
    with http_server(answer, status) as port:
        assert part in message(endpoint(port))


@pytest.mark.parametrize(
    ("answer", "part"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "not a Docker daemon: it responded 'SSH-2.0"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "it speaks TLS, but the connection was made without TLS"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nx", "not a Docker daemon"),
        (b"", "closed the connection without a response"),
        (SETTINGS, "it speaks HTTP/2 from the first byte, and no HTTP/1.1. Check the address"),
        (SETTINGS + ACK + GOAWAY, "no HTTP/1.1 (it ended the connection with GOAWAY PROTOCOL_ERROR)."),
        (SETTINGS + GOAWAY[:-1] + b"\x63", "(it ended the connection with GOAWAY error 99)."),
        (SETTINGS + b"\n", "it speaks HTTP/2"),
        (b"\x00\x9b31m\x1b]0;x\x07\n", "not a Docker daemon: it responded 12 bytes that are not text."),
        (b"\0\0\5\4\0\0\0\0\0hello\n", "not a Docker daemon: it responded 15 bytes that are not text."),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\x1b[2J",
            "returned 200 and 4 bytes that are not text.",
        ),
    ],
)
def test_answers_that_are_not_http(answer: bytes, part: str) -> None:
    with raw_server(answer) as port:
        assert part in message(endpoint(port))


def test_a_peer_of_http2_that_waits() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def serve() -> None:
            sock, _ = listener.accept()
            with sock:
                sock.sendall(SETTINGS)
                while sock.recv(65536):
                    pass

        thread = threading.Thread(target=serve)
        thread.start()
        assert "it speaks HTTP/2 from the first byte" in message(endpoint(port), timeout=0.3)
        thread.join()


def test_mutual_tls(store: Store) -> None:
    with http_server(context=server_context(store.server_for())) as port:
        assert probe(endpoint(port, tls_of(store))) == FOUND
        assert probe(endpoint(port, tls_of(store), "localhost")) == FOUND
        assert probe(endpoint(port, tls_of(store, verify=False))) == FOUND


def test_plain_http_to_a_tls_port(store: Store) -> None:
    with http_server(context=server_context(store.server_for())) as port:
        assert "TLS" in message(endpoint(port))


def test_tls_to_a_plain_port(store: Store) -> None:
    with http_server() as port:
        assert "does not speak TLS" in message(endpoint(port, tls_of(store)))
    with raw_server(b"") as port:
        assert "closed the connection during the handshake" in message(endpoint(port, tls_of(store)))


@contextmanager
def silent_server(store: Store, *protocols: str, waits: bool = False) -> Iterator[int]:
    """A server that selects one of the *protocols* in TLS, and closes connections or *waits* instead of a response."""
    context = server_context(store.server_for())
    context.set_alpn_protocols(list(protocols))
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for _ in range(2):  # the request, and the handshake that tells what it speaks
                sock, _ = listener.accept()
                with sock, suppress(OSError), context.wrap_socket(sock, server_side=True) as tls:
                    while tls.recv(65536) and waits:
                        pass

        listener.settimeout(10)
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


@pytest.mark.parametrize("waits", [False, True])
def test_a_peer_of_http2_under_tls(store: Store, waits: bool) -> None:
    """A server of gRPC says nothing in HTTP/1.1: what it speaks, it says by ALPN."""
    with silent_server(store, "h2", waits=waits) as port:
        with pytest.raises(Http2Only) as found:
            probe(endpoint(port, tls_of(store)), 0.3 if waits else 5)
        assert ": under TLS it selects HTTP/2 (by ALPN), and it does not respond in HTTP/1.1." in str(
            found.value
        )


def test_a_peer_that_closes_after_the_handshake(store: Store) -> None:
    with silent_server(store, "http/1.1") as port:
        text = message(endpoint(port, tls_of(store)))
    assert "it closed the connection after the TLS handshake, without a response. Check that a Docker" in text
    assert "that it accepts the client certificate" in text
    assert "speaks TLS" not in text


def test_unknown_ca(store: Store, tmp_path: Path) -> None:
    other = open_store(tmp_path / "other")
    with http_server(context=server_context(other.server_for())) as port:
        text = message(endpoint(port, tls_of(store)))
    assert f"not signed by a CA in {store.ca}" in text
    assert "--tlscacert" in text


def test_the_names_that_the_certificate_has_instead(tmp_path: Path, store: Store) -> None:
    with http_server(context=server_context(only_for(store, "build7.example.com"))) as port:
        for host in ("127.0.0.1", "localhost"):
            text = message(endpoint(port, tls_of(store), host))
            assert f"not for {host} but for build7.example.com" in text


def only_for(store: Store, host: str) -> ServerFiles:
    """A server certificate without the names that ours always have."""
    files = store.server_for()
    key = read_key(files.key, "")
    cert = issue_server(store._authority(), key, [san(host)], datetime.now(UTC))
    files.cert.write_bytes(cert_pem(cert))
    return files


def shifted(days: int) -> Callable[[], datetime]:
    return lambda: datetime.now(UTC) + timedelta(days=days)


@pytest.mark.parametrize(("days", "part"), [(-900, "has expired"), (9, "not yet valid")])
def test_dates(days: int, part: str, tmp_path: Path) -> None:
    store = open_store(tmp_path / "c", clock=shifted(min(days, 0)))
    files = Store(store.directory, shifted(days)).server_for()
    with http_server(context=server_context(files)) as port:
        text = message(endpoint(port, tls_of(store, cert=False)))
    assert part in text
    assert "the local clock says 2" in text


def test_no_client_certificate(store: Store) -> None:
    with http_server(context=server_context(store.server_for())) as port:
        text = message(endpoint(port, tls_of(store, cert=False)))
    assert "requires a client certificate" in text
    assert "--tlscert FILE --tlskey FILE" in text


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_client_certificates_that_are_refused(version: ssl.TLSVersion, store: Store, tmp_path: Path) -> None:
    other, files = open_store(tmp_path / "other"), store.server_for()
    context = server_context(files)
    context.maximum_version = version
    with http_server(context=context) as port:
        stranger = message(endpoint(port, TLS(True, store.ca, other.cert, other.key)))
        server = message(endpoint(port, TLS(True, store.ca, files.cert, files.key)))
        nobody = message(endpoint(port, tls_of(store, cert=False)))
    assert f"it refused the client certificate {other.cert}: not signed by its CA" in stranger
    assert f"the client certificate {files.cert}" in server
    assert "client" in nobody


def test_a_server_certificate_that_is_for_clients(store: Store) -> None:
    with http_server(context=server_context(ServerFiles(store.cert, store.key, store.ca))) as port:
        assert "not a server certificate" in message(endpoint(port, tls_of(store)))


def test_tls_context_is_as_strict_as_docker(store: Store) -> None:
    context = tls_context(endpoint(1, tls_of(store)))
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.check_hostname
    assert not context.hostname_checks_common_name
    assert len(context.get_ca_certs()) == 1
    assert tls_context(endpoint(1, tls_of(store, verify=False))).verify_mode == ssl.CERT_NONE
    with pytest.raises(ValueError, match="without TLS"):
        tls_context(endpoint(1))


def test_files_that_cannot_be_loaded_are_named(store: Store, tmp_path: Path) -> None:
    bad, gone = tmp_path / "bad.pem", tmp_path / "gone.pem"
    bad.write_text("no PEM")
    cases = [
        (TLS(True, bad, None, None), bad),
        (TLS(True, gone, None, None), gone),
        (TLS(True, store.ca, bad, store.key), bad),
        (TLS(True, store.ca, store.cert, gone), gone),
        (TLS(True, store.ca, store.ca, store.key), store.key),  # a key of another certificate
    ]
    for tls, named in cases:
        with pytest.raises(ApispyError, match=str(named)):
            tls_context(endpoint(1, tls))


# --- ssh: a script of that name, first on PATH, is all that it takes


@pytest.fixture
def fake_ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def install(script: str) -> None:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        ssh = folder / "ssh"
        ssh.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/args\n{script}\n')
        ssh.chmod(ssh.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)

    return install


# What ``docker system dial-stdio`` does, without docker: stdin to the socket, the socket to stdout.
DIAL = """exec python3 -c '
import socket, sys, threading, os
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
def up():
    while data := os.read(0, 65536): s.sendall(data)
    s.shutdown(socket.SHUT_WR)
threading.Thread(target=up, daemon=True).start()
while data := s.recv(65536): os.write(1, data)
' %s"""


def far(**more: object) -> Endpoint:
    return Endpoint(**{"kind": "ssh", "host": "far", "port": 0, "path": "", "user": "", "tls": None, **more})  # type: ignore[arg-type]


def test_ssh_command_is_that_of_the_docker_cli() -> None:
    base = ["ssh", "-o", "ConnectTimeout=30", "-T"]
    dial = ["system", "dial-stdio"]
    assert ssh_command(far()) == [*base, "--", "far", "docker", *dial]
    assert ssh_command(far(user="me", port=22, path="/run/d.sock")) == [
        *base, "-l", "me", "-p", "22", "--", "far", "docker", "--host=unix:///run/d.sock", *dial,
    ]  # fmt: skip
    assert "--host=unix://'/a b'" in ssh_command(far(path="/a b"))


def test_ssh(tmp_path: Path, fake_ssh: Callable[[str], None]) -> None:
    path = tmp_path / "d.sock"
    fake_ssh(DIAL % path)
    with serving(UnixStreamServer(str(path), VersionHandler), (200, json.dumps(DOCKER).encode())):
        assert probe(far(user="me"), timeout=20.0) == FOUND
        with connect(far(), 20.0) as sock:  # half-closed: the answer still comes
            sock.sendall(b"GET /version HTTP/1.0\r\n\r\n")
            sock.shutdown(socket.SHUT_WR)
            assert b"28.2.2" in b"".join(iter(lambda: sock.recv(65536), b""))
    assert (tmp_path / "args").read_text().split() == ssh_command(far())[1:]


def test_ssh_says_why_it_failed(fake_ssh: Callable[[str], None]) -> None:
    fake_ssh("echo 'me@far: Permission denied (publickey).' >&2; exit 255")
    text = message(far(), timeout=20.0)
    assert "ssh reports: me@far: Permission denied (publickey). Try" in text
    assert "ssh -o ConnectTimeout=30 -T -- far docker version" in text


def test_ssh_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert "no ssh program" in message(far())


def test_ssh_has_a_session_of_its_own_and_keeps_its_stderr(fake_ssh: Callable[[str], None]) -> None:
    fake_ssh("echo lost >&2; echo ready; exec cat")
    sock, child = ssh_socket(far())
    with sock, child:
        assert sock.recv(64) == b"ready\n"
        assert os.getsid(child.pid) == child.pid
        assert ssh_stderr(child) == "lost"
        sock.shutdown(socket.SHUT_WR)
        assert sock.recv(64) == b""
    assert ssh_stderr(child) == ""  # closed with the child
