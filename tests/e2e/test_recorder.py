"""The recorders notice what they are there for: a relay that changes, loses or adds something stands in for apispy."""

import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from .apispy_process import Apispy
from .daemon import free_port
from .endpoints import Endpoint
from .recorder import listen
from .recorder_pair import RecorderPair
from .test_process import Upstream, echo_after_eof, read_all

Change = Callable[[bytes], bytes]


def relay(dial: Endpoint, change: Change, *, half_closes: bool) -> tuple[Endpoint, socket.socket]:
    """What the client sends goes on as *change* makes it; the answer as it is, unless an end ends everything."""

    def carry(client: socket.socket) -> None:
        with client, dial.plain_socket() as server:
            while data := client.recv(65536):
                server.sendall(change(data))
            if half_closes:
                server.shutdown(socket.SHUT_WR)
                client.sendall(read_all(server))

    there = Endpoint(f"tcp://127.0.0.1:{free_port()}")
    return there, listen(there.address, lambda sock: threading.Thread(target=carry, args=[sock]).start())


@pytest.mark.parametrize(
    ("change", "half_closes", "fault"),
    [
        (bytes, True, ""),
        (lambda data: data.replace(b"e", b"E", 1), True, "in b'hello', out b'hEllo'"),
        (lambda data: data[:-1], True, "1 of 5 bytes never came out"),
        (lambda data: data + b"!", True, "in b'hello', out b'hello!'"),
        (bytes, False, "apispy disconnected"),
    ],
    ids=["verbatim", "changed", "lost", "added", "closed"],
)
def test_what_a_relay_does_wrong_is_found(place: Path, request, change, half_closes, fault) -> None:
    where = place / f"recorder-{request.node.callspec.id}"
    daemon = Upstream(socket.AF_INET, ("127.0.0.1", 0), echo_after_eof)
    recorded = RecorderPair(where, Endpoint(daemon.url))
    there, listener = relay(recorded.upstream, change, half_closes=half_closes)
    spy = recorded.around(Apispy(where, None, there))  # type: ignore[arg-type]
    try:
        with spy.at.plain_socket() as client:
            client.sendall(b"hello")
            client.shutdown(socket.SHUT_WR)
            read_all(client)
        [connection] = recorded.connections
        assert connection.over.wait(10)
        assert fault in connection.fault()
        assert bool(connection.fault()) == bool(fault)
    finally:
        recorded.close()
        listener.close()
        daemon.listener.close()
