"""What apispy promises when things go wrong around it (docs/reliability.md), as far as no other file has it."""

import os
import resource
import shutil
import signal
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import product
from pathlib import Path

import pytest

from apispy.capture import read
from apispy.certs import open_store
from tests.machine_speed import slowdown

from .apispy_process import Apispy
from .channels import RESET
from .daemon import Authority
from .endpoints import Endpoint
from .options import endpoint_options, listen_options
from .test_idle import fake_clock
from .test_process import EVENTS, OPEN_ANSWER, Upstream, endless, fake_ssh, read_all, version_or
from .wait import until

PING = b"GET /_ping HTTP/1.1\r\nHost: docker\r\n\r\n"
PONG = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"
CHUNK = b"3\r\n{}\n\r\n"


def pings(connection: socket.socket) -> None:
    """Answers requests without a body: /events with the beginning of a stream, /flood with one that never ends, others
    with PONG; and a "?" as well."""
    asked = b""
    while data := connection.recv(65536):
        asked += data
        if not asked.endswith((b"\r\n\r\n", b"?")):
            continue
        if asked.startswith(b"GET /events"):
            connection.sendall(OPEN_ANSWER + CHUNK)
        elif asked.startswith(b"GET /flood"):
            flood(connection)
        else:
            connection.sendall(PONG)
        asked = b""


def flood(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(bytes(1 << 20))


@pytest.fixture
def daemon() -> Iterator[Upstream]:
    made = Upstream(socket.AF_INET, ("127.0.0.1", 0), version_or(pings), backlog=2000)
    yield made
    made.listener.close()


def ping(endpoint: Endpoint) -> bytes:
    with endpoint.socket(10) as client:
        client.sendall(PING)
        return client.recv(len(PONG), socket.MSG_WAITALL if endpoint.certs is None else 0)


def cpu(spy: Apispy) -> float:
    """Seconds of processor that it has used."""
    fields = Path(f"/proc/{spy.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# -- certificates and clocks --


def test_a_clock_that_jumps_ends_nothing_and_an_expired_client_is_told(place: Path, daemon: Upstream) -> None:
    where = place / "clock"
    offset = place / "offset"
    offset.write_text("+0")
    words = [*listen_options("tls", where), "--upstream", daemon.url, "--capture", f"{where}/calls.jsonl"]
    spy = Apispy.start(where, *words, env=fake_clock(offset))
    try:
        with spy.at.socket() as stream:
            stream.sendall(EVENTS)
            assert stream.recv(len(OPEN_ANSWER + CHUNK)).startswith(OPEN_ANSWER)
            offset.write_text("+20y")  # beyond every certificate's end
            with pytest.raises(ssl.SSLError, match="expired"):
                ping(spy.at)
            until(lambda: "its client certificate has expired" in spy.out, 10, "the notice")
            stream.sendall(b"?")
            assert stream.recv(len(PONG)) == PONG
            offset.write_text("-1h")
            until(lambda: ping(spy.at) == PONG, 10, "a good client to get in")
        assert spy.end() == 0
        times = [call.started for call in read(where / "calls.jsonl")]
        assert len(times) == 2
        assert all(call.duration >= 0 for call in read(where / "calls.jsonl"))
    finally:
        spy.kill()


def test_a_daemons_certificate_that_is_replaced(place: Path) -> None:
    """By one of the same CA: nobody notices. By one of another: new calls get a 502 that says so, until it is right again."""
    authority, other = Authority.make("first"), Authority.make("other")
    client = authority.issue(place / "replaced-client", server=False)
    certs = {name: issuer.issue(place / f"replaced-{name}", server=True)
             for name, issuer in (("old", authority), ("new", authority), ("wrong", other))}  # fmt: skip
    shown = "old"

    def talk(connection: socket.socket) -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certs[shown] / "cert.pem", certs[shown] / "key.pem")
        with context.wrap_socket(connection, server_side=True) as secured:
            pings(secured)

    up = Upstream(socket.AF_INET, ("127.0.0.1", 0), talk)
    where = place / "replaced"
    spy = Apispy.start(where, *listen_options("unix", where), *endpoint_options(Endpoint(up.url, client)))
    try:
        with spy.at.socket() as kept:
            kept.sendall(PING)
            assert kept.recv(len(PONG), socket.MSG_WAITALL) == PONG
            shown = "new"
            assert ping(spy.at) == PONG
            shown = "wrong"
            with spy.at.socket() as refused:
                refused.sendall(PING)
                answer = read_all(refused)
            assert b" 502 " in answer
            assert b"was not signed by a CA in" in answer
            kept.sendall(PING)
            assert kept.recv(len(PONG), socket.MSG_WAITALL) == PONG
        shown = "new"
        assert ping(spy.at) == PONG
        assert spy.end() == 0
    finally:
        spy.kill()
        up.listener.close()


def test_its_own_certificates_that_are_replaced(place: Path, daemon: Upstream) -> None:
    """It goes on with those that it started with; the next start has the new ones."""
    where, old = place / "replaced-own", place / "replaced-own-old"
    spy = Apispy.start(where, *listen_options("tls", where), "--upstream", daemon.url)
    again = None
    try:
        shutil.copytree(where / "certs", old)
        with spy.at.socket() as kept:
            kept.sendall(PING)
            assert kept.recv(len(PONG)) == PONG
            shutil.rmtree(where / "certs")
            open_store(where / "certs").server_for()
            kept.sendall(PING)
            assert kept.recv(len(PONG)) == PONG
        assert ping(Endpoint(spy.at.host, old)) == PONG
        with pytest.raises(ssl.SSLError, match="verify failed"):
            ping(Endpoint(spy.at.host, where / "certs"))
        assert spy.end() == 0
        words = ["--listen", "127.0.0.1:0", "--certs-dir", f"{where}/certs", "--upstream", daemon.url]
        again = Apispy.start(place / "replaced-own-again", *words)
        assert ping(Endpoint(again.at.host, where / "certs")) == PONG
        with pytest.raises(ssl.SSLError, match="verify failed"):
            ping(Endpoint(again.at.host, old))
        assert again.end() == 0
    finally:
        spy.kill()
        if again is not None:
            again.kill()


# -- ssh --


def test_ssh_that_dies_in_mid_stream(place: Path) -> None:
    """The client sees an end at once, the call is cut, and the next call has a new ssh."""
    up = Upstream(socket.AF_UNIX, f"{place}/dying-ssh.up", version_or(endless))
    where = place / "dying-ssh"
    env = fake_ssh(
        place, "ssh-dies", f"echo $$ >>{place}/ssh.pids; exec socat -t 20 - UNIX-CONNECT:{place}/dying-ssh.up"
    )
    words = ["--listen", f"unix://{where}/s", "--upstream", "ssh://far", "--capture", f"{where}/calls.jsonl"]
    spy = Apispy.start(where, *words, env=env)
    try:
        for number in range(2):
            before = len((place / "ssh.pids").read_text().split())
            with spy.at.socket() as client:
                client.sendall(EVENTS)
                size = len(OPEN_ANSWER + CHUNK)
                assert client.recv(size, socket.MSG_WAITALL).endswith(CHUNK)
                pids = (place / "ssh.pids").read_text().split()
                assert len(pids) == before + 1
                os.kill(int(pids[-1]), signal.SIGKILL)
                began = time.monotonic()
                assert read_all(client) == b""
                assert time.monotonic() - began < 3, number
        assert spy.end() == 0
        calls = list(read(where / "calls.jsonl"))
        assert [call.end for call in calls] == ["cut", "cut"]
    finally:
        spy.kill()
        up.listener.close()


# -- many, slow and deaf clients --


def test_a_thousand_idle_connections(place: Path, daemon: Upstream) -> None:
    """With the usual limit of 1,024 descriptors, which apispy raises as far as it may: each client takes two."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # the test has both ends of all of them
    where = place / "idle"
    spy = Apispy.start(
        where,
        *listen_options("tcp", where),
        "--upstream",
        daemon.url,
        "-q",
        limits={resource.RLIMIT_NOFILE: (1024, 8192)},
    )
    try:
        idle = spy.memory()
        with ExitStack() as clients:
            for _ in range(1000):
                client = clients.enter_context(spy.at.plain_socket())
                client.sendall(PING)
                assert client.recv(len(PONG), socket.MSG_WAITALL) == PONG
            used, began = cpu(spy), time.monotonic()
            assert ping(spy.at) == PONG
            until(lambda: time.monotonic() - began > 1, 5, "a second of idling", every=0.1)
            assert cpu(spy) - used < 0.3
            assert (spy.memory() - idle) / 1000 < 100_000
        until(lambda: len(os.listdir(f"/proc/{spy.pid}/fd")) < 20, 10, "all to be closed")
        assert spy.end() == 0
    finally:
        spy.kill()


def test_without_descriptors_it_waits_does_not_spin_and_goes_on(place: Path, daemon: Upstream) -> None:
    where = place / "full"
    spy = Apispy.start(
        where,
        *listen_options("tcp", where),
        "--upstream",
        daemon.url,
        limits={resource.RLIMIT_NOFILE: (64, 64)},
    )
    try:
        with ExitStack() as clients:
            for _ in range(60):
                clients.enter_context(spy.at.plain_socket()).sendall(PING)
            until(lambda: "too many" in spy.output.lower(), 10, "apispy to say so")
            used, began = cpu(spy), time.monotonic()
            until(lambda: time.monotonic() - began > 2, 5, "two seconds of that", every=0.1)
            assert cpu(spy) - used < min(0.5 * slowdown(), 1.6), "it spins"  # spinning takes 2 s
            assert spy.output.lower().count("too many") < 200
        until(lambda: ping(spy.at) == PONG, 10, "the next client to be served")
        assert "Traceback" not in spy.output
        assert spy.end() == 0
    finally:
        spy.kill()


@pytest.fixture(scope="module")
def shared(place: Path) -> Iterator[Apispy]:
    """One for the tests whose clients are slow: each must leave it as it was."""
    up = Upstream(socket.AF_INET, ("127.0.0.1", 0), version_or(pings), backlog=300)
    where = place / "shared"
    spy = Apispy.start(where, *listen_options("tcp", where), "--upstream", up.url)
    yield spy
    assert spy.end() == 0
    assert "Traceback" not in spy.output
    up.listener.close()


def nothing_is_left(spy: Apispy) -> None:
    until(lambda: len(os.listdir(f"/proc/{spy.pid}/fd")) < 20, 10, "all to be closed")


def test_slow_and_endless_heads_hold_up_nobody(shared: Apispy) -> None:
    """Slowloris: apispy passes on each byte; how long a head may take is the daemon's to say, as directly."""
    idle = shared.memory()
    with ExitStack() as clients:
        slow = [clients.enter_context(shared.at.plain_socket()) for _ in range(200)]
        for byte in b"GET /_ping HTTP/1.1\r\nX-Slow: aaaaaaaaaa":
            for client in slow:
                client.sendall(bytes([byte]))
        assert ping(shared.at) == PONG
        for client in slow[:20]:
            client.sendall(b"h" * 2_000_000)  # and some that never end
        until(lambda: shared.out.count("stops decoding") == 20, 20, "apispy to give up reading")
        assert ping(shared.at) == PONG
        assert shared.memory() - idle < 60_000_000
    nothing_is_left(shared)


def test_a_client_that_never_reads_holds_the_daemon_and_no_memory(shared: Apispy) -> None:
    idle = shared.memory()
    with ExitStack() as clients:
        for _ in range(10):
            client = clients.enter_context(shared.at.plain_socket())
            client.sendall(b"GET /flood HTTP/1.1\r\nHost: docker\r\n\r\n")
        samples = [(time.monotonic(), cpu(shared))]

        def rests() -> bool:
            samples.append((time.monotonic(), cpu(shared)))
            seconds, used = (after - before for before, after in zip(*samples[-2:], strict=True))
            return seconds > 0.4 and used < 0.1 * seconds  # spinning takes nearly all of it

        until(rests, 20, "the buffers to be full, and apispy to rest", every=0.5)
        assert ping(shared.at) == PONG
        until(rests, 5, "rest after another call", every=0.5)
        assert shared.memory() - idle < 40_000_000
    nothing_is_left(shared)


# -- dying in the handshake --


def test_a_client_that_dies_in_the_tls_handshake(place: Path, daemon: Upstream) -> None:
    """The daemon is not dialled for it, and nothing is kept of it."""
    where = place / "handshake"
    spy = Apispy.start(where, *listen_options("tls", where), "--upstream", daemon.url)
    try:
        until(lambda: daemon.accepted == 1, 10, "apispy's own question")
        rest = len(os.listdir(f"/proc/{spy.pid}/fd"))
        hello = client_hello()
        for size in (0, 1, 5, len(hello) // 2, len(hello)):
            for reset in (False, True):
                with spy.at.plain_socket() as client:
                    client.sendall(hello[:size])
                    if reset:
                        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        assert ping(spy.at) == PONG
        until(lambda: len(os.listdir(f"/proc/{spy.pid}/fd")) <= rest, 10, "all to be closed")
        assert daemon.accepted == 2
        assert "Traceback" not in spy.output
        assert spy.end() == 0
    finally:
        spy.kill()


def client_hello() -> bytes:
    out = ssl.MemoryBIO()
    tls = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), out, server_hostname="127.0.0.1")
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    return out.read()


WORDS = {
    "nothing": b"",
    "half a hello": b"\x16\x03\x03\x00\x7a\x02",
    "plaintext": b"HTTP/1.0 400 Bad Request\r\n\r\n",
}


def test_a_daemon_that_dies_in_the_tls_handshake_is_a_502(place: Path) -> None:
    """Directly it would be an error of the handshake; here the client has one with apispy already, or needs none."""
    says, reset = b"", False

    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(says)
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)

    certs = Authority.make("handshake").issue(place / "handshake-certs", server=False)
    up = Upstream(socket.AF_INET, ("127.0.0.1", 0), talk)
    where = place / "daemon-handshake"
    spy = Apispy.start(where, *listen_options("tcp", where), *endpoint_options(Endpoint(up.url, certs)))
    try:
        for name, reset in product(WORDS, (False, True)):
            says = WORDS[name]
            with spy.at.plain_socket() as client:
                client.sendall(PING)
                answer = read_all(client)
            assert answer.startswith(b"HTTP/1.1 502 "), (name, reset)
            assert b"apispy: Daemon at" in answer
        nothing_is_left(spy)
        assert spy.end() == 0
    finally:
        spy.kill()
        up.listener.close()
