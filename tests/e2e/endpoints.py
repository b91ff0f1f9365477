"""Where a Docker API can be reached in these tests, what a client needs for it, and a raw connection to it."""

import os
import re
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Endpoint:
    """An address as DOCKER_HOST says it, and the directory of ca.pem, cert.pem, key.pem when it speaks TLS."""

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
        """The variables of the docker CLI."""
        env = {"DOCKER_HOST": self.host}
        if self.certs:
            env |= {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(self.certs)}
        return env

    def curl(self) -> list[str]:
        """curl with what it needs to come here; paths go after `base`."""
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
        """A connection below TLS."""
        if self.is_unix:
            sock = socket.socket(socket.AF_UNIX)
            sock.settimeout(timeout)
            sock.connect(self.path)
            return sock
        return socket.create_connection(self.address, timeout=timeout)

    def socket(self, timeout: float = 30) -> socket.socket:
        """A connection as a client library would make it."""
        sock = self.plain_socket(timeout)
        if self.certs is None:
            return sock
        return self.tls_context().wrap_socket(sock, server_hostname=self.address[0])

    def wire(self, timeout: float = 30) -> "Wire":
        """A raw connection that can close its writing half, TLS or not."""
        sock = self.plain_socket(timeout)
        return TlsWire(sock, self.tls_context(), self.address[0]) if self.certs else Wire(sock)


class Wire:
    """A byte stream both ways with a half-close."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.seen = b""

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def recv(self, size: int = 65536) -> bytes:
        """b"" at the end, be it a FIN or a reset."""
        try:
            return self.sock.recv(size)
        except ConnectionError:
            return b""

    def half_close(self) -> None:
        self.sock.shutdown(socket.SHUT_WR)

    def read_until(self, end: bytes) -> bytes:
        """Everything up to and with `end`; what came after it stays for the next call."""
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
        """One HTTP response with Content-Length or chunks, as it came."""
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
    """The same over TLS: the ssl module's sockets can't half-close, its memory BIOs can."""

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
            pass  # our close_notify is written, the peer's has not come: just what a half-close is
        self._flush()


NOT_OURS = {"http_proxy", "https_proxy", "all_proxy", "requests_ca_bundle", "curl_ca_bundle", "ssl_cert_file"}
"""Environment variables, in lower case, that send clients elsewhere or, as requests does, beat the CA they were given."""


def without_proxies() -> None:
    """Client libraries in this process must not send loopback traffic through a proxy of the machine."""
    for name in list(os.environ):
        if name.lower() in NOT_OURS or name.startswith("DOCKER_"):
            del os.environ[name]
