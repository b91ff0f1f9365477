"""The daemon, or the client, is killed (kill -9) at each stage of each kind of call: the other one sees what it would
have seen directly, at once; the call is in the capture once, as cut; and apispy is there for the next one.
"""

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from apispy.capture import read

from .apispy_process import Apispy
from .call_stages import STAGES, Stage
from .daemon import Authority, free_port
from .endpoints import Endpoint
from .killable_peers import PeerProcesses
from .options import endpoint_options, listen_options

PROMPT = 5.0
"""Seconds in which an end must have arrived; directly it takes a millisecond."""


@dataclass
class Pair:
    """An apispy of one *kind* of listener and daemon. The daemon is another one in each test, at the same address."""

    kind: str
    daemon: Endpoint  # as it is dialled
    certs: str  # of the daemon
    spy: Apispy
    peers: PeerProcesses
    calls: int = 0  # that should be in the capture


@pytest.fixture(scope="module", params=["unix", "tcp", "tls"])
def pair(request: pytest.FixtureRequest, place: Path) -> Iterator[Pair]:
    kind = request.param
    where = place / f"dying-{kind}"
    authority = Authority.make("dying")
    server, client = (authority.issue(place / f"dying-{kind}-{name}", server=name == "s") for name in "sc")
    daemon = {
        "unix": Endpoint(f"unix://{where}.up"),
        "tcp": Endpoint(f"tcp://127.0.0.1:{free_port()}"),
        "tls": Endpoint(f"tcp://127.0.0.1:{free_port()}", client),
    }[kind]
    spy = Apispy.start(
        where, *listen_options(kind, where), *endpoint_options(daemon), "--capture", f"{where}/calls.jsonl"
    )
    peers = PeerProcesses(place / f"dying-{kind}-peers")
    made = Pair(kind, daemon, str(server) if kind == "tls" else "", spy, peers)
    yield made
    peers.close()
    assert spy.end() == 0
    assert "Traceback" not in spy.output
    assert "an internal error in apispy" not in spy.output
    calls = list(read(where / "calls.jsonl"))
    assert len(calls) == made.calls
    assert all(
        call.end in ("left", "cut") for call in calls if not call.tunnel
    )  # two bare ends end a tunnel well


def end_of(sock: socket.socket) -> tuple[bytes, str]:
    """What still comes, and how it ends. A TLS stream's bare end is told apart from one with a close_notify."""
    sock.settimeout(PROMPT)
    data = b""
    try:
        while more := sock.recv(65536):
            data += more
    except ConnectionResetError:
        return data, "reset"
    except ssl.SSLEOFError:
        return data, "end without close_notify"
    except TimeoutError:
        return data, f"nothing for {PROMPT:g} s"
    return data, "end"


def passed_on(pair: Pair, direct: tuple[bytes, str]) -> tuple[bytes, str]:
    """A unix socket has no RST: the kernel makes one only when the one who closes has not read everything."""
    return direct[0], "end" if pair.kind == "unix" else direct[1]


def exactly(sock: socket.socket, size: int) -> None:
    while size:
        size -= len(sock.recv(size))


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name.replace(" ", "-"))
def test_a_daemon_that_is_killed(pair: Pair, stage: Stage) -> None:
    def outcome(endpoint: Endpoint) -> tuple[bytes, str]:
        daemon = pair.peers.start("daemon", pair.daemon, stage.daemon, len(stage.client), pair.certs)
        with connect(endpoint) as client:
            client.sendall(stage.client)
            daemon.expect("here")
            exactly(client, len(stage.daemon))
            if stage.unread:
                client.sendall(stage.unread)
                daemon.expect("more")
            daemon.kill()
            return end_of(client)

    direct = outcome(pair.daemon)
    pair.calls += stage.call
    assert outcome(pair.spy.at) in (direct, passed_on(pair, direct))


def connect(endpoint: Endpoint) -> socket.socket:
    sock = endpoint.plain_socket()
    if endpoint.certs is None:
        return sock
    context = endpoint.tls_context()
    return context.wrap_socket(sock, server_hostname="127.0.0.1", suppress_ragged_eofs=False)


class Listener:
    """The daemon's side, in the test's own hands."""

    def __init__(self, pair: Pair) -> None:
        self._listener = socket.socket(socket.AF_UNIX if pair.daemon.is_unix else socket.AF_INET)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if pair.daemon.is_unix:
            Path(pair.daemon.path).unlink(missing_ok=True)
        self._listener.bind(pair.daemon.path if pair.daemon.is_unix else pair.daemon.address)
        self._listener.listen()
        self._listener.settimeout(10)
        self._certs = pair.certs

    def accept(self) -> socket.socket:
        sock, _ = self._listener.accept()
        if not self._certs:
            return sock
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=f"{self._certs}/ca.pem")
        context.load_cert_chain(f"{self._certs}/cert.pem", f"{self._certs}/key.pem")
        return context.wrap_socket(sock, server_side=True, suppress_ragged_eofs=False)

    def close(self) -> None:
        self._listener.close()


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name.replace(" ", "-"))
def test_a_client_that_is_killed(pair: Pair, stage: Stage) -> None:
    def outcome(endpoint: Endpoint) -> tuple[bytes, str]:
        listener = Listener(pair)
        try:
            certs = str(endpoint.certs) if endpoint.certs else ""
            said = stage.client + stage.unread
            client = pair.peers.start("client", endpoint, said, len(stage.daemon), certs)
            with listener.accept() as daemon:
                exactly(daemon, len(said))
                daemon.sendall(stage.daemon)
                client.expect("here")
                client.kill()
                return end_of(daemon)
        finally:
            listener.close()

    direct = outcome(pair.daemon)
    pair.calls += stage.call
    assert outcome(pair.spy.at) in (direct, passed_on(pair, direct))
