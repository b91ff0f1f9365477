"""TLS on a connection, each way with an end of its own, which asyncio's own TLS does not have.

The end of a way is a close_notify; Docker's hijacked connections need it, for a client's stdin ends long before its
output does.
"""

import ssl
from pathlib import Path

from apispy.errors import ApispyError
from apispy.sockets.stream import Stream

PIECE = 64 << 10
"""Bytes that are read at a time."""


def listening_context(ca: Path, cert: Path, key: Path) -> ssl.SSLContext:
    """For a server that takes only clients with a certificate of *ca*. Raises ApispyError if a file cannot be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(cert, key, password=lambda: "")  # never ask on the terminal
        context.load_verify_locations(ca)
    except (OSError, ValueError) as error:
        raise ApispyError(f"the listener's certificates ({cert.parent}) cannot be used: {error}") from error
    context.verify_mode = ssl.CERT_REQUIRED
    return context


class TlsStream:
    """A Carrier over *stream*. Nothing but ``handshake`` may be called before that has been awaited."""

    def __init__(self, stream: Stream, context: ssl.SSLContext, server_hostname: str | None = None) -> None:
        """With *server_hostname* the side of a client, else that of a server."""
        self._stream = stream
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname is None, server_hostname)

    async def handshake(self) -> None:
        """Raises OSError (of which ssl.SSLError is one) when it fails, or the peer goes away."""
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
                return self._tls.read(PIECE)
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
            pass  # our close_notify is written; the peer's has not come, as is to be expected
        self._flush()

    def close(self) -> None:
        if not self._stream.is_closing():
            self.write_eof()
        self._stream.close()

    def unread(self) -> int | None:
        return None  # what the peer has read of the ciphertext, it has not yet given to its program

    def reset(self) -> None:
        self._stream.reset()

    def is_closing(self) -> bool:
        return self._stream.is_closing()

    async def _fill(self) -> None:
        data = await self._stream.read()
        self._incoming.write(data) if data else self._incoming.write_eof()

    def _flush(self) -> None:
        if self._outgoing.pending and not self._stream.is_closing():
            self._stream.write(self._outgoing.read())
