"""The apispy process as its user meets it: start, refusals, ends, and what peers see of it. No dockerd is needed."""

import base64
import json
import os
import signal
import socket
import ssl
import stat
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from apispy.certs import open_store

from .apispy_process import Apispy, apispy_command
from .wait import until

RESET = struct.pack("ii", 1, 0)
EVENTS = b"GET /events HTTP/1.1\r\nHost: docker\r\n\r\n"
OPEN_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"


class Upstream:
    """A daemon of a test's own: one function talks with each connection."""

    def __init__(
        self, family: int, address: object, talk: Callable[[socket.socket], None], backlog: int = 50
    ) -> None:
        self.listener = socket.socket(family)
        self.listener.bind(address)  # type: ignore[arg-type]
        self.listener.listen(backlog)
        self.accepted = 0
        self._talk = talk
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self._one, args=[connection], daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        with connection:
            try:
                self._talk(connection)
            except OSError:
                pass

    @property
    def url(self) -> str:
        name = self.listener.getsockname()
        return f"unix://{name}" if isinstance(name, str) else f"tcp://127.0.0.1:{name[1]}"


Make = Callable[..., tuple[Apispy, Upstream]]


@pytest.fixture
def spied(place: Path, request: pytest.FixtureRequest) -> Iterator[Make]:
    """make(talk, *words, unix=False): an upstream and an apispy before it; both end with the test."""
    made: list[tuple[Apispy, Upstream]] = []

    def make(
        talk: Callable[[socket.socket], None], *words: str, unix: bool = False
    ) -> tuple[Apispy, Upstream]:
        where = place / f"p{abs(hash(request.node.name)) % 10**6}-{len(made)}"
        if unix:
            upstream = Upstream(socket.AF_UNIX, f"{where}.up", talk)
            listen = ["--listen", f"unix://{where}/s"]
        else:
            upstream = Upstream(socket.AF_INET, ("127.0.0.1", 0), talk)
            listen = ["--listen", "127.0.0.1:0"] + ([] if "--certs-dir" in words else ["--listen-plaintext"])
        made.append((Apispy.start(where, *listen, "--upstream", upstream.url, *words), upstream))
        return made[-1]

    yield make
    for spy, upstream in made:
        spy.kill()
        upstream.listener.close()


def version_or(talk: Callable[[socket.socket], None]) -> Callable[[socket.socket], None]:
    """Refuse apispy's own question for the version, so that *talk* meets the client only."""

    def both(connection: socket.socket) -> None:
        if connection.recv(12, socket.MSG_PEEK).startswith(b"GET /version"):
            connection.sendall(b"HTTP/1.0 404 Not Found\r\n\r\n")
        else:
            talk(connection)

    return both


def read_all(connection: socket.socket) -> bytes:
    connection.settimeout(20)
    pieces = []
    while piece := connection.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


def dial(spy: Apispy) -> socket.socket:
    return spy.at.plain_socket(20)


def echo_after_eof(connection: socket.socket) -> None:
    connection.sendall(b"got:" + read_all(connection))


def endless(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(OPEN_ANSWER + b"3\r\n{}\n\r\n")
    connection.recv(1)


def refused_start(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*apispy_command(), *words], capture_output=True, text=True, timeout=30, check=False
    )


# -- bytes and ends --


@pytest.mark.parametrize("unix", [False, True])
def test_garbage_passes_verbatim_both_ways_and_is_said_to_be_unreadable(spied: Make, unix: bool) -> None:
    spy, _ = spied(version_or(echo_after_eof), unix=unix)
    garbage = bytes(range(256)) * 300
    with dial(spy) as client:
        client.sendall(garbage)
        client.shutdown(socket.SHUT_WR)
        assert read_all(client) == b"got:" + garbage
    until(lambda: "stops decoding" in spy.out, 10, "the notice")


def test_what_came_before_a_reset_arrives_and_so_does_the_reset(spied: Make) -> None:
    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"partial")
        connection.recv(1)  # the client has read it
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)

    spy, _ = spied(version_or(talk))
    with dial(spy) as client:
        client.sendall(EVENTS)
        assert client.recv(7, socket.MSG_WAITALL) == b"partial"
        client.sendall(b"x")
        with pytest.raises(ConnectionResetError):
            client.recv(1)


@pytest.mark.parametrize("half_closed", [False, True])
def test_a_client_that_goes_away_ends_the_daemons_side_at_once(spied: Make, half_closed: bool) -> None:
    gone = threading.Event()

    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(OPEN_ANSWER)
        if half_closed:
            assert connection.recv(1) == b""
            connection.sendall(b"3\r\n{}\n\r\n")
        import select

        poll = select.poll()
        poll.register(connection, 0 if half_closed else select.POLLIN)  # 0: only a hang-up counts
        if poll.poll(20_000):
            gone.set()

    spy, _ = spied(version_or(talk), unix=True)
    client = dial(spy)
    client.sendall(EVENTS)
    client.recv(len(OPEN_ANSWER), socket.MSG_WAITALL)
    if half_closed:
        client.shutdown(socket.SHUT_WR)
        client.recv(1)
    client.close()
    assert gone.wait(5)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_in_time_and_shows_what_was_seen(spied: Make, number: int) -> None:
    spy, _ = spied(version_or(endless))
    with dial(spy) as client:
        client.sendall(EVENTS)
        client.recv(len(OPEN_ANSWER) + 8, socket.MSG_WAITALL)
        until(lambda: "SystemEvents" in spy.out, 10, "the call's first line")
        assert spy.end(number, timeout=2) == 0
    assert "calls  errors" in spy.out
    assert spy.out.count("SystemEvents") >= 3  # its beginning, its end, its row in the summary


# -- daemons that are not there --


def test_a_daemon_that_is_down_is_a_502_with_the_reason_and_may_come_back(place: Path) -> None:
    where = place / "down"
    spy = Apispy.start(where, "--listen", f"unix://{where}/s", "--upstream", f"unix://{where}.up")
    try:
        assert "no such socket" in spy.err
        for method in (b"GET", b"HEAD"):
            with dial(spy) as client:
                client.sendall(method + b" /_ping HTTP/1.1\r\nHost: docker\r\n\r\n")
                head, _, body = read_all(client).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 502 ")
            if method == b"GET":
                assert json.loads(body)["message"].startswith("apispy: Daemon at unix://")
            else:
                assert body == b""
        up = Upstream(socket.AF_UNIX, f"{where}.up", echo_after_eof)
        with dial(spy) as client:
            client.sendall(b"hello")
            client.shutdown(socket.SHUT_WR)
            assert read_all(client) == b"got:hello"
        up.listener.close()
    finally:
        spy.kill()


def fake_ssh(place: Path, name: str, script: str) -> dict[str, str]:
    folder = place / name
    folder.mkdir()
    (folder / "ssh").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "ssh").chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


def test_ssh_carries_half_closes(place: Path) -> None:
    up = Upstream(socket.AF_UNIX, f"{place}/ssh.up", version_or(echo_after_eof))
    env = fake_ssh(
        place, "ssh-good", f'echo "$@" >{place}/ssh.args; exec socat -t 20 - UNIX-CONNECT:{place}/ssh.up'
    )
    where = place / "ssh1"
    spy = Apispy.start(where, "--listen", f"unix://{where}/s", "--upstream", "ssh://me@far:222", env=env)
    try:
        with dial(spy) as client:
            client.sendall(b"over ssh")
            client.shutdown(socket.SHUT_WR)
            assert read_all(client) == b"got:over ssh"
        words = (place / "ssh.args").read_text()
        assert words == "-o ConnectTimeout=30 -T -l me -p 222 -- far docker system dial-stdio\n"
    finally:
        spy.kill()
        up.listener.close()


def test_what_ssh_says_reaches_the_client(place: Path) -> None:
    env = fake_ssh(place, "ssh-bad", "echo 'Permission denied (publickey).' >&2; exit 255")
    where = place / "ssh2"
    spy = Apispy.start(where, "--listen", f"unix://{where}/s", "--upstream", "ssh://far", env=env)
    try:
        with dial(spy) as client:
            client.sendall(b"GET /info HTTP/1.1\r\nHost: docker\r\n\r\n")
            answer = read_all(client)
        assert b" 502 " in answer
        assert b"Permission denied (publickey)." in answer
    finally:
        spy.kill()


# -- listening --


def test_a_unix_socket_is_private_not_stolen_replaced_when_stale_and_removed(place: Path) -> None:
    path, old = place / "own.sock", os.umask(0)
    try:
        spy = Apispy.start(place / "own", "--listen", f"unix://{path}", "--upstream", "unix:///nosuch")
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    second = refused_start("--listen", f"unix://{path}")
    assert (second.returncode, second.stdout) == (1, "")
    assert f"cannot listen on {path}: something listens there already" in second.stderr
    spy.process.kill()  # leaves a stale socket
    spy.process.wait()
    assert path.exists()
    spy = Apispy.start(place / "own2", "--listen", f"unix://{path}", "--upstream", "unix:///nosuch")
    assert spy.end() == 0
    assert not path.exists()
    path.write_text("precious")
    assert "is not a socket" in refused_start("--listen", f"unix://{path}").stderr
    assert path.read_text() == "precious"


def tls_client(
    certs: Path | None, ca: Path, pair: tuple[str, str] = ("cert.pem", "key.pem")
) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(ca / "ca.pem"))
    if certs is not None:
        context.load_cert_chain(certs / pair[0], certs / pair[1])
    return context


def test_a_tls_listener_admits_only_clients_of_its_own_ca(spied: Make, place: Path) -> None:
    certs, stranger = place / "mine", place / "stranger"
    open_store(certs).server_for([])
    open_store(stranger)
    spy, upstream = spied(version_or(echo_after_eof), "--certs-dir", str(certs))
    until(lambda: upstream.accepted == 1, 10, "apispy to ask for the version")
    attempts = {
        "it sent no client certificate": tls_client(None, certs),
        "not signed by apispy's CA": tls_client(stranger, certs),
        "not a client certificate": tls_client(certs, certs, ("server.pem", "server-key.pem")),
    }
    for why, context in attempts.items():
        with (
            dial(spy) as plain,
            pytest.raises(ssl.SSLError),
            context.wrap_socket(plain, server_hostname="127.0.0.1") as s,
        ):
            s.recv(1)  # TLS 1.3 tells a client only now
        until(lambda why=why: why in spy.out, 10, f"{why!r} in {spy.out!r}")
    with dial(spy) as client:
        client.sendall(b"GET /_ping HTTP/1.1\r\nHost: docker\r\n\r\n")
        answer = read_all(client)
    assert answer == b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"
    assert upstream.accepted == 1, "the daemon was dialled for a client that was turned away"
    context = tls_client(certs, certs)
    with (
        dial(spy) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1", suppress_ragged_eofs=False) as s,
    ):
        s.sendall(b"x")
        until(lambda: upstream.accepted == 2, 10, "the daemon to be dialled for a good client")


def test_the_end_of_a_tls_stream_is_a_close_notify(spied: Make, place: Path) -> None:
    certs = place / "notify"
    open_store(certs).server_for([])
    spy, _ = spied(version_or(lambda up: up.sendall(up.recv(5))), "--certs-dir", str(certs))
    context = tls_client(certs, certs)
    with (
        dial(spy) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1", suppress_ragged_eofs=False) as s,
    ):
        s.sendall(b"hello")
        assert s.recv(5) == b"hello"
        assert s.recv(1) == b""  # a bare FIN would raise SSLEOFError


def test_a_daemons_certificate_that_is_not_accepted_says_which_check_failed(place: Path) -> None:
    daemon, other = place / "daemon-certs", place / "other-certs"
    files = open_store(daemon).server_for([])
    open_store(other)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(files.cert, files.key)

    def talk(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as s:
            s.recv(1)

    up, where = Upstream(socket.AF_INET, ("127.0.0.1", 0), talk), place / "wrong-ca"
    tls = ["--tlsverify", "--tlscacert", f"{other}/ca.pem"]
    spy = Apispy.start(where, "--listen", f"unix://{where}/s", "--upstream", up.url, *tls)
    try:
        assert "was not signed by a CA in" in spy.err
        with dial(spy) as client:
            client.sendall(b"GET /info HTTP/1.1\r\nHost: docker\r\n\r\n")
            answer = read_all(client)
        assert b" 502 " in answer
        assert b"was not signed by a CA in" in answer
    finally:
        spy.kill()
        up.listener.close()


# -- secrets --


@pytest.mark.parametrize("words", [["-vvv"], ["--json", "-vv"], [], ["-q"], ["-vvv", "--show-secrets"]])
def test_secrets_are_not_shown_unless_asked_for(spied: Make, words: list[str]) -> None:
    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(
            b'HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{"IdentityToken": "hush-3"}'
        )

    spy, _ = spied(version_or(talk), *words)
    auth = base64.urlsafe_b64encode(b'{"password": "hush-2"}')
    body = b'{"username": "me", "password": "hush-1"}'
    for head in (b"POST /v1.41/auth", b"POST /v1.41/images/create?fromImage=x"):
        with dial(spy) as client:
            client.sendall(
                head + b" HTTP/1.0\r\nContent-Type: application/json\r\nX-Registry-Auth: " + auth
                + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body
            )  # fmt: skip
            read_all(client)
    assert spy.end() == 0
    planted = ["hush-1", "hush-2", "hush-3", auth.decode()]
    if "/auth" in spy.out or "-q" in words:
        shown = [secret for secret in planted if secret in spy.output]
    if "--show-secrets" in words:
        assert "hush-1" in shown
    else:
        assert "hush-2" not in shown
        assert auth.decode() not in shown
        assert "hush-3" not in spy.output.split("images/create")[0]
        assert "hush-1" not in spy.output.split("images/create")[0]


# -- endurance --


def test_bodies_of_a_gigabyte_take_no_memory(spied: Make) -> None:
    size, piece = 1 << 30, bytes(1 << 20)
    taken = 0

    def talk(connection: socket.socket) -> None:
        nonlocal taken
        question = connection.recv(65536)
        if question.startswith(b"POST"):
            taken = len(question.partition(b"\r\n\r\n")[2])
            while taken < size:
                taken += len(connection.recv(1 << 20))
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            return
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(size // len(piece)):
            connection.sendall(piece)

    spy, _ = spied(version_or(talk))
    idle = spy.memory()
    spy.reset_peak()
    with dial(spy) as client:
        client.sendall(b"GET /images/get HTTP/1.1\r\nHost: docker\r\n\r\n")
        first = client.recv(100)
        until(lambda: spy.memory() >= 0, 1, "a sample")  # the reader does not read on yet: buffers fill
        rest = 0
        while rest + len(first) < size:
            rest += len(client.recv(1 << 20))
    with dial(spy) as client:
        client.sendall(b"POST /images/load HTTP/1.1\r\nHost: docker\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(size // len(piece)):
            client.sendall(piece)
        assert client.recv(15) == b"HTTP/1.1 200 OK"
    assert spy.memory("VmHWM") - idle < 40 << 20
