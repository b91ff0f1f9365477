"""Endpoints of a Docker API in these tests, the settings that a client needs for them, and raw connections."""

import os
import re
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Endpoint:
    """An address in DOCKER_HOST's form, and the directory of ca.pem, cert.pem and key.pem if it uses TLS."""

    host: str
    certs: Path | None = None

    @property
    def is_unix(self) -> bool:
        return self.host.startswith("unix://")

    @property
    def is_plain_tcp(self) -> bool:
        return not self.is_unix and self.certs is None

    @property
    def path(self) -> str:
        return self.host.removeprefix("unix://")

    @property
    def address(self) -> tuple[str, int]:
        name, _, port = self.host.removeprefix("tcp://").rpartition(":")
        return name, int(port)

    def env(self) -> dict[str, str]:
        """Return the environment variables of the docker CLI."""
        env = {"DOCKER_HOST": self.host}
        if self.certs:
            env |= {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(self.certs)}
        return env

    def curl(self) -> list[str]:
        """Return the curl command for this endpoint; URLs begin with `base`."""
        if self.is_unix:
            return ["curl", "-sS", "--unix-socket", self.path]
        if self.certs is None:
            return ["curl", "-sS"]
        files = {"--cacert": "ca.pem", "--cert": "cert.pem", "--key": "key.pem"}
        return [
            "curl",
            "-sS",
            *(part for flag, name in files.items() for part in (flag, f"{self.certs}/{name}")),
        ]

    @property
    def base(self) -> str:
        """The first part of a URL for curl."""
        if self.is_unix:
            return "http://localhost"
        name, port = self.address
        return f"{'https' if self.certs else 'http'}://{name}:{port}"

    def tls_context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=f"{self.certs}/ca.pem")
        context.load_cert_chain(f"{self.certs}/cert.pem", f"{self.certs}/key.pem")
        return context

    def plain_socket(self, timeout: float = 30) -> socket.socket:
        """Connect, without TLS."""
        if self.is_unix:
            sock = socket.socket(socket.AF_UNIX)
            sock.settimeout(timeout)
            sock.connect(self.path)
            return sock
        return socket.create_connection(self.address, timeout=timeout)

    def socket(self, timeout: float = 30) -> socket.socket:
        """Connect as a client library would."""
        sock = self.plain_socket(timeout)
        if self.certs is None:
            return sock
        return self.tls_context().wrap_socket(sock, server_hostname=self.address[0])

    def wire(self, timeout: float = 30) -> "Wire":
        """Open a raw connection that can half-close, with TLS or without."""
        sock = self.plain_socket(timeout)
        return TlsWire(sock, self.tls_context(), self.address[0]) if self.certs else Wire(sock)


class Wire:
    """A raw connection with a half-close."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.seen = b""
        self.was_reset = False  # by the peer

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def recv(self, size: int = 65536) -> bytes:
        """Receive data; b"" at the end, after a FIN or a reset."""
        try:
            return self.sock.recv(size)
        except ConnectionError:
            self.was_reset = True
            return b""

    def half_close(self) -> None:
        self.sock.shutdown(socket.SHUT_WR)

    def read_until(self, end: bytes) -> bytes:
        """Read up to and including `end`; further data stays for the next read."""
        while end not in self.seen:
            more = self.recv()
            if not more:
                raise AssertionError(f"the stream ended before {end!r}: {self.seen!r}")
            self.seen += more
        head, mark, self.seen = self.seen.partition(end)
        return head + mark

    def read_exactly(self, size: int) -> bytes:
        while len(self.seen) < size:
            more = self.recv()
            if not more:
                raise AssertionError(
                    f"the stream ended after {len(self.seen)} of {size} bytes: {self.seen!r}"
                )
            self.seen += more
        data, self.seen = self.seen[:size], self.seen[size:]
        return data

    def read_response(self) -> bytes:
        """Read one HTTP response with Content-Length or chunks, and return its bytes unchanged."""
        head = self.read_until(b"\r\n\r\n")
        if length := re.search(rb"(?i)\r\ncontent-length: *(\d+)", head):
            return head + self.read_exactly(int(length[1]))
        if re.search(rb"(?i)\r\ntransfer-encoding: *chunked", head):
            return head + self.read_until(b"\r\n0\r\n\r\n")
        return head

    def read_all(self) -> bytes:
        data, self.seen = self.seen, b""
        while more := self.recv():
            data += more
        return data


class TlsWire(Wire):
    """A raw connection over TLS, by memory BIOs: the ssl module's sockets cannot half-close."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext, name: str) -> None:
        super().__init__(sock)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname=name)
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._flush()
                self._fill()
        self._flush()

    def _flush(self) -> None:
        if self.outgoing.pending:
            self.sock.sendall(self.outgoing.read())

    def _fill(self) -> None:
        data = super().recv()
        self.incoming.write(data) if data else self.incoming.write_eof()

    def send(self, data: bytes) -> None:
        self.tls.write(data)
        self._flush()

    def recv(self, size: int = 65536) -> bytes:
        while True:
            try:
                return self.tls.read(size)
            except ssl.SSLWantReadError:
                self._fill()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    def half_close(self) -> None:
        try:
            self.tls.unwrap()
        except ssl.SSLWantReadError:
            pass  # our close_notify is written, the peer's has not arrived: a half-close
        self._flush()


REMOVED_VARIABLES = {
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "requests_ca_bundle",
    "curl_ca_bundle",
    "ssl_cert_file",
}
"""Environment variables, in lower case, that redirect clients or, as in requests, override the given CA."""


def without_proxies() -> None:
    """Remove variables with which client libraries would send loopback traffic through a proxy of the machine."""
    for name in list(os.environ):
        if name.lower() in REMOVED_VARIABLES or name.startswith("DOCKER_"):
            del os.environ[name]
