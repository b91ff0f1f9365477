"""A client that asks and leaves before apispy has a connection to the daemon: its call never got there, and is told."""

import os
import socket
import ssl
import threading
from pathlib import Path

import pytest

from apispy.capture import read

from .channels import RESET
from .combining import dial, listener
from .daemon import Authority, free_port
from .endpoints import Endpoint
from .spy import Spy
from .waiting import until

REQUEST = b"GET /v1.41/info HTTP/1.1\r\nHost: docker\r\n\r\n"


@pytest.mark.parametrize("kind", ["tcp", "tls"])
def test_a_call_that_never_reached_the_daemon_is_in_the_capture(kind: str, place: Path) -> None:
    """The daemon accepts, and never begins the TLS handshake."""
    where = place / f"early-{kind}"
    certs = Authority.make("early").issue(place / f"early-certs-{kind}", server=False)
    daemon = Endpoint(f"tcp://127.0.0.1:{free_port()}", certs)
    spy = Spy.start(where, *listener(kind, where), *dial(daemon), "--capture", f"{where}/calls.jsonl")
    accepted = threading.Event()
    with socket.create_server(daemon.address) as silent:
        threading.Thread(target=lambda: (silent.accept(), accepted.wait(20)), daemon=True).start()
        with spy.at.socket() as client:
            client.sendall(REQUEST)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        until(lambda: "SystemInfo" in spy.out, 10, "the call to be shown")
        accepted.set()
    assert spy.end() == 0
    [call] = read(where / "calls.jsonl")
    assert (call.request.target, call.response, call.end) == ("/v1.41/info", None, "cut")


@pytest.mark.parametrize("said", [b"", REQUEST[:20]], ids=["nothing", "half a head"])
def test_a_client_that_left_without_a_call_is_not_kept_when_the_daemon_breaks_off(
    said: bytes, place: Path
) -> None:
    """The daemon ends its side without a close_notify, as one that dies: that is told to whoever asks, if anybody does."""
    where = place / f"left-{len(said)}"
    authority = Authority.make("left")
    server, client = (authority.issue(place / f"{where.name}-{name}", server=name == "s") for name in "sc")
    daemon = Endpoint(f"tcp://127.0.0.1:{free_port()}", client)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(server / "cert.pem", server / "key.pem")

    served = []

    def serve(listener: socket.socket) -> None:
        while len(served) < 2:  # apispy's own question is the first
            sock, _ = listener.accept()
            with context.wrap_socket(sock, server_side=True) as secured:
                while secured.recv(100):
                    pass
            served.append(sock)

    with socket.create_server(daemon.address) as listening:
        threading.Thread(target=serve, args=[listening], daemon=True).start()
        spy = Spy.start(where, *listener("tcp", where), *dial(daemon))
        rest = len(os.listdir(f"/proc/{spy.pid}/fd"))
        with spy.at.socket() as leaving:
            leaving.sendall(said)
        until(lambda: len(served) == 2, 10, "the daemon to break off")
        until(
            lambda: len(os.listdir(f"/proc/{spy.pid}/fd")) == rest, 10, "apispy to close what the client left"
        )
        assert spy.end() == 0
