"""TLS on a connection whose directions end separately, which asyncio's own TLS does not support.

A close_notify ends one direction. Docker's hijacked connections need this: a client's stdin ends long before its
output.
"""

import ssl
from pathlib import Path

from apispy.errors import ApispyError
from apispy.sockets.stream import Stream

PLAINTEXT_REFUSAL = b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"
"""The response of Go's TLS server to a plaintext client (net/http server.go)."""

REQUEST_STARTS = (b"GET /", b"HEAD ", b"POST ", b"PUT /", b"OPTIONS"[:5])
"""The first five bytes by which Go's TLS server recognizes such a client (tlsRecordHeaderLooksLikeHTTP)."""

READ_SIZE = 64 << 10
"""Bytes that are read at a time."""


def listening_context(ca: Path, cert: Path, key: Path) -> ssl.SSLContext:
    """Make the context of a server that accepts only clients with a certificate of *ca*. Raises ApispyError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(cert, key, password=lambda: "")  # never prompt on the terminal
        context.load_verify_locations(ca)
    except (OSError, ValueError) as error:
        raise ApispyError(f"the listener's certificates ({cert.parent}) cannot be used: {error}") from error
    context.verify_mode = ssl.CERT_REQUIRED
    return context


class PlaintextClient(OSError):
    """A client that speaks plain HTTP on a TLS listener. It has got PLAINTEXT_REFUSAL."""


class TlsStream:
    """A Carrier on *stream*. Await ``handshake`` before any other method."""

    def __init__(self, stream: Stream, context: ssl.SSLContext, server_hostname: str | None = None) -> None:
        """Make a client's side if *server_hostname* is given, else a server's side."""
        self._stream = stream
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname is None, server_hostname)

    @property
    def protocol(self) -> str | None:
        """The application protocol (ALPN) that the server selected; None without one."""
        return self._tls.selected_alpn_protocol()

    async def handshake(self) -> None:
        """Shake hands. Raises OSError (ssl.SSLError is one) if that fails or the peer disconnects.

        A server answers plain HTTP with PLAINTEXT_REFUSAL, and raises PlaintextClient.
        """
        if self._tls.server_side:
            first = await self._stream.read()
            if first.startswith(REQUEST_STARTS):
                self._stream.write(PLAINTEXT_REFUSAL)
                self._stream.write_eof()
                raise PlaintextClient("it spoke plaintext on a TLS listener")
            self._take(first)
        while True:
            try:
                self._tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._flush()
                await self._fill()
            finally:
                self._flush()

    async def read(self) -> bytes:
        while True:
            try:
                return self._tls.read(READ_SIZE)
            except ssl.SSLWantReadError:
                self._flush()
                await self._fill()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    def write(self, data: bytes) -> None:
        try:
            self._tls.write(data)
        except ssl.SSLError:
            self._stream.close()
        self._flush()

    async def drain(self) -> None:
        await self._stream.drain()

    def write_eof(self) -> None:
        try:
            self._tls.unwrap()
        except (ssl.SSLError, ValueError):
            pass  # the own close_notify is written; the peer's has not come yet, as expected
        self._flush()

    def close(self) -> None:
        if not self._stream.is_closing():
            self.write_eof()
        self._stream.close()

    def unread(self) -> int | None:
        return None  # ciphertext that the peer has read may not have reached its program

    def reset(self) -> None:
        self._stream.reset()

    def is_closing(self) -> bool:
        return self._stream.is_closing()

    async def _fill(self) -> None:
        self._take(await self._stream.read())

    def _take(self, data: bytes) -> None:
        self._incoming.write(data) if data else self._incoming.write_eof()

    def _flush(self) -> None:
        if self._outgoing.pending and not self._stream.is_closing():
            self._stream.write(self._outgoing.read())
