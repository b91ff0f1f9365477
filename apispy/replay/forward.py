"""Forwards a request without a recorded response to a daemon (--on-miss forward), and its response to the client."""

import asyncio
import contextlib

from apispy.endpoints import Endpoint, tls_context
from apispy.errors import ApispyError
from apispy.model import Exchange, Request
from apispy.replay.client_connection import ClientConnection
from apispy.sockets import Carrier, TlsStream, dial

REPLACED_HEADERS = ("transfer-encoding", "content-length", "expect")
"""Headers that are not forwarded: the body is sent in one piece, without waiting for 100 Continue."""


class ForwardingFailed(Exception):
    """The request was not sent to the daemon; the message says why."""


async def forward(connection: ClientConnection, endpoint: Endpoint, exchange: Exchange) -> bool:
    """Forward the request of *exchange*, which is complete. True if the client's connection stays open.

    Raises ForwardingFailed before anything is sent to the daemon.
    """
    body = exchange.request.body
    if body.cut:
        raise ForwardingFailed(f"its body of {body.size} bytes is too large to be forwarded")
    try:
        daemon = await _connect(endpoint)
    except (ApispyError, OSError) as error:
        raise ForwardingFailed(f"it could not be forwarded: {error}") from None
    connection.session.player.forwarded += 1
    if connection.session.forwarded is not None:
        connection.session.forwarded.add(exchange.id)
    try:
        return await _relay(connection, daemon, exchange)
    finally:
        daemon.close()


class StdinForwarder:
    """A StdinMatcher that sends the client's bytes in a tunnel on to the daemon."""

    problem = ""

    def __init__(self, daemon: Carrier) -> None:
        self._daemon = daemon

    def feed(self, data: bytes) -> None:
        self._daemon.write(data)

    def close(self) -> None:
        self._daemon.write_eof()

    def has_reached(self, position: object) -> bool:
        return True


async def _connect(endpoint: Endpoint) -> Carrier:
    """Connect to the daemon, with TLS if the endpoint has it. Raises ApispyError, or OSError from the handshake."""
    stream = await dial(endpoint)
    if endpoint.tls is None:
        return stream
    secured = TlsStream(stream, tls_context(endpoint), endpoint.host)
    await secured.handshake()
    return secured


async def _relay(connection: ClientConnection, daemon: Carrier, exchange: Exchange) -> bool:
    """Relay until the tap has seen the end of the response, or of the tunnel."""
    assembler = connection.assembler
    assembler.pass_stdin_to(StdinForwarder(daemon))
    daemon.write(_request_bytes(exchange.request))
    responding = asyncio.create_task(_relay_response(connection, daemon))
    try:
        await connection.changes.wait_for(
            lambda: assembler.last_closed == exchange.id or responding.done() or connection.disconnected, None
        )
        complete = assembler.last_closed == exchange.id and not responding.done()
    finally:
        responding.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await responding
    return complete and not assembler.last_was_tunnel and not connection.input_ended


async def _relay_response(connection: ClientConnection, daemon: Carrier) -> None:
    with contextlib.suppress(OSError):
        while data := await daemon.read():
            await connection.send(data)
    connection.send_eof()
    await connection.wait_for_client_end()


def _request_bytes(request: Request) -> bytes:
    """The request as it is sent to the daemon; its body must be whole."""
    lines = [f"{request.method} {request.target} HTTP/{request.version}".encode("latin-1")]
    lines += [
        b"%b: %b" % field
        for field in request.headers
        if field[0].decode("latin-1").lower() not in REPLACED_HEADERS
    ]
    data = request.body.data
    if request.announces_body or request.method in ("POST", "PUT"):
        lines.append(b"Content-Length: %d" % len(data))
    return b"\r\n".join([*lines, b"", data])
