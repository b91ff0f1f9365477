"""Two recorders around apispy: they compare what enters apispy on each connection with what leaves it."""

import queue
import socket
import ssl
import threading
from pathlib import Path

from .apispy_process import Apispy
from .channels import Channel, TlsChannel
from .daemon import free_port
from .endpoints import Endpoint
from .recorded_connection import RecordedConnection, RecorderObserver
from .recorder import Bridge, listen

TIMEOUT = 20  # seconds


def context(
    purpose: ssl.Purpose, certs: Path, cert: str = "cert.pem", key: str = "key.pem"
) -> ssl.SSLContext:
    """Return a context for mutual TLS, with ca.pem and a certificate pair from *certs*."""
    made = ssl.create_default_context(purpose, cafile=f"{certs}/ca.pem")
    made.load_cert_chain(certs / cert, certs / key)
    made.verify_mode = ssl.CERT_REQUIRED
    return made


class RecorderPair:
    """Recorders around one apispy, which must dial ``upstream``; after ``around(spy)`` clients must dial ``spy.at``.

    Connections are opened one at a time, and apispy dials immediately for each client, so the two recorded sides can be
    matched. *server_certs*: the daemon's certificates, if *daemon* speaks TLS.
    """

    def __init__(self, where: Path, daemon: Endpoint, server_certs: Path | None = None) -> None:
        where.mkdir()
        self._where, self._daemon = where, daemon
        self._server_certs = server_certs if daemon.certs else None
        self.connections: list[RecordedConnection] = []
        self._expected: queue.SimpleQueue[RecordedConnection] = queue.SimpleQueue()
        self._dialled = threading.Semaphore(0)
        self.upstream, self._far = self._listen("far", daemon, self._from_spy)

    def around(self, spy: Apispy) -> Apispy:
        self._spy = spy.at
        spy.endpoint, self._near = self._listen("near", spy.at, self._from_client)
        return spy

    def close(self) -> None:
        for listener in (self._far, self._near):
            listener.close()

    def faults(self) -> list[str]:
        """List the faults found so far."""
        return [
            f"connection {number}: {fault}"
            for number, one in enumerate(self.connections, 1)
            if (fault := one.fault())
        ]

    def _listen(self, name: str, like: Endpoint, accepted):  # type: ignore[no-untyped-def]
        if like.is_unix:
            there = Endpoint(f"unix://{self._where}/{name}")
            return there, listen(there.path, accepted)
        there = Endpoint(f"tcp://127.0.0.1:{free_port()}", like.certs)
        return there, listen(there.address, accepted)

    # -- on the client's side of apispy --

    def _from_client(self, client: socket.socket) -> None:
        connection = RecordedConnection(unix=self._spy.is_unix)
        self._expected.put(connection)
        try:
            apispy = self._call(self._spy, notify=True)
        except OSError:
            self._expected.get()
            client.close()
            return
        assert self._dialled.acquire(timeout=TIMEOUT), "apispy did not dial the daemon for a client"
        self.connections.append(connection)
        self._thread(connection, lambda: self._accept(client, "near"), lambda: apispy, before=True)

    # -- on the daemon's side of apispy --

    def _from_spy(self, apispy: socket.socket) -> None:
        try:
            connection = self._expected.get_nowait()
        except queue.Empty:  # apispy's own request for the daemon's version
            connection = RecordedConnection(unix=self._daemon.is_unix)
        else:
            self._dialled.release()
        self._thread(
            connection,
            lambda: self._accept(apispy, "far"),
            lambda: self._call(self._daemon, notify=False),
            before=False,
        )

    # -- both --

    def _thread(self, connection: RecordedConnection, client, server, *, before: bool) -> None:  # type: ignore[no-untyped-def]
        def run() -> None:
            try:
                Bridge(client(), server(), RecorderObserver(connection, before=before)).run()
            except OSError:  # no handshake, or the daemon is down
                connection.cut = True
            finally:
                connection.done()

        threading.Thread(target=run, daemon=True, name=f"recorder-{'near' if before else 'far'}").start()

    @staticmethod
    def _call(there: Endpoint, *, notify: bool) -> Channel:
        sock = there.plain_socket()
        if there.certs is None:
            return Channel(sock)
        return TlsChannel(sock, context(ssl.Purpose.SERVER_AUTH, there.certs), server=False, notify=notify)

    def _accept(self, sock: socket.socket, name: str) -> Channel:
        if self._server_certs is None:
            return Channel(sock)
        if name == "far":
            pair = context(ssl.Purpose.CLIENT_AUTH, self._server_certs)
        else:  # with apispy's certificate
            assert self._spy.certs
            pair = context(ssl.Purpose.CLIENT_AUTH, self._spy.certs, "server.pem", "server-key.pem")
        return TlsChannel(sock, pair, server=True, notify=True)
