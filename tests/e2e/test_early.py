"""A client that asks and leaves before apispy has a connection to the daemon: its call never got there, and is told."""

import contextlib
import os
import socket
import ssl
import threading
from pathlib import Path

from apispy.capture import read

from .apispy_process import Apispy
from .channels import RESET
from .daemon import Authority, free_port
from .endpoints import Endpoint
from .options import endpoint_options, listen_options
from .wait import until

REQUEST = b"GET /v1.41/info HTTP/1.1\r\nHost: docker\r\n\r\n"


def test_a_call_that_never_reached_the_daemon_is_in_the_capture(place: Path) -> None:
    """The daemon accepts, and never begins the TLS handshake."""
    where = place / "early"
    certs = Authority.make("early").issue(place / "early-certs", server=False)
    daemon = Endpoint(f"tcp://127.0.0.1:{free_port()}", certs)
    spy = Apispy.start(
        where, *listen_options("tls", where), *endpoint_options(daemon), "--capture", f"{where}/calls.jsonl"
    )
    with socket.create_server(daemon.address) as silent, spy.at.socket() as client:
        client.sendall(REQUEST)
        with silent.accept()[0]:  # else the reset may come before the request is decrypted
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            client.close()
            until(lambda: "SystemInfo" in spy.out, 10, "the call to be shown")
    assert spy.end() == 0
    [call] = read(where / "calls.jsonl")
    assert (call.request.target, call.response, call.end) == ("/v1.41/info", None, "left")


def test_a_client_that_left_without_a_call_is_not_kept_when_the_daemon_breaks_off(place: Path) -> None:
    """The daemon ends its side without a close_notify, as one that dies: that is told to whoever asks, if anybody does."""
    where = place / "left"
    authority = Authority.make("left")
    server, client = (authority.issue(place / f"{where.name}-{name}", server=name == "s") for name in "sc")
    daemon = Endpoint(f"tcp://127.0.0.1:{free_port()}", client)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(server / "cert.pem", server / "key.pem")
    accepted: list[socket.socket] = []
    ended: list[socket.socket] = []

    def serve(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):  # the listener is closed at the end of the test
            while True:
                sock, _ = listener.accept()
                accepted.append(sock)
                # Who leaves without a word has not read the session tickets of TLS 1.3: the kernel resets then.
                with (
                    contextlib.suppress(ConnectionResetError),
                    context.wrap_socket(sock, server_side=True) as secured,
                ):
                    while secured.recv(100):
                        pass
                ended.append(sock)

    with socket.create_server(daemon.address) as listening:
        threading.Thread(target=serve, args=[listening], daemon=True).start()
        spy = Apispy.start(where, *listen_options("tcp", where), *endpoint_options(daemon))
        until(lambda: len(ended) == len(accepted) > 0, 10, "the daemon to answer apispy's own questions")
        own, rest = len(ended), len(os.listdir(f"/proc/{spy.pid}/fd"))
        for number, said in enumerate((b"", REQUEST[:20]), 1):
            with spy.at.socket() as leaving:
                leaving.sendall(said)
            until(lambda number=number: len(ended) == own + number, 10, "the daemon to break off")
        until(
            lambda: len(os.listdir(f"/proc/{spy.pid}/fd")) == rest,
            10,
            "apispy to close what the clients left",
        )
        assert spy.end() == 0
